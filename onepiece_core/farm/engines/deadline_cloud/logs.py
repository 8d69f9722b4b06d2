"""One attempt's log, out of CloudWatch: the session's stream between the attempt's start and end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onepiece_core.farm.engines.deadline_cloud.calls import Calls
from onepiece_core.farm.job import LogPart

_ENDED = frozenset(["SUCCEEDED", "FAILED", "INTERRUPTED", "CANCELED", "NEVER_ATTEMPTED", "RECLAIMED"])
_EVENTS = 10_000  # of one answer, which is the service's most


def read_attempt(calls: Calls, job: str, action: Mapping[str, Any], *, offset: int, limit: int) -> LogPart:
    """Bytes count from the attempt's first line on, as UTF-8, each event a line."""
    is_over = action["status"] in _ENDED
    told = calls.queue("get_session_action", jobId=job, sessionActionId=action["sessionActionId"])
    session = calls.queue("get_session", jobId=job, sessionId=told["sessionId"])
    where = session["log"].get("options", {})
    if not where.get("logStreamName"):
        return LogPart("", 0, 0, is_over)
    pieces, size, start = [], 0, offset
    for line in _lines(calls, where, action):
        data = f"{line}\n".encode()
        pieces.append(data)
        size += len(data)
        if offset >= 0 and offset + max(limit, 4) < size:  # one byte more tells that something follows
            break
    if offset < 0:
        start = max(0, size + offset)
    data = b"".join(pieces)[start : start + max(limit, 4)]
    text = data.decode(errors="ignore")  # a character that was cut at either end
    skipped = len(data) - len(data.lstrip(bytes(range(0x80, 0xC0)))) if offset < 0 else 0
    end = start + skipped + len(text.encode())
    return LogPart(text, min(start + skipped, size), min(end, size), is_over and end >= size)


def _lines(calls: Calls, where: Mapping[str, str], action: Mapping[str, Any]) -> Iterator[str]:
    window: dict[str, int] = {}
    if action.get("startedAt") is not None:
        window["startTime"] = int(action["startedAt"].timestamp() * 1000)
    if action.get("endedAt") is not None:
        window["endTime"] = int(action["endedAt"].timestamp() * 1000) + 1
    token: dict[str, str] = {}
    while True:
        answer = calls.logs(
            logGroupName=where["logGroupName"],
            logStreamName=where["logStreamName"],
            startFromHead=True,
            limit=_EVENTS,
            **window,
            **token,
        )
        for event in answer["events"]:
            yield event["message"]
        # The same token again is the service's way to say that nothing follows.
        if not answer["events"] or answer["nextForwardToken"] == token.get("nextToken"):
            return
        token = {"nextToken": answer["nextForwardToken"]}
