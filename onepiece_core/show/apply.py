"""Make a show: level by level with the fewest requests, each row once, whoever was killed before.

A run is an operation of the journal, each of its bulk runs is another. What a killed run had sent is waited for before
anything is planned anew: then the site alone says what is left to do.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from onepiece_core.errors import ErrorReport, OperationBusy, OperationCancelled, TrackerRefused, TrackerUnavailable
from onepiece_core.journal import Journal, Operation
from onepiece_core.progress import Progress, Reporter
from onepiece_core.show.plan import PlannedRow, ShowPlan
from onepiece_core.show.wanted import is_below
from onepiece_core.tracker.bulk import BulkRow, BulkTiming, Kind, RowResult, run_bulk
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import settled_at
from onepiece_core.tracker.row_steps import RowsStep
from onepiece_core.tracker.tracker import Tracker

KIND = "show"
PART = "show-part"
State = Literal["created", "there", "differs", "updated", "failed", "waiting"]


@dataclass(frozen=True, slots=True)
class ShowRow:
    """What became of a row. ``differs``: it was left as it is."""

    planned: PlannedRow
    state: State
    id: int | None = None
    error: ErrorReport | None = None


@contextmanager
def show_operation(
    tracker: Tracker, journal: Journal, project: str, *, timing: BulkTiming, reporter: Reporter
) -> Iterator[Operation]:
    """Plan and apply inside of it: nobody else on this machine sets the same project up.

    Raises:
        OperationBusy: another process is at it.
        OperationCancelled: while waiting for what a killed run had sent.
    """
    fingerprint = hashlib.sha256(f"{KIND} {tracker.url} {project.casefold()}".encode()).hexdigest()[:32]
    known = journal.find_by_fingerprint(fingerprint)
    if known is not None and known.is_unfinished:
        if not journal.take(known.id):
            raise OperationBusy(
                f"The process {known.owner.pid} is setting {project!r} up", operation=known.id, pid=known.owner.pid
            )
        operation = known
    else:
        request = {"site": tracker.url, "project": project}
        name = f"set up {project}"
        operation = journal.begin(_new_id(), kind=KIND, fingerprint=fingerprint, name=name, request=request)
    try:
        _settle_parts(tracker, journal, operation, timing, reporter)
        yield operation
    except BaseException as error:
        report = error.report if isinstance(error, OperationCancelled) else None
        journal.settle(operation.id, "parked", error=report)
        raise
    journal.settle(operation.id, "finished")


def _new_id() -> str:
    return f"{KIND}-{uuid.uuid4().hex[:20]}"


def _part_of(operation: Operation) -> str:
    """The fingerprint of every bulk run of an operation."""
    return f"{operation.fingerprint}-part"


def _settle_parts(
    tracker: Tracker, journal: Journal, operation: Operation, timing: BulkTiming, reporter: Reporter
) -> None:
    """Wait until nothing that a killed run has sent can still be carried out."""
    for part in journal.list_unfinished(PART):
        if part.fingerprint != _part_of(operation):
            continue
        for row in JournalOutbox(journal, part.id).rows():
            until = settled_at(row, timing.clock, timing.settle_seconds, timing.timeout_seconds)
            while until is not None and (left := until - timing.clock.now()) > 0:
                reporter.check(KIND, "settle")
                if row.write.kind == "rows" and _is_there(tracker, row.write.payload):
                    break
                timing.clock.sleep(min(left, 1.0))
        journal.settle(part.id, "discarded")


def _is_there(tracker: Tracker, payload: dict[str, Any]) -> bool:
    """Whether every row of a batch has arrived; False also while the site does not answer."""
    try:
        return RowsStep(tracker, payload).find() is not None
    except TrackerUnavailable:
        return False


def apply_show(
    plan: ShowPlan,
    tracker: Tracker,
    journal: Journal,
    operation: Operation,
    *,
    timing: BulkTiming,
    reporter: Reporter,
) -> Iterator[ShowRow]:
    """Carry a plan out: the project, then level by level, then what differs.

    Raises:
        OperationCancelled: the same again goes on.
        TrackerDenied: the site does not know us.
    """
    return _Run(plan, tracker, journal, operation, timing, reporter).results()


class _Asked(Reporter):
    """Asks the run's reporter whether to go on; the run itself tells how far it is."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._asked = reporter

    def check(self, operation: str, phase: str) -> None:  # noqa: ARG002
        self._asked.check(KIND, phase)


class _Run:
    def __init__(
        self,
        plan: ShowPlan,
        tracker: Tracker,
        journal: Journal,
        operation: Operation,
        timing: BulkTiming,
        reporter: Reporter,
    ) -> None:
        self.plan, self.tracker, self.journal, self.operation = plan, tracker, journal, operation
        self.timing, self.reporter = timing, reporter
        self.lost: dict[int, ShowRow] = {}  # what was not made, by id() of what was wanted

    def results(self) -> Iterator[ShowRow]:
        yield from self._level([self.plan.project])
        if self.plan.project.wanted.id is None:
            lost = self.lost[id(self.plan.project.wanted)]
            yield from (ShowRow(row, lost.state, None, lost.error) for row in self.plan.rows)
            return
        rows = sorted(self.plan.rows, key=_level_of)
        for _, level in groupby(rows, key=_level_of):
            yield from self._level(list(level))

    def _level(self, rows: list[PlannedRow]) -> Iterator[ShowRow]:
        """Rows of one type whose parents are there by now."""
        kind = rows[0].node.type
        for done, result in enumerate(self._made(rows), 1):
            if result.id is None:
                self.lost[id(result.planned.wanted)] = result
            code = result.planned.node.code if kind != "Task" else result.planned.node.path
            self.reporter.step(Progress(operation=KIND, phase=kind, done=done, total=len(rows), unit="rows", item=code))
            yield result

    def _made(self, rows: list[PlannedRow]) -> Iterator[ShowRow]:
        create: list[PlannedRow] = []
        update: list[PlannedRow] = []
        for row in rows:
            parent = row.wanted.parent
            if parent is not None and parent.id is None:
                lost = self.lost[id(parent)]
                yield ShowRow(row, lost.state, None, _because(lost))
            elif row.action == "create":
                create.append(row)
            elif row.action == "differs" and self.plan.update:
                update.append(row)
            else:
                yield ShowRow(row, "differs" if row.action == "differs" else "there", row.wanted.id)
        for unique, some in _by_unique(create, self):
            yield from self._bulk(
                "rows", some, [BulkRow(str(n), self._data(row)) for n, row in enumerate(some)], unique
            )
        yield from self._bulk("row_updates", update, [_update(n, row) for n, row in enumerate(update)], ())

    def _bulk(
        self, kind: Kind, rows: list[PlannedRow], data: list[BulkRow], unique: tuple[str, ...]
    ) -> Iterator[ShowRow]:
        if not rows:
            return
        name = f"{len(rows)} {rows[0].node.type}"
        part = self.journal.begin(
            f"{PART}-{uuid.uuid4().hex[:20]}", kind=PART, fingerprint=_part_of(self.operation), name=name, request={}
        )
        waits = False
        results = run_bulk(
            self.tracker,
            self.journal,
            part.id,
            kind,
            rows[0].node.type,
            data,
            timing=self.timing,
            reporter=_Asked(self.reporter),
            unique=unique,
        )
        for result in results:
            waits = waits or result.state == "waiting"
            yield self._told(rows[int(result.key)], result)
        if not waits:
            self.journal.settle(part.id, "finished")

    def _told(self, row: PlannedRow, result: RowResult) -> ShowRow:
        if result.state in ("failed", "waiting"):
            return ShowRow(row, "failed" if result.state == "failed" else "waiting", row.wanted.id, result.error)
        row.wanted.id = result.id
        state: State = "updated" if result.state == "updated" else "created" if result.state == "created" else "there"
        return ShowRow(row, state, result.id)

    def _data(self, row: PlannedRow) -> dict[str, Any]:
        node, project = row.node, self.plan.project.wanted.id
        data = {**row.wanted.data, self.plan.name_fields[node.type]: node.code}
        if node.type == "Project":
            return data
        data["project"] = {"type": "Project", "id": project}
        link = row.wanted.link
        if link is not None:
            parent = row.wanted.parent
            above = (parent.node.type, parent.id) if parent is not None else ("Project", project)
            held = {"type": above[0], "id": above[1]}
            data[link.name] = [*data.get(link.name, []), held] if link.is_many else held
        return data


def unique_of(row: PlannedRow, name: str) -> tuple[str, ...]:
    """The fields that tell a row from all others."""
    if row.node.type == "Project":
        return (name,)
    if row.node.type == "Task":
        return ("entity", name, "step") if "step" in row.wanted.data else ("entity", name)
    if row.wanted.link is not None and is_below(row.wanted):
        return ("project", name, row.wanted.link.name)
    return ("project", name)


def _by_unique(rows: list[PlannedRow], run: _Run) -> Iterator[tuple[tuple[str, ...], list[PlannedRow]]]:
    groups: dict[tuple[str, ...], list[PlannedRow]] = {}
    for row in rows:
        groups.setdefault(unique_of(row, run.plan.name_fields[row.node.type]), []).append(row)
    yield from groups.items()


def _update(number: int, row: PlannedRow) -> BulkRow:
    data, modes = {}, {}
    for change in row.changes:
        value = change.value
        if row.wanted.link is not None and change.field == row.wanted.link.name and row.wanted.parent is not None:
            link = {"type": row.wanted.parent.node.type, "id": row.wanted.parent.id}
            value = [link] if change.is_added else link
        data[change.field] = value
        if change.is_added:
            modes[change.field] = "add"
    return BulkRow(str(number), data, row.wanted.id, modes)


def _level_of(row: PlannedRow) -> tuple[bool, int, str]:
    return row.node.type == "Task", row.node.depth if row.node.type != "Task" else 0, row.node.type


def _because(lost: ShowRow) -> ErrorReport:
    node = lost.planned.node
    if lost.error is not None and lost.state == "waiting":
        return lost.error
    return ErrorReport(code=TrackerRefused.code, message=f"{node.type} {node.code} was not made")
