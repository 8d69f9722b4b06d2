"""Relative dates: ranges at the edges of months, years and daylight saving, and the site's time zone on the wire."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from onepiece_server.sandbox.shotgrid.asked import Condition
from onepiece_server.sandbox.shotgrid.dates import calendar_range, relative_range, site_zone
from onepiece_server.sandbox.shotgrid.model import Field
from tests.sandbox.conftest import StartSite

LOS_ANGELES = "America/Los_Angeles"


def condition(data_type: str, relation: str, values: list[Any], zone: str) -> Condition:
    field = Field("Task", "moment", data_type, "Moment")
    return Condition("read", "moment", field, relation, values, site_zone(zone))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.wire("read", "calendar days, weeks, months and years of the site's time zone")
@pytest.mark.parametrize(
    ("zone", "now", "unit", "offset", "first", "end"),
    [
        ("UTC", "2026-03-04T23:59:59Z", "DAY", 0, "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"),
        # The day on which the clocks go forward has 23 hours, the one on which they go back 25.
        (LOS_ANGELES, "2026-03-08T20:00:00Z", "DAY", 0, "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"),
        (LOS_ANGELES, "2026-11-01T20:00:00Z", "DAY", 0, "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
        (LOS_ANGELES, "2026-03-08T07:59:59Z", "DAY", 0, "2026-03-07T08:00:00Z", "2026-03-08T08:00:00Z"),
        (LOS_ANGELES, "2026-03-07T20:00:00Z", "DAY", 2, "2026-03-09T07:00:00Z", "2026-03-10T07:00:00Z"),
        (LOS_ANGELES, "2026-03-04T20:00:00Z", "WEEK", 0, "2026-03-02T08:00:00Z", "2026-03-09T07:00:00Z"),
        (LOS_ANGELES, "2026-03-04T20:00:00Z", "MONTH", 0, "2026-03-01T08:00:00Z", "2026-04-01T07:00:00Z"),
        (LOS_ANGELES, "2026-01-01T07:00:00Z", "YEAR", 0, "2025-01-01T08:00:00Z", "2026-01-01T08:00:00Z"),
        # Here the clocks go forward at midnight: the day begins at one.
        ("Asia/Beirut", "2026-03-29T12:00:00Z", "DAY", 0, "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"),
        ("Europe/Berlin", "2026-01-31T12:00:00Z", "MONTH", 1, "2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z"),
        ("Europe/Berlin", "2026-01-31T12:00:00Z", "MONTH", -2, "2025-10-31T23:00:00Z", "2025-11-30T23:00:00Z"),
        ("Europe/Berlin", "2025-12-31T23:30:00Z", "YEAR", 0, "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"),
        ("Pacific/Kiritimati", "2026-03-01T11:00:00Z", "WEEK", 0, "2026-03-01T10:00:00Z", "2026-03-08T10:00:00Z"),
    ],
)
def test_a_calendar_range_is_the_sites(zone: str, now: str, unit: str, offset: int, first: str, end: str):
    asked = condition("date_time", f"in_calendar_{unit.lower()}", [offset], zone)
    assert calendar_range(asked, unit, moment(now)) == (first, end)


@pytest.mark.parametrize(
    ("zone", "now", "values", "direction", "expected"),
    [
        ("UTC", "2026-03-31T12:00:00Z", [1, "MONTH"], -1, ("2026-02-28", "2026-03-31")),
        ("UTC", "2024-02-29T12:00:00Z", [1, "YEAR"], 1, ("2024-02-29", "2025-02-28")),
        ("UTC", "2026-03-04T00:30:00Z", [1, "HOUR"], -1, ("2026-03-03", "2026-03-04")),
        (LOS_ANGELES, "2026-03-09T06:30:00Z", [1, "DAY"], -1, ("2026-03-07", "2026-03-08")),
        (LOS_ANGELES, "2026-03-09T06:30:00Z", [1, "HOUR"], 1, ("2026-03-08", "2026-03-09")),
        # 24 hours are not a day when the clocks change.
        (LOS_ANGELES, "2026-03-09T07:30:00Z", [24, "HOUR"], -1, ("2026-03-07", "2026-03-09")),
        (LOS_ANGELES, "2026-03-09T07:30:00Z", [1, "DAY"], -1, ("2026-03-08", "2026-03-09")),
        ("Pacific/Kiritimati", "2026-03-01T11:00:00Z", [1, "WEEK"], 1, ("2026-03-02", "2026-03-09")),
    ],
)
def test_relative_days_are_the_sites(zone: str, now: str, values: list[Any], direction: int, expected: tuple[str, str]):
    assert relative_range(condition("date", "in_last", values, zone), direction, moment(now)) == expected


def test_relative_times_count_from_this_moment():
    asked = condition("date_time", "in_last", [1, "DAY"], LOS_ANGELES)
    expected = "2026-03-08T07:30:00Z", "2026-03-09T07:30:00Z"
    assert relative_range(asked, -1, moment("2026-03-09T07:30:00.900Z")) == expected


@pytest.mark.wire("read", "today is where the site is")
def test_today_is_where_the_site_is(start_site: StartSite, tmp_path: Path):
    """Kiritimati is 14 hours ahead, Pago Pago 11 behind: it is never the same day in both."""
    days = {}
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        sg = start_site(tmp_path / zone.replace("/", "_"), "--time-zone", zone, "--empty").client()
        project = sg.create("Project", {"name": "Days"})
        today = datetime.now(ZoneInfo(zone)).date()
        for shift in (-1, 0, 1):
            day = today + timedelta(days=shift)
            sg.create("Task", {"project": project, "content": day.isoformat(), "due_date": day})
        for asked in (["due_date", "in_calendar_day", 0], ["due_date", "in_next", 1, "HOUR"]):
            found = [task["content"] for task in sg.find("Task", [asked], ["content"])]
            assert found[0] == today.isoformat()
        days[zone] = today
        (version,) = [sg.create("Version", {"project": project, "code": "v"})]
        assert [row["id"] for row in sg.find("Version", [["created_at", "in_calendar_day", 0]])] == [version["id"]]
        assert sg.find("Version", [["created_at", "in_calendar_day", -1]]) == []
    assert len(set(days.values())) == 2


def test_a_zone_that_does_not_exist_is_told_at_the_start(tmp_path: Path):
    (tmp_path / "key").write_text("key")
    module = "onepiece_server.sandbox.shotgrid"
    options = ["--dir", str(tmp_path / "site"), "--script", "s", "--key-file", str(tmp_path / "key")]
    for zone in ("Atlantis/Capital", "../etc/passwd", ""):
        done = subprocess.run(
            [sys.executable, "-m", module, *options, "--time-zone", zone],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 2
        assert f"no time zone {zone!r}: expected an IANA name like Europe/Berlin" in done.stderr
        assert "Traceback" not in done.stderr
