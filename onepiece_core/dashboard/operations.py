"""Operations that were begun and not ended, as the journal has them; and walking through the journal in pages."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import TypeVar

from onepiece_core.dashboard.board import MAX_PAGE
from onepiece_core.dashboard.keyset import Place, cursor_of, page_size, place_of
from onepiece_core.dashboard.model import OperationRow, Page
from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal, Operation

Row = TypeVar("Row")
_STEP = 200


def list_page(journal: Journal, limit: int, cursor: str | None) -> Page[OperationRow]:
    size = page_size(limit, MAX_PAGE)
    found = journal.list_before(place_of(cursor), size + 1, unfinished=True)
    total = journal.rows("select count(*) from operations where state in ('running', 'parked')")[0][0]
    return Page(
        items=[_row(journal, each) for each in found[:size]],
        next_cursor=cursor_of(place(found[size - 1])) if len(found) > size else None,
        total=int(total),
    )


def state_of(journal: Journal) -> list[tuple[object, ...]]:
    """What changes of unfinished operations without their row being written."""
    rows = journal.rows(
        "select o.id, (select count(*) from steps s where s.operation = o.id),"
        " (select count(*) from steps s where s.operation = o.id and s.closed_at is not null),"
        " (select count(*) from outbox w where w.operation = o.id and w.state = 'waiting')"
        " from operations o where o.state in ('running', 'parked') order by o.created_at desc limit ?",
        MAX_PAGE,
    )
    found = journal.list_before(None, MAX_PAGE, unfinished=True)
    return [*map(tuple, rows), tuple(_is_alive(each) for each in found)]


def place(operation: Operation) -> Place:
    return operation.created_at, operation.id


def error_of(operation: Operation) -> ErrorReport | None:
    return None if operation.error is None else ErrorReport.model_validate(operation.error)


def iter_operations(journal: Journal, kind: str, before: Place | None) -> Iterator[Operation]:
    """All of a kind, the newest first, from the one after ``before``."""
    while True:
        some = journal.list_before(before, _STEP, kind=kind)
        yield from some
        if len(some) < _STEP:
            return
        before = place(some[-1])


def taken(rows: Iterator[Row], size: int, place_of_row: Callable[[Row], Place]) -> tuple[list[Row], str | None]:
    """The first ``size`` of them, and the cursor of the next page."""
    found: list[Row] = []
    for row in rows:
        if len(found) == size:
            return found, cursor_of(place_of_row(found[-1]))
        found.append(row)
    return found, None


def _is_alive(operation: Operation) -> bool | None:
    if operation.owner.host != socket.gethostname():
        return None
    return operation.state == "running" and operation.owner.is_alive()


def _row(journal: Journal, operation: Operation) -> OperationRow:
    steps = journal.rows(
        "select name, closed_at is not null as is_closed from steps where operation = ? order by opened_at, name",
        operation.id,
    )
    waiting = journal.rows("select count(*) from outbox where operation = ? and state = 'waiting'", operation.id)
    return OperationRow(
        id=operation.id,
        kind=operation.kind,
        name=operation.name,
        state=operation.state,
        host=operation.owner.host,
        is_alive=_is_alive(operation),
        created_at=operation.created_at,
        updated_at=operation.updated_at,
        steps=[(str(row["name"]), bool(row["is_closed"])) for row in steps],
        waiting_writes=int(waiting[0][0]),
        error=error_of(operation),
    )
