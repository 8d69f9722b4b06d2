"""Thousands of rows with the fewest requests: one transaction a batch, one result a row, each row exactly once.

Every batch is a write of the operation's outbox, so a run that was killed goes on where it was. A batch that the site
refuses is sent again without the row that the site names, or in halves, until the bad rows are alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from onepiece_core.errors import ErrorReport, TrackerRefused
from onepiece_core.journal import Journal
from onepiece_core.progress import Progress, Reporter
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import DrainOutcome, OutboxRow, Write, drain
from onepiece_core.tracker.retry import Clock
from onepiece_core.tracker.tracker import Tracker

Kind = Literal["rows", "row_updates", "row_deletes", "row_revives"]
State = Literal["created", "there", "updated", "deleted", "revived", "failed", "waiting"]

# One request is one transaction on the site: it should be over within a time-out.
BATCH_SIZE = 500
# What becomes of a row that the request made, and of one that needed none.
_STATES: dict[Kind, tuple[State, State]] = {
    "rows": ("created", "there"),
    "row_updates": ("updated", "updated"),
    "row_deletes": ("deleted", "there"),
    "row_revives": ("revived", "there"),
}


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One row.

    Attributes:
        key: unique among the rows of a run, for the result: ``line 12``.
        data: fields as the site knows them.
        id: of a row that is there; None for one to be made.
        modes: of an update: field -> "add" or "remove" links instead of setting them.
    """

    key: str
    data: dict[str, Any] = field(default_factory=dict)
    id: int | None = None
    modes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row; ``waiting``: the site did not answer, the same run again goes on."""

    key: str
    state: State
    id: int | None = None
    error: ErrorReport | None = None


@dataclass(frozen=True, slots=True)
class BulkTiming:
    """How patient a bulk run is; all in seconds.

    Attributes:
        settle_seconds: how long an unanswered write may still take effect.
        timeout_seconds: how long one call may take.
        patience_seconds: how long a site that cannot be reached, or is too busy, is asked again.
    """

    clock: Clock
    settle_seconds: float = 30.0
    timeout_seconds: float = 20.0
    patience_seconds: float = 180.0


def run_bulk(
    tracker: Tracker,
    journal: Journal,
    operation: str,
    kind: Kind,
    entity_type: str,
    rows: Sequence[BulkRow],
    *,
    timing: BulkTiming,
    reporter: Reporter,
    unique: Sequence[str] = (),
    batch_size: int = BATCH_SIZE,
) -> Iterator[RowResult]:
    """Carry out what ``operation`` (begun in the journal) has not done yet; one result each, batch by batch.

    Args:
        unique: the fields that tell one row from all others ("project", "code"); of rows to be made.

    Raises:
        OperationCancelled: between two batches; the same rows again go on.
        TrackerDenied: the site does not know us.
    """
    log = _BulkLog(journal, operation)
    log.fill(_writes(kind, entity_type, rows, unique, batch_size))
    return _Run(tracker, log, kind, timing, reporter, len(rows)).results()


def _writes(
    kind: Kind, entity_type: str, rows: Sequence[BulkRow], unique: Sequence[str], batch_size: int
) -> Iterator[Write]:
    for number, start in enumerate(range(0, len(rows), batch_size), 1):
        some = [_told(row) for row in rows[start : start + batch_size]]
        yield Write(number, kind, {"type": entity_type, "unique": list(unique), "rows": some})


def _told(row: BulkRow) -> dict[str, Any]:
    told: dict[str, Any] = {"key": row.key, "data": row.data}
    if row.id is not None:
        told["id"] = row.id
    return {**told, "modes": row.modes} if row.modes else told


class _BulkLog(JournalOutbox):
    """The operation's outbox; a batch can be put aside for smaller ones."""

    def __init__(self, journal: Journal, operation: str) -> None:
        super().__init__(journal, operation)
        self.journal, self.operation = journal, operation

    def split(
        self, row: OutboxRow, parts: Sequence[Sequence[dict[str, Any]]], failed: dict[str, ErrorReport]
    ) -> list[OutboxRow]:
        """In one step: ``row`` is over, ``parts`` are to be sent in its place, ``failed`` rows are known to be bad."""
        bad = json.dumps({key: {"error": report.model_dump(mode="json")} for key, report in failed.items()})
        made: list[OutboxRow] = []
        with self.journal.transaction() as db:
            (last,) = db.execute("select max(seq) from outbox where operation = ?", (self.operation,)).fetchone()
            for number, rows in enumerate(parts, last + 1):
                write = Write(number, row.write.kind, {**row.write.payload, "rows": list(rows)})
                db.execute(
                    "insert into outbox (operation, seq, kind, payload) values (?, ?, ?, ?)",
                    (self.operation, number, write.kind, json.dumps(write.payload)),
                )
                made.append(OutboxRow(write))
            db.execute(
                "update outbox set state = 'done', result = ? where operation = ? and seq = ?",
                (bad, self.operation, row.write.seq),
            )
        return made


class _OneRow:
    """The part of an outbox that one write is: an OutboxLog of a single row."""

    def __init__(self, log: JournalOutbox, row: OutboxRow) -> None:
        self._log, self._row = log, row
        self.sending, self.unanswered, self.waiting = log.sending, log.unanswered, log.waiting
        self.result: dict[str, Any] = {}
        self.refusal: ErrorReport | None = None

    def rows(self) -> list[OutboxRow]:
        return [self._row]

    def done(self, seq: int, result: Any) -> None:
        self._log.done(seq, result)
        self.result = result

    def failed(self, seq: int, report: ErrorReport) -> None:  # noqa: ARG002 - the run decides what comes of it
        self.refusal = report


class _Quiet(Reporter):
    """Asks the run's reporter whether to go on, and tells nothing."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._asked = reporter

    def check(self, operation: str, phase: str) -> None:  # noqa: ARG002
        self._asked.check("bulk", "send")


class _Run:
    def __init__(
        self, tracker: Tracker, log: _BulkLog, kind: Kind, timing: BulkTiming, reporter: Reporter, total: int
    ) -> None:
        self.tracker, self.log, self.kind, self.timing = tracker, log, kind, timing
        self.reporter, self.total, self.done = reporter, total, 0

    def results(self) -> Iterator[RowResult]:
        pending = self.log.rows()
        while pending:
            row = pending.pop(0)
            if row.state == "done":
                results = list(self._told(row.write.payload, row.result, is_new=True))
            else:
                results, more = self._send(row)
                pending = [*more, *pending]
            self.done += len(results)
            self.reporter.step(
                Progress(operation="bulk", phase="send", done=self.done, total=self.total, unit="rows", item=self.kind)
            )
            yield from results

    def _send(self, row: OutboxRow) -> tuple[list[RowResult], list[OutboxRow]]:
        """The results of a batch, and the batches that take its place."""
        was_sent = row.state in ("sending", "unanswered")
        one = _OneRow(self.log, row)
        outcome = self._drain(one)
        if outcome.done:
            return list(self._told(row.write.payload, one.result, is_new=was_sent)), []
        reason = outcome.reason or ErrorReport(code=TrackerRefused.code, message="The tracker did not say why")
        if one.refusal is None:
            return [RowResult(each["key"], "waiting", None, reason) for each in row.write.payload["rows"]], []
        return self._refused(row, one.refusal)

    def _drain(self, one: _OneRow) -> DrainOutcome:
        """A site that is away or too busy is asked again for a while."""
        clock, pause = self.timing.clock, 1.0
        until = clock.now() + self.timing.patience_seconds
        while True:
            outcome = drain(
                one,
                self.tracker,
                clock=clock,
                settle_seconds=self.timing.settle_seconds,
                timeout_seconds=self.timing.timeout_seconds,
                wait=True,
                reporter=_Quiet(self.reporter),
                guard=_no_guard,
            )
            if outcome.done or outcome.failed or clock.now() + pause > until:
                return outcome
            self._sleep(clock, pause)
            pause = min(pause * 2, 15.0)

    def _sleep(self, clock: Clock, seconds: float) -> None:
        until = clock.now() + seconds
        while (left := until - clock.now()) > 0:
            self.reporter.check("bulk", "send")
            clock.sleep(min(left, 1.0))

    def _refused(self, row: OutboxRow, report: ErrorReport) -> tuple[list[RowResult], list[OutboxRow]]:
        rows = row.write.payload["rows"]
        if len(rows) == 1:
            self.log.split(row, [], {rows[0]["key"]: report})
            return [RowResult(rows[0]["key"], "failed", rows[0].get("id"), report)], []
        named = report.context.get("row")
        bad = [each for each in rows if each["key"] == named]
        if bad:
            # Alone, so that the site itself says that it is this one.
            return [], self.log.split(row, [[each for each in rows if each["key"] != named], bad], {})
        half = len(rows) // 2
        return [], self.log.split(row, [rows[:half], rows[half:]], {})

    def _told(self, payload: dict[str, Any], result: dict[str, Any], *, is_new: bool) -> Iterator[RowResult]:
        made, there = _STATES[self.kind]
        for row in payload["rows"]:
            told = result.get(row["key"])
            if told is None:
                continue  # sent with a smaller batch
            if "error" in told:
                yield RowResult(row["key"], "failed", row.get("id"), ErrorReport.model_validate(told["error"]))
            else:
                yield RowResult(row["key"], made if is_new or not told["was_there"] else there, told["id"])


def _no_guard() -> None:
    """A bulk run holds no lease: its rows are found again by what makes them unique."""
