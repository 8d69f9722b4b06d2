"""One request to the render service: sent again where that is safe, its failures as OnePiece's own errors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from onepiece_core.errors import (
    ConfigError,
    CredentialsMissing,
    ErrorReport,
    OnePieceError,
    RateLimited,
    RenderError,
    ServerAnswerInvalid,
    ServerUnreachable,
)
from onepiece_core.shown import shown

if TYPE_CHECKING:
    import urllib3

API = "/render/v1"
CONNECT_SECONDS = 5.0
_MOST_BYTES = 32 * 1024 * 1024
_PAUSES = (0.25, 0.5, 1.0)  # before the second, third and fourth attempt
_LONGEST_PAUSE = 10.0
# A proxy says these while the server behind it starts.
_AWAY = frozenset({502, 503, 504})
_WHO = (
    "Set TRAFALGAR_API_KEY and TRAFALGAR_API_SECRET, or TRAFALGAR_TOKEN; `onepiece server credentials add` makes a key."
)


@dataclass(frozen=True, slots=True)
class Access:
    """What the server knows the caller by: a key and its secret, or a token."""

    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    key_header: str = "X-API-Key"
    secret_header: str = "X-API-Secret"  # noqa: S105 - the header's name

    def headers(self) -> dict[str, str]:
        """Raises ConfigError for what no header can hold; the value is not told."""
        if self.token is not None:
            return {"Authorization": f"Bearer {_header('render.token', self.token)}"}
        given = {self.key_header: ("render.api_key", self.key), self.secret_header: ("render.api_secret", self.secret)}
        return {name: _header(setting, value) for name, (setting, value) in given.items() if value is not None}


class Caller:
    """Speaks to one server. Any thread may use it."""

    def __init__(self, url: str, access: Access, timeout_seconds: float) -> None:
        import urllib3

        self.url = url.rstrip("/").removesuffix(API)
        self._headers = {"Accept": "application/json", **access.headers()}
        self._timeout_seconds = timeout_seconds
        # Never followed: a redirect would carry the secret to somebody else.
        self._pool = urllib3.PoolManager(retries=False, maxsize=4)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeats: bool = True,
    ) -> bytes:
        """The body of the answer. ``repeats``: twice is the same as once. Raises OnePieceError."""
        for pause in (*_PAUSES, None):
            try:
                return self._once(method, path, query, body, headers or {})
            except ServerUnreachable as error:
                if pause is None or not (repeats or error.report.context.get("not_sent")):
                    raise
                time.sleep(pause)
            except RateLimited as error:  # it was not carried out
                if pause is None:
                    raise
                asked = error.report.context.get("retry_after_seconds")
                time.sleep(min(float(asked), _LONGEST_PAUSE) if isinstance(asked, int | float) else pause)
        raise AssertionError("unreachable")

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str], silence_seconds: float) -> Iterator[Iterator[bytes]]:
        """The body of an answer as it comes. Raises ServerUnreachable when it breaks or is silent for so long."""
        import urllib3

        with self._failures():
            timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=silence_seconds)
            reply = self._request("GET", path, headers=headers, timeout=timeout)
            try:
                if reply.status != 200:
                    raise error_of(reply.status, reply.read(_MOST_BYTES), self.url)
                yield reply.stream(65_536)
            finally:
                reply.close()

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> bytes:
        import urllib3

        fields = {name: str(value) for name, value in (query or {}).items() if value is not None}
        path += f"?{urlencode(fields)}" if fields else ""
        given: dict[str, Any] = {}
        if body is not None:
            given["body"] = json.dumps(body).encode()
            headers = {**headers, "Content-Type": "application/json"}
        with self._failures():
            timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=self._timeout_seconds)
            reply = self._request(method, path, headers=headers, timeout=timeout, **given)
            try:
                data: bytes = reply.read(_MOST_BYTES + 1)
            finally:
                reply.release_conn() if reply.closed else reply.drain_conn()
        if len(data) > _MOST_BYTES:
            raise ServerAnswerInvalid(f"The answer of {self.url} is larger than {_MOST_BYTES} bytes", server=self.url)
        if not 200 <= reply.status < 300:
            raise error_of(reply.status, data, self.url)
        return data

    def _request(self, method: str, path: str, *, headers: Mapping[str, str], **more: Any) -> urllib3.BaseHTTPResponse:
        address, sent = f"{self.url}{API}/{path}", {**self._headers, **headers}
        return self._pool.request(method, address, headers=sent, preload_content=False, **more)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What urllib3 raises as ServerUnreachable; ``not_sent`` in its context where nothing can have arrived."""
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

        try:
            yield
        except (HTTPError, OSError) as cause:
            not_sent = isinstance(cause, NewConnectionError | ConnectTimeoutError)
            raise ServerUnreachable(
                f"The render service at {self.url} does not answer: {_told(cause)}", server=self.url, not_sent=not_sent
            ) from cause


def error_of(status: int, body: bytes, url: str) -> OnePieceError:
    """The error in an envelope as the class that was raised on the other side."""
    try:
        report = ErrorReport.model_validate(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        if status in _AWAY:
            return ServerUnreachable(f"The render service behind {url} does not answer: HTTP {status}", server=url)
        return ServerAnswerInvalid(
            f"{url} answered HTTP {status}, and not as a render service does",
            hint="Check the address: --server, TRAFALGAR_URL.",
            server=url,
        )
    if report.code == CredentialsMissing.code:
        report = report.model_copy(update={"hint": _WHO})
    error = _classes().get(report.code, RenderError)(report.message)
    error.report = report
    return error


def _classes() -> dict[str, type[OnePieceError]]:
    found: dict[str, type[OnePieceError]] = {}
    waiting: list[type[OnePieceError]] = [OnePieceError]
    while waiting:
        each = waiting.pop(0)
        found.setdefault(each.code, each)
        waiting += each.__subclasses__()
    return found


def _header(setting: str, value: str) -> str:
    """As HTTP carries it: UTF-8."""
    if not value or any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ConfigError(f"{setting} is empty or holds a line break", key=setting)
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def _told(cause: BaseException) -> str:
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

    if isinstance(cause, NewConnectionError):
        return "nobody listens there"
    if isinstance(cause, ConnectTimeoutError | ReadTimeoutError | TimeoutError):
        return "it takes too long"
    return shown(str(cause))
