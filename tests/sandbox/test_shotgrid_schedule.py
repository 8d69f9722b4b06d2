"""work_schedule_read and work_schedule_update."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from shotgun_api3 import Fault

Link = dict[str, Any]

_years = count(2101)


@pytest.fixture
def year() -> int:
    """A year that no other test sets the studio's days of."""
    return next(_years)


@pytest.fixture
def person(sg: Any, project: Link) -> Link:
    made = sg.create("HumanUser", {"login": f"worker{project['id']}", "firstname": "Wo", "lastname": "Rker"})
    return {"type": "HumanUser", "id": made["id"]}


@pytest.mark.wire("work_schedule_read", "the studio works from Monday to Friday")
def test_the_studio_works_from_monday_to_friday(sg: Any):
    week = sg.work_schedule_read("2026-03-02", "2026-03-08")
    assert list(week) == [f"2026-03-0{day}" for day in range(2, 9)]
    assert [day["working"] for day in week.values()] == [True] * 5 + [False] * 2
    assert week["2026-03-07"] == {"working": False, "reason": "STUDIO_WORK_WEEK", "description": None}


@pytest.mark.wire("work_schedule_read", "both ends are part of the range")
def test_a_range_of_one_day_has_one_day(sg: Any):
    assert list(sg.work_schedule_read("2028-02-29", "2028-02-29")) == ["2028-02-29"]


@pytest.mark.wire("work_schedule_update", "an exception of the studio")
def test_an_exception_of_the_studio_counts_for_everybody(sg: Any, project: Link, person: Link, year: int):
    day = f"{year}-01-03"
    assert sg.work_schedule_update(day, False, "Closed <today>") == {
        "date": day,
        "working": False,
        "description": "Closed <today>",
        "project": None,
        "user": None,
    }
    rule = {"working": False, "reason": "STUDIO_EXCEPTION", "description": "Closed <today>"}
    assert sg.work_schedule_read(day, day) == {day: rule}
    assert sg.work_schedule_read(day, day, project, person) == {day: rule}


@pytest.mark.wire("work_schedule_update", "an exception of a project, of a person")
@pytest.mark.wire("work_schedule_read", "a person's rule before the project's before the studio's")
def test_the_nearest_rule_of_a_day_counts(sg: Any, project: Link, person: Link, year: int):
    day = f"{year}-05-10"
    named = {"type": "Project", "id": project["id"], "name": project["name"]}
    sg.work_schedule_update(day, False, "studio")
    told = sg.work_schedule_update(day, True, "project", project)
    assert (told["project"], told["user"]) == (named, None)
    told = sg.work_schedule_update(day, False, "person", user=person)
    assert (told["project"], told["user"]) == (None, {**person, "name": "Wo Rker"})
    told = [
        sg.work_schedule_read(day, day, *scope)[day] for scope in ((), (project,), (None, person), (project, person))
    ]
    assert [(one["reason"], one["working"], one["description"]) for one in told] == [
        ("STUDIO_EXCEPTION", False, "studio"),
        ("PROJECT_EXCEPTION", True, "project"),
        ("USER_EXCEPTION", False, "person"),
        ("USER_EXCEPTION", False, "person"),
    ]


@pytest.mark.wire("work_schedule_update", "a day's rule is replaced by the next one")
def test_a_rule_is_replaced_by_the_next_one_of_the_same_day(sg: Any, project: Link, year: int):
    day = f"{year}-07-01"
    for working in (False, True):
        sg.work_schedule_update(day, working, project=project)
    rule = {"working": True, "reason": "PROJECT_EXCEPTION", "description": None}
    assert sg.work_schedule_read(day, day, project) == {day: rule}


@pytest.mark.wire("work_schedule_read", "a project that is not there has the studio's days")
def test_a_project_that_is_not_there_has_the_days_of_the_studio(sg: Any):
    nobody = {"type": "Project", "id": 999_999_999}
    assert sg.work_schedule_read("2026-03-02", "2026-03-02", nobody)["2026-03-02"]["reason"] == "STUDIO_WORK_WEEK"


@pytest.mark.wire("work_schedule_read", "dates that are none are Faults")
@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("03/02/2026", "2026-03-02", "invalid date"),
        ("2026-02-30", "2026-03-02", "invalid date"),
        ("2026-03-02", "20260303", "invalid date"),
        ("2026-03-02", "2026-03-01", "greater than or equal"),
        ("0001-01-01", "9999-12-31", "at most"),
        ("2026-03-02\0", "2026-03-02", "null byte"),
    ],
)
def test_dates_that_are_none_are_faults(sg: Any, first: str, last: str, words: str):
    with pytest.raises(Fault, match=words):
        sg.work_schedule_read(first, last)


@pytest.mark.wire("work_schedule_update", "what can not be is a Fault")
def test_what_can_not_be_is_a_fault(sg: Any, project: Link, person: Link):
    day = "2026-03-02"
    with pytest.raises(Fault, match="can not be used together"):
        sg.work_schedule_update(day, False, project=project, user=person)
    with pytest.raises(Fault, match="'duration' or 'due_date'"):
        sg.work_schedule_update(day, False, recalculate_field="start_date")
    with pytest.raises(Fault, match="TrueClass, FalseClass"):
        sg.work_schedule_update(day, None)
    with pytest.raises(Fault, match="Couldn't find Project"):
        sg.work_schedule_update(day, False, project={"type": "Project", "id": 999_999_999})
    with pytest.raises(Fault, match="of type Project but got Shot"):
        sg.work_schedule_update(day, False, project={"type": "Shot", "id": 1})
    assert sg.work_schedule_read(day, day)[day]["reason"] == "STUDIO_WORK_WEEK"
