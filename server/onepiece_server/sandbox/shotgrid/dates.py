"""Ranges of the relative date operators. Days, weeks (from Monday), months and years are those of UTC."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Any

from onepiece_server.sandbox.shotgrid.faults import Fault, type_fault
from onepiece_server.sandbox.shotgrid.model import Field

_FAR = 100_000  # further than this no calendar goes
_UNITS = ("HOUR", "DAY", "WEEK", "MONTH", "YEAR")


def now_text() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def relative_range(field: Field, values: list[Any], direction: int) -> tuple[str, str]:
    """First and last moment (both included) of ``in_last`` (-1) and ``in_next`` (1)."""
    if len(values) != 2 or not isinstance(values[1], str) or values[1].upper() not in _UNITS:
        raise Fault(f"API read() {field.path} expected [count, {'|'.join(_UNITS)}] but got {values!r:.100}")
    count, unit = values[0], values[1].upper()
    if isinstance(count, bool) or not isinstance(count, int):
        raise type_fault("read", field.path, ["Integer"], count)
    now = datetime.now(UTC)
    try:
        other = _moved(now, direction * max(min(count, _FAR), -_FAR), unit)
    except (OverflowError, ValueError) as error:
        raise Fault(f"API read() {field.path}: {count} {unit} is out of range") from error
    first, last = sorted((now, other))
    return _kept(field, first), _kept(field, last)


def calendar_range(field: Field, offset: Any, unit: str) -> tuple[str, str]:
    """First moment of a calendar day, week, month or year and of the one after it; 0 is the present one."""
    if isinstance(offset, bool) or not isinstance(offset, int):
        raise type_fault("read", field.path, ["Integer"], offset)
    today = datetime.now(UTC).date()
    starts = {
        "DAY": today,
        "WEEK": today - timedelta(days=today.weekday()),
        "MONTH": today.replace(day=1),
        "YEAR": today.replace(month=1, day=1),
    }
    begin = datetime(*starts[unit].timetuple()[:3], tzinfo=UTC)
    try:
        first = _moved(begin, max(min(offset, _FAR), -_FAR), unit)
        return _kept(field, first), _kept(field, _moved(first, 1, unit))
    except (OverflowError, ValueError) as error:
        raise Fault(f"API read() {field.path}: offset {offset} is out of range") from error


def _moved(moment: datetime, count: int, unit: str) -> datetime:
    if unit in ("HOUR", "DAY", "WEEK"):
        return moment + timedelta(hours=count * {"HOUR": 1, "DAY": 24, "WEEK": 168}[unit])
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "YEAR" else 1)
    year, month = divmod(months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _kept(field: Field, moment: datetime) -> str:
    if field.data_type == "date":
        return date(moment.year, moment.month, moment.day).isoformat()
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
