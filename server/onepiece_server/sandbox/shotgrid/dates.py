"""Ranges of the relative date operators.

Days, weeks (from Monday), months and years are those of the site's time zone. ``in_last`` and ``in_next`` of a time
count from this moment on.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onepiece_server.sandbox.shotgrid.asked import Condition, told
from onepiece_server.sandbox.shotgrid.faults import shown

UNITS = ("HOUR", "DAY", "WEEK", "MONTH", "YEAR")
_FAR = 100_000  # further than this no calendar goes
_HOURS = {"HOUR": 1, "DAY": 24, "WEEK": 168}


def now_text() -> str:
    return told(datetime.now(UTC))


def site_zone(name: str) -> tzinfo:
    """The time zone with this IANA name.

    Raises:
        ValueError: there is none, or this machine has no data about time zones.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"no time zone {name!r}: expected an IANA name like Europe/Berlin "
            "(Windows has none of its own: pip install tzdata)"
        ) from error


def relative_range(condition: Condition, direction: int, now: datetime) -> tuple[str, str]:
    """First and last moment (both included) of ``in_last`` (-1) and ``in_next`` (1)."""
    count, unit = condition.several(2)
    if unit not in UNITS:
        raise condition.fault(
            f"'{condition.relation}' 'relation' doesn't support the '{str(unit)[:40]}' time unit: "
            f"{shown(condition.values)}\nValid time units: {shown(list(UNITS))}"
        )
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise condition.fault(
            f"'{condition.relation}' 'relation' expects a positive Integer time unit: {shown(condition.values)}"
        )
    is_date = condition.field.data_type == "date"
    steps = direction * min(count, _FAR)
    try:
        if is_date:
            edges = sorted((now.astimezone(condition.zone).date(), local_day(now, steps, unit, condition.zone)))
            return edges[0].isoformat(), edges[1].isoformat()
        first, last = sorted((now, moved(now, steps, unit)))
        return told(first), told(last)
    except (OverflowError, ValueError) as error:
        raise condition.fault(f"{condition.field.path}: {count} {unit} is out of range") from error


def local_day(now: datetime, steps: int, unit: str, zone: tzinfo) -> date:
    """The day ``steps`` units away from today in ``zone``; hours are real ones, all others are the calendar's."""
    if unit == "HOUR":
        return (now + timedelta(hours=steps)).astimezone(zone).date()
    return moved(now.astimezone(zone).replace(tzinfo=None), steps, unit).date()


def calendar_range(condition: Condition, unit: str, now: datetime) -> tuple[str, str]:
    """First moment of a calendar day, week, month or year and of the one after it; 0 is the present one."""
    offset = condition.one()
    if isinstance(offset, bool) or not isinstance(offset, int):
        raise condition.wrong_type(["Integer"], offset)
    try:
        first = period_start(now.astimezone(condition.zone).date(), unit)
        begin = moved(datetime.combine(first, datetime.min.time()), max(min(offset, _FAR), -_FAR), unit)
        edges = begin, moved(begin, 1, unit)
        if condition.field.data_type == "date":
            return edges[0].date().isoformat(), edges[1].date().isoformat()
        first_moment, next_moment = (edge.replace(tzinfo=condition.zone).astimezone(UTC) for edge in edges)
        return told(first_moment), told(next_moment)
    except (OverflowError, ValueError) as error:
        raise condition.fault(f"{condition.field.path}: offset {offset} is out of range") from error


def period_start(day: date, unit: str) -> date:
    """The first day of the day's week, month or year."""
    if unit == "WEEK":
        return day - timedelta(days=day.weekday())
    if unit == "MONTH":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "YEAR" else day


def moved(moment: datetime, count: int, unit: str) -> datetime:
    """``moment`` moved by hours, days, weeks, months or years; the 31st becomes the month's last day."""
    if unit in _HOURS:
        return moment + timedelta(hours=count * _HOURS[unit])
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "YEAR" else 1)
    year, month = divmod(months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
