"""The lines of a session, as ``protocol.json`` describes them."""

from __future__ import annotations

import json
import threading
from typing import Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.errors import UsageError
from onepiece_core.shown import unicode_json

PROTOCOL = "onepiece.worker.1"
# A scene of 200,000 files tells its facts in less.
MAX_LINE_BYTES = 256 << 20

Event = Literal["hello", "step", "progress", "log", "warning", "result", "error"]


class Request(BaseModel):
    """One line of a host."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int = Field(ge=1)
    method: str = Field(max_length=100)
    params: dict[str, Any] = {}


def parse_request(line: bytes) -> Request:
    """Raises UsageError; its context has the line's ``id`` where it can be made out."""
    try:
        return Request.model_validate_json(line)
    except ValidationError as cause:
        if (request := _with_odd_names(line)) is not None:
            return request
        first = cause.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the line"
        raise UsageError(f"The request is not sound: {place}: {first['msg']}.", id=_id_of(line)) from cause


def _with_odd_names(line: bytes) -> Request | None:
    """The request of a scene that uses files whose names are not UTF-8; None when that is not what is wrong."""
    try:
        return Request.model_validate(unicode_json(json.loads(line)))
    except (ValueError, RecursionError):
        return None


def _id_of(line: bytes) -> int | None:
    try:
        found = json.loads(line).get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


class Replies:
    """Writes lines; any thread may. When the host is gone, what is said is lost and the work goes on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._is_heard = True

    def send(self, call_id: int | None, event: Event, data: Any) -> None:
        line = json.dumps({"id": call_id, "event": event, "data": data}, separators=(",", ":"), default=str).encode()
        with self._lock:
            if not self._is_heard:
                return
            try:
                self._stream.write(line + b"\n")
                self._stream.flush()
            except (OSError, ValueError):
                self._is_heard = False
