"""The journal of calls: what was asked, by whom, how it ended. Never a credential, never a field's value.

The last calls stay in memory, for ``/sandbox/calls``; each is also a line of ``calls.ndjson``. A full file becomes
``calls.1.ndjson``, so that the two never take much of a disk.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import deque
from dataclasses import dataclass, field
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Any

from onepiece_core.log import get_logger

log = get_logger(__name__)

FILE, OLDER_FILE = "calls.ndjson", "calls.1.ndjson"
_KEPT_CALLS = 10_000
_FILE_BYTES = 8 * 1024 * 1024
UNKNOWN = "?"
# Names come from callers: only what looks like a name is written down.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")


@dataclass(slots=True)
class CallRecord:
    """One call while it is under way: whoever learns something about it writes it here.

    Attributes:
        type: entity type that it is about; several are joined by commas.
        status: of the HTTP answer; None when there was none.
        error_code: of the Fault that the site itself answered.
        fault: of the plan, when a rule spoilt the call.
        results: how many rows or results were answered.
    """

    method: str = UNKNOWN
    type: str | None = None
    user: str | None = None
    status: int | None = None
    error_code: int | None = None
    fault: str | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    results: int | None = None
    at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.perf_counter)


def record_of(scope: Any) -> CallRecord:
    """The record of a request by its ASGI scope. Without a journal it is one that nobody reads."""
    record = scope.get("state", {}).get("record")
    return record if isinstance(record, CallRecord) else CallRecord()


def note_arguments(record: CallRecord, args: Any) -> None:
    """What a call is about."""
    if isinstance(args, dict):
        record.type = _type(args)
    elif isinstance(args, list):
        record.type = ",".join(sorted({_type(one) or UNKNOWN for one in args if isinstance(one, dict)})[:4]) or None


def note_upload(record: CallRecord, user: str, entity_type: str | None) -> None:
    record.user = user
    record.type = name_or_unknown(entity_type) if entity_type else None


def note_results(record: CallRecord, results: Any) -> None:
    if isinstance(results, dict) and isinstance(results.get("entities"), list):
        results = results["entities"]
    record.results = len(results) if isinstance(results, list) else int(results is not None)


def name_or_unknown(text: str) -> str:
    return text if _NAME.fullmatch(text) else UNKNOWN


def _type(args: dict[str, Any]) -> str | None:
    value = args.get("type")
    return name_or_unknown(value) if isinstance(value, str) else None


class Journal:
    """Used from one thread, the event loop's."""

    def __init__(self, folder: Path, *, file_bytes: int = _FILE_BYTES, kept_calls: int = _KEPT_CALLS) -> None:
        self._folder, self._file_bytes = folder, file_bytes
        self._kept: deque[tuple[int, str]] = deque(maxlen=kept_calls)
        self._last = _last_number(folder / FILE) or _last_number(folder / OLDER_FILE)
        self._under_way = 0
        self._file: FileIO | None = None
        self._size = 0
        self._open()

    def begin(self) -> CallRecord:
        self._under_way += 1
        return CallRecord()

    def end(self, record: CallRecord) -> None:
        """The call is over: number it and write it down."""
        self._under_way -= 1
        self._last += 1
        line = _line(self._last, record)
        self._kept.append((self._last, line))
        self._write(line.encode() + b"\n")

    def since(self, number: int, limit: int) -> dict[str, Any]:
        """The kept calls after ``number``, oldest first; ``last`` is what to ask with next."""
        first = self._kept[0][0] if self._kept else 1
        start = max(0, number + 1 - first)
        calls = [json.loads(line) for _, line in islice(self._kept, start, start + limit)]
        last = calls[-1]["seq"] if calls else self._last
        return {"calls": calls, "last": last, "under_way": self._under_way}

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> None:
        try:
            self._file = (self._folder / FILE).open("ab+", buffering=0)
            self._size = self._file.seek(0, os.SEEK_END)
            if self._size:
                self._file.seek(-1, os.SEEK_END)
                if self._file.read(1) != b"\n":  # a crash left half a line
                    self._size += self._file.write(b"\n")
        except OSError as error:
            self._give_up(error)

    def _write(self, line: bytes) -> None:
        if self._file is None:
            return
        try:
            if self._size + len(line) > self._file_bytes:
                self._file.close()
                (self._folder / FILE).replace(self._folder / OLDER_FILE)
                self._open()
            if self._file is not None:
                self._file.write(line)
                self._size += len(line)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """A full disk must not stop the site."""
        self._file = None
        log.warning("sandbox.calls_not_written", error=str(error))


def _line(number: int, record: CallRecord) -> str:
    """A call as JSON, five times as fast as json.dumps; every text in it is a name that needs no escape."""
    seconds = time.perf_counter() - record.started
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.at))
    return (
        f'{{"seq":{number},"at":"{moment}.{int(record.at % 1 * 1000):03d}+00:00","method":"{record.method}",'
        f'"type":{_text(record.type)},"user":{_text(record.user)},"status":{_number(record.status)},'
        f'"error_code":{_number(record.error_code)},"fault":{_text(record.fault)},"seconds":{seconds:.6f},'
        f'"bytes_in":{record.bytes_in},"bytes_out":{record.bytes_out},"results":{_number(record.results)}}}'
    )


def _text(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _last_number(path: Path) -> int:
    """The number of the last whole line of a journal; 0 when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().split(b"\n")
        return next((int(json.loads(line)["seq"]) for line in reversed(lines) if line.endswith(b"}")), 0)
    except (OSError, ValueError, TypeError, KeyError):
        return 0
