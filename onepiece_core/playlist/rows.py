"""Playlists from a table: a row for each Version in each playlist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from onepiece_core.journal import Journal
from onepiece_core.manifest.row_files import Row
from onepiece_core.progress import Reporter
from onepiece_core.tracker.bulk import BulkTiming, RowResult
from onepiece_core.tracker.bulk_operation import apply_rows
from onepiece_core.tracker.row_plan import RowPlan, plan_rows
from onepiece_core.tracker.tracker import Entity, Tracker

_LINK = "PlaylistVersionConnection"
_COLUMNS = {"order": "sg_sort_order"}


@dataclass(frozen=True, slots=True)
class PlaylistsDone:
    """What became of a table.

    Attributes:
        plan: of its rows.
        playlists: a result for each playlist.
        rows: a result for each row.
    """

    plan: RowPlan
    playlists: list[RowResult]
    rows: list[RowResult]


def plan_playlists(tracker: Tracker, rows: Sequence[Row], project: Entity) -> RowPlan:
    """Check every row as if the playlists were there. Raises TrackerError, UsageError."""
    names = _names(rows)
    return _links(tracker, rows, project, {name: -number for number, name in enumerate(names, 1)})


def apply_playlists(
    tracker: Tracker,
    rows: Sequence[Row],
    project: Entity,
    journal: Journal,
    *,
    timing: BulkTiming,
    reporter: Reporter,
) -> PlaylistsDone:
    """Make the playlists that are not there, then what is in them; the same rows again go on.

    Raises: OperationBusy, OperationCancelled, TrackerError.
    """
    checked = plan_playlists(tracker, rows, project)
    good = {row.key for row in checked.rows}
    kept = [row for row in rows if f"row {row.line}" in good]
    names = _names(kept)
    made = plan_rows(
        tracker,
        "create",
        "Playlist",
        [Row(number, {"code": name}) for number, name in enumerate(names.values(), 1)],
        project=project,
    )
    results = list(apply_rows(made, tracker, journal, timing=timing, reporter=reporter))
    by_key = {result.key: result for result in results}
    ids: dict[str, int] = {}
    bad: dict[str, RowResult] = {}
    for number, name in enumerate(names, 1):
        result = by_key[f"row {number}"]
        if result.id is None or result.error is not None:
            bad[name] = result
        else:
            ids[name] = result.id
    ready = [row for row in kept if _key(row) in ids]
    plan = _links(tracker, ready, project, ids, first=_orders(rows))
    told = [*checked.refused, *apply_rows(plan, tracker, journal, timing=timing, reporter=reporter)]
    told += [replace(bad[_key(row)], key=f"row {row.line}") for row in kept if _key(row) in bad]
    return PlaylistsDone(plan, results, told)


def count_playlists(rows: Sequence[Row]) -> int:
    """How many playlists a table names."""
    return len(_names(rows))


def _names(rows: Sequence[Row]) -> dict[str, str]:
    """The playlists' names in their order; a site compares them without regard to case."""
    found: dict[str, str] = {}
    for row in rows:
        if row.error is None and _key(row):
            found.setdefault(_key(row), str(row.values["playlist"]).strip())
    return found


def _key(row: Row) -> str:
    return str(row.values.get("playlist") or "").strip().casefold()


def _orders(rows: Sequence[Row]) -> dict[int, int]:
    """The place of each row in its playlist, by line."""
    counts: Counter[str] = Counter()
    orders: dict[int, int] = {}
    for row in rows:
        counts[_key(row)] += 1
        orders[row.line] = counts[_key(row)]
    return orders


def _links(
    tracker: Tracker, rows: Sequence[Row], project: Entity, ids: dict[str, int], first: dict[int, int] | None = None
) -> RowPlan:
    orders = first or _orders(rows)
    return plan_rows(tracker, "create", _LINK, list(_linked(rows, ids, orders)), project=project, renamed=_COLUMNS)


def _linked(rows: Sequence[Row], ids: dict[str, int], orders: dict[int, int]) -> Iterator[Row]:
    for row in rows:
        if row.error is not None:
            yield row
            continue
        values = dict(row.values)
        if values.get("order") in ("", None) and values.get("sg_sort_order") in ("", None):
            values["order"] = orders[row.line]
            values.pop("sg_sort_order", None)
        if _key(row):
            values["playlist"] = {"type": "Playlist", "id": ids[_key(row)]}
        yield Row(row.line, values)
