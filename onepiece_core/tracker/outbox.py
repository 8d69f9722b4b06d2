"""The outbox: the tracker writes of one operation, in order, each carried out exactly once.

A write is a row of the journal. The row says ``sending`` before the request leaves and ``done`` after its answer
is in the journal, so whatever dies in between leaves a trace, and the trace is settled by looking the write up
before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from onepiece_core.errors import ErrorReport
from onepiece_core.progress import Reporter
from onepiece_core.tracker.retry import Clock
from onepiece_core.tracker.tracker import Tracker

WriteKind = Literal["context", "version", "file_type", "files", "links", "thumbnail", "movie"]
RowState = Literal["waiting", "sending", "unanswered", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Write:
    """One step of a registration.

    Attributes:
        seq: 1, 2, 3, ...; writes are carried out in this order.
        payload: JSON. ``{"$ref": seq}`` stands for the entity that write made, ``{"$ref": seq, "key": name}``
            for one of several.
    """

    seq: int
    kind: WriteKind
    payload: dict[str, Any]


@dataclass(slots=True)
class OutboxRow:
    """A write and how far it has come. Times are wall-clock seconds since the epoch.

    Attributes:
        sent_at: when the last send began.
        failed_at: when the last send was given up without an answer.
        result: JSON, once ``done``: an entity, or ``{key: entity}`` where the write makes several.
    """

    write: Write
    state: RowState = "waiting"
    sent_at: float | None = None
    failed_at: float | None = None
    result: Any = None


class OutboxLog(Protocol):
    """The rows of one operation. Each call is durable when it returns."""

    def rows(self) -> list[OutboxRow]: ...

    def sending(self, seq: int, at: float) -> None: ...

    def unanswered(self, seq: int, at: float) -> None: ...

    def waiting(self, seq: int) -> None:
        """The send was surely not carried out: the row is as if it had never been sent."""
        ...

    def done(self, seq: int, result: Any) -> None: ...

    def failed(self, seq: int, report: ErrorReport) -> None: ...


@dataclass(frozen=True, slots=True)
class DrainOutcome:
    """What is left after a drain.

    Attributes:
        done: every row is done.
        waiting: how many rows are not.
        reason: why it stopped.
        failed: the tracker answered that it will not do it: waiting does not help.
    """

    done: bool
    waiting: int = 0
    reason: ErrorReport | None = None
    failed: bool = False


def drain(
    log: OutboxLog,
    tracker: Tracker,
    *,
    clock: Clock,
    settle_seconds: float,
    timeout_seconds: float,
    wait: bool,
    reporter: Reporter,
    guard: Callable[[], None],
) -> DrainOutcome:
    """Carry out what is left of ``log``, in order, each write exactly once.

    Args:
        wait: True looks an unanswered write up until it has settled and then sends it again; False looks for about
            three seconds and leaves the row for later.
        guard: called before every write; raises LeaseLost when somebody else owns the operation.

    Raises:
        LeaseLost: from ``guard``.
        OperationCancelled: between two writes.
    """
    raise NotImplementedError


def registered(rows: Sequence[OutboxRow]) -> dict[str, Any]:
    """``{"version_id": int | None, "published_file_ids": [...]}`` of what is in the tracker so far."""
    version: int | None = None
    files: list[int] = []
    for row in rows:
        if row.state != "done" or row.result is None:
            continue
        if row.write.kind == "version":
            version = row.result["id"]
        elif row.write.kind == "files":
            files += [entity["id"] for entity in row.result.values()]
    return {"version_id": version, "published_file_ids": sorted(files)}
