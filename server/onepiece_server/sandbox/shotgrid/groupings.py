"""Grouping types: which group of a summary a row belongs to, how groups are ordered and what they are called.

A bucket of numbers, days or dates has its lower end as value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from onepiece_server.sandbox.shotgrid.asked import DATES, NUMBERS
from onepiece_server.sandbox.shotgrid.dates import moved, period_start
from onepiece_server.sandbox.shotgrid.faults import shown
from onepiece_server.sandbox.shotgrid.folding import folded
from onepiece_server.sandbox.shotgrid.link_operators import display_sql
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field
from onepiece_server.sandbox.shotgrid.query import Scope
from onepiece_server.sandbox.shotgrid.summaries import does_not_fit
from onepiece_server.sandbox.shotgrid.values import from_column

_SIZES = {
    "tens": 10,
    "hundreds": 100,
    "thousands": 1_000,
    "tensofthousands": 10_000,
    "hundredsofthousands": 100_000,
    "millions": 1_000_000,
}
_WORKING_DAY = 480  # minutes
_DAYS = {"oneday": 1, "fivedays": 5}
_PERIODS = ("day", "week", "month", "quarter", "year")
GROUPINGS = ("exact", *_SIZES, *_PERIODS, "clustered_date", *_DAYS, "entitytype", "firstletter")
_UNGROUPABLE = frozenset({"image", "summary", "url", "serializable", "password", "tag_list", "jsonb", "pivot_column"})
_LETTERS = frozenset({"text", "list", "status_list", "entity_type", "entity"})

Rank = tuple[Any, ...]


@dataclass(frozen=True)
class Key:
    """One level of groups.

    Attributes:
        columns: what tells its groups apart, in SQL.
        rank: the order of two groups, from their columns; groups without a value come last.
        name: what people call the group with these columns.
    """

    field: Field
    columns: tuple[str, ...]
    descending: bool
    rank: Callable[[tuple[Any, ...]], Rank]
    name: Callable[[Any], str]

    @property
    def is_link(self) -> bool:
        return len(self.columns) > 1


def local_day_sql(scope: Scope, field: Field, column: str) -> str:
    """The day of a date or moment where the site is. A zone other than UTC needs ``local_day`` on the connection."""
    if field.data_type == "date" or scope.zone is UTC:
        return f"substr({column}, 1, 10)"
    return f"local_day({column})"


def grouping_keys(scope: Scope, wanted: Any) -> list[Key]:
    if wanted is None:
        return []
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise scope.fault(f"expected [Array] of [Hash] for 'grouping' but got: {shown(wanted)}")
    return [_key(scope, one) for one in wanted]


def _key(scope: Scope, asked: dict[str, Any]) -> Key:
    kind, direction, path = asked.get("type", "exact"), asked.get("direction", "asc"), asked.get("field")
    if kind not in GROUPINGS:
        raise scope.fault(f"invalid grouping type {shown(kind)}: type must be one of: {', '.join(GROUPINGS)}")
    if direction not in ("asc", "desc"):
        raise scope.fault(f"invalid grouping direction {shown(direction)}: direction must be one of: asc, desc")
    alias, field, rest = scope.step(path)
    if rest or field.is_many or field.data_type in _UNGROUPABLE:
        raise scope.fault(f"Grouping is not allowed for field {field.path}.")
    columns, rank, name = _build(scope, kind, alias, field)
    return Key(field, columns, direction == "desc", rank, name)


_Parts = tuple[tuple[str, ...], Callable[[tuple[Any, ...]], Rank], Callable[[Any], str]]


def _build(scope: Scope, kind: str, alias: str, field: Field) -> _Parts:
    column = scope.column(alias, field)
    if kind == "exact":
        return _exact(alias, field, column)
    if kind in _SIZES and field.data_type in NUMBERS:
        return (_floor(column, _SIZES[kind]),), _plain, _range_name(_SIZES[kind], 1, "")
    if kind in _DAYS and field.data_type == "duration":
        days = _DAYS[kind]
        return (_floor(column, days * _WORKING_DAY),), _plain, _range_name(days, _WORKING_DAY, " days")
    if kind in _PERIODS and field.data_type in DATES:
        return (_period_sql(kind, local_day_sql(scope, field, column)),), _plain, _PERIOD_NAMES.get(kind, str)
    if kind == "clustered_date" and field.data_type in DATES:
        clusters = _clusters(datetime.now(UTC).astimezone(scope.zone).date())
        return (_clustered_sql(clusters, local_day_sql(scope, field, column)),), _cluster_rank, str
    if kind == "entitytype" and field.storage == ENTITY:
        return (f'{alias}."{field.name}__type"',), _plain, str
    if kind == "firstletter" and field.data_type in _LETTERS:
        link = f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"'
        text = display_sql(scope.schema, field, *link) if field.storage == ENTITY else column
        return (f"NULLIF(fold(substr({text}, 1, 1)), '') COLLATE BINARY",), _plain, str.upper
    raise does_not_fit(scope, field, f"grouping type '{kind}'")


def _plain(columns: tuple[Any, ...]) -> Rank:
    return columns


def _exact(alias: str, field: Field, column: str) -> _Parts:
    if field.storage == ENTITY:
        return (f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"'), _plain, str
    if field.valid_values:
        places = {value: place for place, value in enumerate(field.valid_values)}
        return (f"{column} COLLATE BINARY",), lambda key: (places.get(key[0], len(places)), key[0]), str
    if isinstance(from_column(field.data_type), type):  # a checkbox
        return (f"COALESCE({column}, 0)",), _plain, lambda value: str(bool(value)).lower()
    return (f"{column} COLLATE BINARY",), _text_rank, str


def _text_rank(columns: tuple[Any, ...]) -> Rank:
    value = columns[0]
    return (folded(value), value) if isinstance(value, str) else (value,)


def _floor(column: str, size: int) -> str:
    """The largest multiple of ``size`` not above the column; not every SQLite has ``floor``."""
    cut = f"CAST({column} / {size}.0 AS INTEGER)"
    return f"({cut} - ({column} / {size}.0 < {cut})) * {size}"


def _range_name(size: int, unit: int, unit_name: str) -> Callable[[Any], str]:
    """``10 - 19`` for whole numbers, ``5 - 10 days`` for durations."""

    def name(low: Any) -> str:
        first = low // unit
        last = first + size if unit_name else first + size - 1
        return f"{first} - {last}{unit_name}"

    return name


def _period_sql(kind: str, day: str) -> str:
    """The first day of the period that ``day`` is in."""
    if kind == "week":
        return f"date({day}, '-6 days', 'weekday 1')"
    if kind == "quarter":
        quarter = f"(CAST(substr({day}, 6, 2) AS INTEGER) - 1) / 3 * 3 + 1"
        return f"substr({day}, 1, 5) || substr('0' || ({quarter}), -2) || '-01'"
    length, rest = {"day": (10, ""), "month": (7, "-01"), "year": (4, "-01-01")}[kind]
    return f"substr({day}, 1, {length}) || '{rest}'"


_PERIOD_NAMES: dict[str, Callable[[Any], str]] = {
    "week": lambda day: f"Week of {day}",
    "month": lambda day: date.fromisoformat(day).strftime("%B %Y"),
    "quarter": lambda day: f"Q{(int(day[5:7]) + 2) // 3} {day[:4]}",
    "year": lambda day: str(day[:4]),
}

# From the past to the future.
_CLUSTER_ORDER = (
    "Older", "Last Month", "Last Week", "This Month", "This Week", "Yesterday", "Today", "Tomorrow",
    "Next Week", "Next Month", "Later",
)  # fmt: skip


def _clusters(today: date) -> list[tuple[str, date, date]]:
    """Names with the first day and the day after the last: the narrowest first."""
    midnight = datetime.combine(today, datetime.min.time())
    found = [
        (name, today + timedelta(days=shift), today + timedelta(days=shift + 1))
        for name, shift in (("Today", 0), ("Yesterday", -1), ("Tomorrow", 1))
    ]
    for unit in ("WEEK", "MONTH"):
        begin = datetime.combine(period_start(today, unit), midnight.time())
        for word, shift in (("This", 0), ("Last", -1), ("Next", 1)):
            first = moved(begin, shift, unit)
            found.append((f"{word} {unit.title()}", first.date(), moved(first, 1, unit).date()))
    return found


def _clustered_sql(clusters: list[tuple[str, date, date]], day: str) -> str:
    cases = "".join(
        f" WHEN {day} >= '{first.isoformat()}' AND {day} < '{end.isoformat()}' THEN '{name}'"
        for name, first, end in clusters
    )
    today = clusters[0][1].isoformat()
    return f"CASE{cases} WHEN {day} < '{today}' THEN 'Older' WHEN {day} IS NOT NULL THEN 'Later' END"


def _cluster_rank(columns: tuple[Any, ...]) -> Rank:
    return (_CLUSTER_ORDER.index(columns[0]),)
