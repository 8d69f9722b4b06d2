"""Render jobs of a server: the same calls as this machine's own service, over HTTP."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError

from onepiece_core.errors import OnePieceError, ServerAnswerInvalid, ServerUnreachable
from onepiece_core.farm.job import LogPart
from onepiece_core.frames import format_ranges
from onepiece_core.render.http_calls import Access, Caller
from onepiece_core.render.http_events import follow_events
from onepiece_core.render.model import FarmInfo, Job, JobCheck, JobEvent, JobFilter, JobMetrics, JobPage, TaskPage
from onepiece_core.render.request import RenderRequest

if TYPE_CHECKING:
    from onepiece_core.config import Settings

_Model = TypeVar("_Model", bound=BaseModel)
_FARMS = TypeAdapter(dict[str, list[FarmInfo]])
_LOG = TypeAdapter(LogPart)
# How long a stream of events is looked for again while the server is away.
_AWAY_SECONDS = 60.0
_AGAIN_SECONDS = 0.5
_LOG_MOST = 1024 * 1024  # of one answer


class HttpJobs:
    """Jobs of the server at ``url``. Raises ServerUnreachable, ServerAnswerInvalid, and what the server raised."""

    def __init__(self, url: str, access: Access, *, timeout_seconds: float = 30.0) -> None:
        """Asks nobody yet. Raises ConfigError for credentials that no header can hold."""
        self._caller = Caller(url, access, timeout_seconds)

    def list_farms(self) -> list[FarmInfo]:
        body = self._caller.call("GET", "farms")
        try:
            return _FARMS.validate_json(body)["farms"]
        except (ValidationError, KeyError) as cause:
            raise self._nonsense("farms") from cause

    def check(self, request: RenderRequest) -> JobCheck:
        return self._model(JobCheck, "POST", "jobs/check", body=_body(request))

    def submit(self, request: RenderRequest, *, idempotency_key: str | None = None) -> Job:
        # Always with a key: only then the request may be sent again when its answer was lost.
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        return self._model(Job, "POST", "jobs", body=_body(request), headers=headers)

    def get(self, job_id: str) -> Job:
        return self._model(Job, "GET", _job(job_id))

    def list_jobs(self, wanted: JobFilter, *, limit: int = 50, cursor: str | None = None) -> JobPage:
        asked = wanted.model_dump(exclude={"show_code"}) | {"show": wanted.show_code, "limit": limit, "cursor": cursor}
        return self._model(JobPage, "GET", "jobs", query=asked)

    def list_tasks(self, job_id: str, *, limit: int = 100, cursor: str | None = None) -> TaskPage:
        return self._model(TaskPage, "GET", _job(job_id, "tasks"), query={"limit": limit, "cursor": cursor})

    def read_log(
        self, job_id: str, task: int, *, attempt: int | None = None, offset: int = 0, limit: int = 65_536
    ) -> LogPart:
        most = min(limit, _LOG_MOST)
        asked: dict[str, Any] = {"attempt": attempt, "limit": most, "offset": offset}
        if offset < 0:
            asked = {"attempt": attempt, "tail": min(-offset, most)}
        body = self._caller.call("GET", _job(job_id, f"tasks/{task}/log"), query=asked)
        try:
            return _LOG.validate_json(body)
        except ValidationError as cause:
            raise self._nonsense("a log") from cause

    def cancel(self, job_id: str, tasks: Sequence[int] | None = None) -> Job:
        query = None if tasks is None else {"tasks": format_ranges(tasks)}
        return self._model(Job, "DELETE", _job(job_id), query=query)

    def retry(self, job_id: str, tasks: Sequence[int] | None = None) -> Job:
        body = {} if tasks is None else {"tasks": list(tasks)}
        # A second one would be refused: what the first one queued waits.
        return self._model(Job, "POST", _job(job_id, "retry"), body=body, repeats=False)

    def hold(self, job_id: str) -> Job:
        return self._model(Job, "POST", _job(job_id, "hold"))

    def release(self, job_id: str) -> Job:
        return self._model(Job, "POST", _job(job_id, "release"))

    def set_priority(self, job_id: str, priority: int) -> Job:
        return self._model(Job, "POST", _job(job_id, "priority"), body={"priority": priority})

    def metrics(self) -> JobMetrics:
        return self._model(JobMetrics, "GET", "jobs/metrics")

    def follow(self, after: int | None = None) -> Iterator[JobEvent | None]:
        """Goes on where it was when the link breaks. Raises ServerUnreachable when it stays broken."""
        last_seen, away_since = after, None
        while True:
            try:
                for seq, event in follow_events(self._caller, last_seen):
                    away_since = None
                    last_seen = last_seen if seq is None else seq
                    yield event
            except ServerUnreachable:
                away_since = time.monotonic() if away_since is None else away_since
                if time.monotonic() - away_since > _AWAY_SECONDS:
                    raise
            yield None
            time.sleep(_AGAIN_SECONDS)

    def _model(
        self,
        model: type[_Model],
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeats: bool = True,
    ) -> _Model:
        answer = self._caller.call(method, path, query=query, body=body, headers=headers, repeats=repeats)
        try:
            return model.model_validate_json(answer)
        except ValidationError as cause:
            raise self._nonsense(path) from cause

    def _nonsense(self, what: str) -> OnePieceError:
        return ServerAnswerInvalid(
            f"The answer of {self._caller.url} ({what}) makes no sense",
            hint="Does a render service run there, of the same release?",
            server=self._caller.url,
        )


def open_http_jobs(settings: Settings, url: str) -> HttpJobs:
    """The jobs of the server, with the key or token of the settings."""
    render, server = settings.render, settings.server
    access = Access(
        key=render.api_key,
        secret=render.api_secret.get_secret_value() if render.api_secret else None,
        token=render.token.get_secret_value() if render.token else None,
        key_header=server.api_key_header,
        secret_header=server.api_secret_header,
    )
    return HttpJobs(url, access)


def _job(job_id: str, more: str = "") -> str:
    path = f"jobs/{quote(job_id, safe='')}"
    return f"{path}/{more}" if more else path


def _body(request: RenderRequest) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(request.model_dump_json(exclude_defaults=True))
    return made
