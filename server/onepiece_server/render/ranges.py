"""Parts of a log by HTTP's own ``Range``: exact bytes, while the log grows too."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response

from onepiece_core.errors import RangeNotThere
from onepiece_core.farm.job import LogPart
from onepiece_core.render.jobs import Jobs
from onepiece_server.errors import envelope

LOG_MOST = 1024 * 1024  # bytes of one answer
# Nobody on the way may put together what was read at different times.
LOG_HEADERS = {"Accept-Ranges": "bytes", "Cache-Control": "no-store"}
LOG_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A part of the log; as JSON where `Accept` says so.", "content": {"text/plain": {}}},
    206: {
        "description": "The part that `Range` asked for, or as much of it as one answer holds.",
        "content": {"text/plain": {}},
    },
    416: {
        "description": "There is nothing at that `Range`, or not yet.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}}},
    },
}
_RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))", re.ASCII)
_LONGEST_CHARACTER = 4  # bytes of one in UTF-8


@dataclass(frozen=True, slots=True)
class AskedRange:
    """``first`` and ``last`` byte, both included; a negative ``first`` counts from the end."""

    first: int
    last: int | None = None


def asked_range(header: str | None) -> AskedRange | None:
    """None where nothing is asked that we answer: several parts at once, other units, nonsense."""
    match = _RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None:
        return None
    if match[3] is not None:
        return AskedRange(-int(match[3])) if int(match[3]) else AskedRange(0, -1)
    first, last = int(match[1]), None if match[2] is None else int(match[2])
    return None if last is not None and last < first else AskedRange(first, last)


def part_of_log(
    jobs: Jobs, of: tuple[str, int, int | None], asked: AskedRange, if_range: str | None
) -> Response | None:
    """206 or 416; None where the whole has to be sent instead.

    Args:
        of: job, task and attempt; None is the newest.
    """
    job_id, task, attempt = of
    if attempt is None:
        page = jobs.list_tasks(job_id, limit=1, cursor=str(task))
        attempt = page.items[0].attempt if page.items else 0
    log = _Log(jobs, job_id, task, attempt)
    return None if if_range not in (None, log.tag()) else log.part(asked)


@dataclass(frozen=True, slots=True)
class _Log:
    """Of one attempt; 0 before the first."""

    jobs: Jobs
    job_id: str
    task: int
    attempt: int

    def part(self, asked: AskedRange) -> Response | None:
        if asked.first < 0:
            size = self._read(-_LONGEST_CHARACTER, _LONGEST_CHARACTER).next_offset
            asked = AskedRange(max(0, size + asked.first), size - 1)
        most = LOG_MOST if asked.last is None else min(LOG_MOST, asked.last - asked.first + 1)
        found = self._bytes(asked.first, most) if most > 0 else (b"", False)
        if found is None:
            return None
        data, is_complete = found
        if not data:
            return self._nothing()
        end = asked.first + len(data)
        total = str(end) if is_complete else "*"
        headers = {
            **LOG_HEADERS,
            "Content-Range": f"bytes {asked.first}-{end - 1}/{total}",
            "ETag": self.tag(),
            "X-Next-Offset": str(end),
            "X-Complete": str(is_complete).lower(),
        }
        return Response(data, 206, headers, "text/plain; charset=utf-8")

    def _bytes(self, first: int, most: int) -> tuple[bytes, bool] | None:
        """Up to ``most`` bytes from ``first``, and whether that is the end for good; None where they are no UTF-8.

        Logs are read between characters: where ``first`` is within one, the part begins some bytes earlier.
        """
        for earlier in range(min(_LONGEST_CHARACTER, first + 1)):
            part = self._read(first - earlier, most + 2 * _LONGEST_CHARACTER)
            data = part.text.encode()
            if part.next_offset <= first:
                return b"", False
            if part.offset == first - earlier and _is_exact(part, data):
                cut = data[earlier : earlier + most]
                return cut, part.is_complete and earlier + len(cut) == len(data)
        return None

    def _nothing(self) -> Response:
        end = self._read(-_LONGEST_CHARACTER, _LONGEST_CHARACTER)
        error = RangeNotThere(f"The log has {end.next_offset} bytes", size=end.next_offset)
        headers = {"Content-Range": f"bytes */{end.next_offset}", "X-Complete": str(end.is_complete).lower()}
        return envelope(error.report, {**LOG_HEADERS, **headers})

    def _read(self, offset: int, limit: int) -> LogPart:
        return self.jobs.read_log(self.job_id, self.task, attempt=self.attempt or None, offset=offset, limit=limit)

    def tag(self) -> str:
        """Names the attempt: its log only grows, so that parts of it fit together however far it has come."""
        named = f"{self.job_id} {self.task} {self.attempt}"
        return f'"{hashlib.sha256(named.encode()).hexdigest()[:32]}"'


def _is_exact(part: LogPart, data: bytes) -> bool:
    return len(data) == part.next_offset - part.offset and "\ufffd" not in part.text
