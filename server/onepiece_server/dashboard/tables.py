"""Lists as CSV: all that was asked for, whatever the size of a page, written as it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import BaseModel
from starlette.responses import StreamingResponse

from onepiece_core.csv_text import csv_text
from onepiece_core.dashboard.board import MAX_PAGE
from onepiece_core.dashboard.model import (
    Counts,
    DeliveryEntry,
    FindingsReport,
    Found,
    OperationRow,
    Page,
    PlaylistSummary,
    ProjectSummary,
    RefusedFile,
    ShotRow,
)
from onepiece_core.dashboard.statuses import BUCKETS

MEDIA_TYPE = "text/csv; charset=utf-8"
# Of a list's answers, for the API's description.
AS_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page of it; with format=csv all of it.", "content": {"text/csv": {}}}
}
Cell = str | int | float | None
_CHUNK = 1000


class Table(NamedTuple):
    """``cells`` gives lines of one row of a list: none, one or several."""

    columns: Sequence[str]
    cells: Callable[[Any], Iterator[Sequence[Cell]]]


def csv_of_pages(name: str, table: Table, read: Callable[[int, str | None], Page[Any]]) -> StreamingResponse:
    """Page by page. What the first one raises is raised here, before anything is sent."""
    first = read(MAX_PAGE, None)

    def rows() -> Iterator[Any]:
        page = first
        while True:
            yield from page.items
            if page.next_cursor is None:
                return
            page = read(MAX_PAGE, page.next_cursor)

    return csv_of(name, table, rows())


def csv_of(name: str, table: Table, rows: Iterator[Any]) -> StreamingResponse:
    def chunks() -> Iterator[str]:
        columns: Sequence[str] = table.columns
        lines: list[Sequence[Cell]] = []
        yield csv_text([*columns], ())
        for row in rows:
            lines += table.cells(row)
            if len(lines) >= _CHUNK:
                yield _body(lines)
                lines = []
        yield _body(lines)

    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:100] or "table"
    headers = {
        "Content-Disposition": f'attachment; filename="{plain}.csv"',
        "Cache-Control": "private, no-cache",
    }
    return StreamingResponse(chunks(), media_type=MEDIA_TYPE, headers=headers)


def _body(lines: Sequence[Sequence[Cell]]) -> str:
    return csv_text((), lines).partition("\n")[2]


def when(at: float | None) -> str:
    """UTC, to the second."""
    if at is None:
        return ""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def _fields(*columns: str) -> Table:
    """Fields of the row's own; those that end in ``_at`` are times."""

    def cells(row: BaseModel) -> Iterator[Sequence[Cell]]:
        yield [when(value) if name.endswith("_at") else _cell(value) for name, value in _values(row, columns)]

    return Table(columns, cells)


def _values(row: BaseModel, columns: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for name in columns:
        yield name, getattr(row, name)


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, (str, int, float)) or value is None else str(value)


def _project(row: ProjectSummary) -> Iterator[Sequence[Cell]]:
    progress = row.progress
    yield [
        row.code,
        row.name,
        row.status,
        "yes" if row.is_archived else "no",
        when(row.newest_version_at),
        when(row.freshness.as_of),
        row.freshness.link,
        *_counted(progress.shots),
        *_counted(progress.tasks),
        *_counted(progress.versions),
    ]


def _counted(counts: Counts) -> list[Cell]:
    return [counts.total, round(counts.percent_done, 1), *(counts.buckets.get(bucket, 0) for bucket in BUCKETS)]


def _count_columns(what: str) -> list[str]:
    return [what, f"{what}_percent_done", *(f"{what}_{bucket}" for bucket in BUCKETS)]


PROJECTS = Table(
    [
        *("code", "name", "status", "archived", "newest_version_at", "as_of", "link"),
        *(column for what in ("shots", "tasks", "versions") for column in _count_columns(what)),
    ],
    _project,
)


def _shot(row: ShotRow) -> Iterator[Sequence[Cell]]:
    own: list[Cell] = [row.episode, row.sequence, row.code, row.status, row.bucket]
    more: list[Cell] = [row.versions, when(row.updated_at)]
    tasks = [task for step in row.cells.values() for task in step]
    if not tasks:
        yield [*own, "", "", "", "", "", "", *more]
    for task in tasks:
        yield [*own, task.step, task.name, task.status, task.bucket, ", ".join(task.assignees), task.due, *more]


SHOTS = Table(
    [
        *("episode", "sequence", "shot", "status", "bucket"),
        *("step", "task", "task_status", "task_bucket", "assignees", "due", "versions", "updated_at"),
    ],
    _shot,
)
VERSIONS: Table = _fields(
    *("id", "code", "status", "bucket", "entity_type", "entity", "episode", "sequence", "step", "user"),
    *("frame_range", "path_to_frames", "description", "created_at", "updated_at"),
)
DELIVERIES = _fields(
    *("id", "name", "project", "recipient", "status", "created_at", "versions", "files", "size_bytes", "place"),
    *("manifest", "verified"),
)
INGESTS = _fields(
    *("id", "name", "project", "source", "status", "created_at", "updated_at", "files", "registered", "refused"),
    *("warnings", "size_bytes"),
)


def _playlist(row: PlaylistSummary) -> Iterator[Sequence[Cell]]:
    yield [row.id, row.code, row.project, *_counted(row.counts), when(row.updated_at)]


PLAYLISTS = Table(["id", "code", "project", *_count_columns("versions"), "updated_at"], _playlist)


def _operation(row: OperationRow) -> Iterator[Sequence[Cell]]:
    closed = sum(is_closed for _, is_closed in row.steps)
    error = row.error.code if row.error else ""
    alive = _cell(row.is_alive)
    own: list[Cell] = [row.id, row.kind, row.name, row.state, row.host, alive]
    yield [*own, when(row.created_at), when(row.updated_at), closed, len(row.steps), row.waiting_writes, error]


OPERATIONS = Table(
    [
        *("id", "kind", "name", "state", "host", "alive", "created_at", "updated_at", "steps_done", "steps"),
        *("waiting_writes", "error"),
    ],
    _operation,
)


def _findings(report: FindingsReport) -> Iterator[Sequence[Cell]]:
    for each in report.findings:
        own = [report.project, when(report.made_at), each.code, each.severity, each.subject, each.message]
        yield [*own, each.repair, each.hint]


FINDINGS = Table(["project", "made_at", "code", "severity", "subject", "message", "repair", "hint"], _findings)


def entries_table(entries: Sequence[DeliveryEntry]) -> Table:
    """A column for each algorithm that the list has."""
    algorithms = sorted({name for entry in entries for name in entry.digests})

    def cells(entry: DeliveryEntry) -> Iterator[Sequence[Cell]]:
        yield [entry.path, entry.version, entry.size_bytes, *(entry.digests.get(name) for name in algorithms)]

    return Table(["path", "version", "size_bytes", *algorithms], cells)


def _judged(each: tuple[str, RefusedFile]) -> Iterator[Sequence[Cell]]:
    verdict, file = each
    yield [file.path, verdict, file.code, file.message, file.hint]


INGEST_FILES = Table(["path", "verdict", "code", "message", "hint"], _judged)


def _found(row: Found) -> Iterator[Sequence[Cell]]:
    yield [row.kind, row.project, row.key, row.label, row.hint]


FOUND = Table(["kind", "project", "key", "label", "hint"], _found)
