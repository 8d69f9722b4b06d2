"""Requests to Deadline Cloud and to CloudWatch, and what their failures mean."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from onepiece_core.errors import (
    FarmConfigurationError,
    FarmError,
    FarmProtocolError,
    FarmTimeout,
    FarmUnauthorized,
    FarmUnavailable,
    JobConflict,
    JobRejected,
    JobUnknownToFarm,
)

NAME = "deadline_cloud"
_CONNECT_SECONDS, _READ_SECONDS = 5, 20
_DENIED = frozenset(["AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"])
_DENIED_TOO = frozenset(["InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken"])
_BUSY = frozenset(["ThrottlingException", "InternalServerErrorException", "ServiceUnavailableException"])


class Options(BaseModel):
    """The table ``[farms.deadline_cloud]``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    farm_id: str
    queue_id: str
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    logs_endpoint_url: str | None = None

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Options:
        try:
            return cls.model_validate(dict(table))
        except ValidationError as cause:
            wrong = "; ".join(f"farms.{NAME}.{error['loc'][0]}: {error['msg']}" for error in cause.errors())
            hint = f"Set farm_id and queue_id in [farms.{NAME}] of onepiece.toml."
            raise FarmConfigurationError(wrong, hint=hint, farm=NAME) from cause


class Calls:
    """One queue of one farm. Clients are made when they are first used; they may be shared by threads."""

    def __init__(self, options: Options, environ: Mapping[str, str]) -> None:
        self.options, self._environ = options, environ
        self._lock = threading.Lock()

    def queue(self, operation: str, **more: Any) -> dict[str, Any]:
        """One call that names our farm and queue."""
        return self.call(operation, farmId=self.options.farm_id, queueId=self.options.queue_id, **more)

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return self._ask(self._deadline, operation, arguments)

    def logs(self, **arguments: Any) -> dict[str, Any]:
        return self._ask(self._logs, "get_log_events", arguments)

    def pages(self, operation: str, key: str, **more: Any) -> Iterator[dict[str, Any]]:
        """Items of a list that is told in pages with a token."""
        token: dict[str, str] = {}
        while True:
            answer = self.queue(operation, **more, **token)
            yield from answer.get(key, ())
            if not answer.get("nextToken"):
                return
            token = {"nextToken": answer["nextToken"]}

    def _ask(self, client: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            answer: dict[str, Any] = getattr(client, operation)(**arguments)
        except ClientError as error:
            raise _refused(error, operation) from error
        except BotoCoreError as error:
            raise _failed(error) from error
        except ResponseParserError as error:
            raise FarmProtocolError(f"Deadline Cloud: {error}", farm=NAME) from error
        return answer

    @cached_property
    def _deadline(self) -> Any:
        return self._client("deadline", self.options.endpoint_url)

    @cached_property
    def _logs(self) -> Any:
        return self._client("logs", self.options.logs_endpoint_url or self.options.endpoint_url)

    def _client(self, service: str, endpoint: str | None) -> Any:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "max_attempts": 2},
            # A server of one's own has one address, not one for each part of the service.
            inject_host_prefix=endpoint is None,
        )
        given = self._environ
        try:
            with self._lock:  # sessions are no thread's friend
                session: Any = boto3.session.Session(
                    profile_name=self.options.profile or given.get("AWS_PROFILE"),
                    region_name=self.options.region or given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION"),
                    aws_access_key_id=None if self.options.profile else given.get("AWS_ACCESS_KEY_ID"),
                    aws_secret_access_key=None if self.options.profile else given.get("AWS_SECRET_ACCESS_KEY"),
                    aws_session_token=None if self.options.profile else given.get("AWS_SESSION_TOKEN"),
                )
                return session.client(service, endpoint_url=endpoint, config=config)
        except (BotoCoreError, ValueError) as error:
            raise FarmConfigurationError(f"Deadline Cloud cannot be reached: {error}", farm=NAME) from error


def _refused(error: Any, operation: str) -> FarmError | JobConflict:
    """The service answered no."""
    told = error.response.get("Error", {})
    code, message = str(told.get("Code")), str(told.get("Message") or told.get("Code"))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    told = f"Deadline Cloud: {message}"
    if code == "ResourceNotFoundException":
        return JobUnknownToFarm(told, farm=NAME, aws_code=code)
    if code in _DENIED or code in _DENIED_TOO:
        return FarmUnauthorized(told, hint="Check the AWS profile or keys and their policy.", farm=NAME, aws_code=code)
    if code in _BUSY or status >= 500:
        return FarmUnavailable(told, farm=NAME, aws_code=code)
    if code == "ConflictException":
        return JobConflict(told, farm=NAME, aws_code=code)
    if code in ("ValidationException", "ServiceQuotaExceededException"):
        return JobRejected(told, farm=NAME, aws_code=code, operation=operation)
    return FarmProtocolError(told, farm=NAME, aws_code=code)


def _failed(error: Exception) -> FarmError:
    """No answer, or none was asked for."""
    from botocore import exceptions as boto

    told = f"Deadline Cloud: {error}"
    if isinstance(error, boto.ReadTimeoutError):
        return FarmTimeout(told, farm=NAME)
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        return FarmUnavailable(told, farm=NAME)
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError):
        return FarmUnauthorized(told, hint="Set the AWS keys, or farms.deadline_cloud.profile.", farm=NAME)
    if isinstance(error, boto.ParamValidationError):
        return JobRejected(told, farm=NAME)
    return FarmConfigurationError(told, farm=NAME)
