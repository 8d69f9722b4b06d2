"""The outbox: the tracker writes of one operation, in order, each carried out exactly once.

A write is a row of the journal. The row says ``sending`` before the request leaves and ``done`` after its answer
is in the journal, so whatever dies in between leaves a trace, and the trace is settled by looking the write up
before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from onepiece_core.errors import (
    EntityMissing,
    ErrorReport,
    InputMissing,
    InputUnreadable,
    ProjectMissing,
    TrackerDenied,
    TrackerRefused,
    TrackerUnanswered,
    TrackerUnavailable,
    VersionExists,
)
from onepiece_core.log import get_logger
from onepiece_core.progress import Progress, Reporter
from onepiece_core.tracker.retry import Clock
from onepiece_core.tracker.steps import Step, make_step
from onepiece_core.tracker.tracker import Tracker
from onepiece_core.tracker.transport import CONNECT_SECONDS

log = get_logger(__name__)

# How often one drain sends one write.
SENDS = 4
# How long a publish looks for a write that nobody answered before it leaves the row to `recover`.
QUICK_LOOK_SECONDS = 3.0
# The longest Retry-After that a publish, and that `recover`, sits out.
SHORT_PAUSE_SECONDS = 5.0
LONG_PAUSE_SECONDS = 60.0

_UNSETTLED = ErrorReport(
    code=TrackerUnanswered.code,
    message="An earlier write to the tracker was not answered and may still be carried out",
    hint="`onepiece recover` waits until it has settled and goes on.",
)

WriteKind = Literal[
    "context",
    "version",
    "file_type",
    "files",
    "links",
    "thumbnail",
    "movie",
    "rows",
    "row_updates",
    "row_deletes",
    "row_revives",
    "shots",
    "versions",
    "version_files",
]
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
    operation: str = "publish",
) -> DrainOutcome:
    """Carry out what is left of ``log``, in order, each write exactly once.

    Args:
        wait: True looks an unanswered write up until it has settled and then sends it again; False looks for about
            three seconds and leaves the row for later.
        guard: called before every write; raises LeaseLost when somebody else owns the operation.
        operation: what the progress is called.

    Raises:
        LeaseLost: from ``guard``.
        OperationCancelled: between two writes.
    """
    timing = _Timing(clock, settle_seconds, timeout_seconds, wait)
    return _Drain(log, tracker, timing, reporter, guard, operation).run()


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


@dataclass(frozen=True, slots=True)
class _Timing:
    """When a write that nobody answered has settled: it cannot be carried out any later than that."""

    clock: Clock
    settle_seconds: float
    timeout_seconds: float
    wait: bool

    def settled_at(self, row: OutboxRow) -> float | None:
        """None when nothing of the row can be under way."""
        # As long as one request can take: see Transport.
        longest = min(CONNECT_SECONDS, self.timeout_seconds) + self.timeout_seconds
        now = self.clock.now()
        if row.state == "unanswered":
            given_up_at = row.failed_at if row.failed_at is not None else now
        elif row.state == "sending":
            given_up_at = (row.sent_at if row.sent_at is not None else now) + longest
        else:
            return None
        # A clock that was set back since must not make anybody wait for hours.
        return min(given_up_at, now + longest) + self.settle_seconds


def settled_at(row: OutboxRow, clock: Clock, settle_seconds: float, timeout_seconds: float) -> float | None:
    """When nothing of an unfinished row can be carried out any more; None: it was never sent, or is done."""
    return _Timing(clock, settle_seconds, timeout_seconds, wait=True).settled_at(row)


class _Stopped(Exception):
    """This row cannot be done now."""

    def __init__(self, report: ErrorReport, *, failed: bool = False) -> None:
        super().__init__(report.message)
        self.report, self.failed = report, failed


class _Drain:
    def __init__(
        self,
        log: OutboxLog,
        tracker: Tracker,
        timing: _Timing,
        reporter: Reporter,
        guard: Callable[[], None],
        operation: str,
    ) -> None:
        self.operation = operation
        self.log, self.tracker, self.timing = log, tracker, timing
        self.clock, self.reporter, self.guard = timing.clock, reporter, guard

    def run(self) -> DrainOutcome:
        rows = sorted(self.log.rows(), key=lambda row: row.write.seq)
        results = {row.write.seq: row.result for row in rows if row.state == "done"}
        for row in rows:
            if row.state == "done":
                continue
            self._tell(len(results), len(rows), row.write.kind)
            try:
                results[row.write.seq] = self._row(row, results)
            except _Stopped as stopped:
                return DrainOutcome(False, len(rows) - len(results), stopped.report, stopped.failed)
        self._tell(len(rows), len(rows), "")
        return DrainOutcome(True)

    def _tell(self, done: int, total: int, item: str) -> None:
        self.reporter.step(
            Progress(operation=self.operation, phase="register", done=done, total=total, unit="rows", item=item)
        )

    def _row(self, row: OutboxRow, results: dict[int, Any]) -> Any:
        seq = row.write.seq
        try:
            result = self._settle(row, make_step(row.write.kind, row.write.payload, self.tracker, results))
        except ProjectMissing as error:
            # A project that nobody named may still be made; one that was named was named wrongly.
            if not row.write.payload.get("named"):
                raise _Stopped(error.report) from error
            self.log.failed(seq, error.report)
            raise _Stopped(error.report, failed=True) from error
        except (TrackerUnavailable, TrackerDenied) as error:
            raise _Stopped(error.report) from error
        except (EntityMissing, TrackerRefused, VersionExists, InputMissing, InputUnreadable) as error:
            self.log.failed(seq, error.report)
            raise _Stopped(error.report, failed=True) from error
        self.log.done(seq, result)
        return result

    def _settle(self, row: OutboxRow, step: Step) -> Any:
        """The row's result, whatever happened to it before and happens now."""
        if step.is_read:
            return step.find()
        if row.state == "sending" and step.is_long:
            # Its last request may have left long after the send began: count from now on.
            row.state, row.failed_at = "unanswered", self.clock.now()
            self.log.unanswered(row.write.seq, row.failed_at)
        result = self._look(step, self.timing.settled_at(row))
        tries = 0
        while result is None:
            tries += 1
            try:
                result = self._send(row, step)
            except TrackerUnanswered as error:
                at = self.clock.now()
                self.log.unanswered(row.write.seq, at)
                if tries >= SENDS:
                    raise
                result = self._look(step, at + self.timing.settle_seconds, error)
            except TrackerUnavailable as error:
                self.log.waiting(row.write.seq)
                self._pause(error, tries)
                result = self._look(step, None)
            except TrackerDenied:
                self.log.waiting(row.write.seq)
                raise
        return result

    def _send(self, row: OutboxRow, step: Step) -> Any:
        step.prepare()
        self.guard()
        self.log.sending(row.write.seq, self.clock.now())
        return step.send()

    def _pause(self, error: TrackerUnavailable, tries: int) -> None:
        """Wait before the next send of what was surely not carried out, or give up."""
        if tries >= SENDS:
            raise error
        pause = max(0.5 * 2**tries, error.report.context.get("retry_after_seconds") or 0.0)
        if pause > (LONG_PAUSE_SECONDS if self.timing.wait else SHORT_PAUSE_SECONDS):
            raise error
        log.warning("tracker.send_again", happened=error.report.message, next_attempt_in_seconds=pause)
        self._sleep(pause)

    def _look(self, step: Step, settled_at: float | None, lost: TrackerUnanswered | None = None) -> Any | None:
        """The result when the write is there; None when it surely is not and will not be.

        Raises:
            _Stopped: nobody can know yet and there is no time to wait.
        """
        began, pause = self.clock.now(), 0.2
        while True:
            # Asked before the look: what is not there after it has settled never comes.
            is_last = settled_at is None or self.clock.now() >= settled_at
            result, blind = self._find(step, began)
            if is_last and not blind:
                return result
            # Somebody else's row does not tell that ours will not come; then one of the two has to go.
            if result is not None and not step.is_shared:
                return result
            if not self.timing.wait and self.clock.now() - began >= QUICK_LOOK_SECONDS:
                if result is not None:
                    return result
                raise _Stopped(lost.report if lost else _UNSETTLED)
            left = pause if settled_at is None else max(settled_at - self.clock.now(), 0.0)
            self._sleep(min(pause, left) or pause)
            pause = min(pause * 2, 3.0)

    def _find(self, step: Step, began: float) -> tuple[Any | None, bool]:
        """What the look-up sees, and whether it could not see at all."""
        try:
            return step.find(), False
        except TrackerRefused as error:
            # No word about the write itself: its row stays as it is.
            raise _Stopped(error.report, failed=True) from error
        except TrackerUnavailable:
            patience = self.timing.settle_seconds + self.timing.timeout_seconds
            if not self.timing.wait or self.clock.now() - began >= patience:
                raise
            return None, True

    def _sleep(self, seconds: float) -> None:
        """In short pieces: a person may cancel, and the lease may be lost."""
        until = self.clock.now() + seconds
        while (left := until - self.clock.now()) > 0:
            self.reporter.check(self.operation, "register")
            self.clock.sleep(min(left, 1.0))
        self.guard()
