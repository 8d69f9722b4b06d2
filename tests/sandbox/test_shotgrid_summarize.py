"""summarize: every summary type, every grouping type, groups inside groups."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from shotgun_api3 import Fault

from tests.sandbox.conftest import StartSite

Link = dict[str, Any]
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def show(sg: Any) -> Link:
    """A project with three Versions, four Shots and five Tasks."""
    project = sg.create("Project", {"name": "Summaries"})
    shots = [sg.create("Shot", {"project": project, "code": code}) for code in ("b_shot", "A_shot")]
    versions = (
        {"sg_first_frame": 1, "client_approved": True, "sg_status_list": "rev", "entity": shots[0]},
        {"sg_first_frame": 15, "sg_status_list": "rev", "entity": shots[1]},
        {"sg_status_list": "apr", "sg_uploaded_movie_frame_rate": 23.5},
    )
    for number, data in enumerate(versions):
        sg.create("Version", {"project": project, "code": f"v{number}", **data})
    tasks = (
        {"duration": 60, "due_date": date(2026, 1, 31), "entity": shots[0], "sg_status_list": "fin"},
        {"duration": 700, "due_date": date(2026, 2, 1), "entity": shots[0], "sg_status_list": "wtg"},
        {"duration": 2400, "due_date": date(2026, 4, 15), "entity": shots[1], "sg_status_list": "fin"},
        {"due_date": date(2031, 5, 6), "sg_status_list": "na"},
        {"sg_status_list": "na"},
    )
    for number, data in enumerate(tasks):
        sg.create("Task", {"project": project, "content": f"t{number}", **data})
    return project


def summary(sg: Any, show: Link, entity_type: str, field: str, kind: str, **more: Any) -> Any:
    asked = [{"field": field, "type": kind, **more}]
    return sg.summarize(entity_type, [["project", "is", show]], asked)["summaries"][field]


def groups(sg: Any, show: Link, entity_type: str, field: str, kind: str, direction: str = "asc") -> list[Any]:
    """``(name, value, how many rows)`` of each group."""
    grouping = [{"field": field, "type": kind, "direction": direction}]
    count = [{"field": "id", "type": "count"}]
    found = sg.summarize(entity_type, [["project", "is", show]], count, grouping=grouping)
    return [(one["group_name"], one["group_value"], one["summaries"]["id"]) for one in found["groups"]]


@pytest.mark.wire("summarize", "all summary types")
@pytest.mark.parametrize(
    ("entity_type", "field", "kind", "expected"),
    [
        ("Version", "code", "record_count", 3),
        ("Version", "sg_first_frame", "record_count", 3),
        ("Version", "sg_first_frame", "count", 2),
        ("Version", "entity", "count", 2),
        ("Version", "playlists", "count", 0),
        ("Shot", "sg_versions", "count", 2),
        ("Version", "sg_first_frame", "sum", 16),
        ("Version", "sg_first_frame", "maximum", 15),
        ("Version", "sg_first_frame", "minimum", 1),
        ("Version", "sg_first_frame", "average", 8.0),
        ("Version", "frame_count", "sum", 0),
        ("Version", "frame_count", "maximum", None),
        ("Version", "frame_count", "average", None),
        ("Version", "sg_uploaded_movie_frame_rate", "sum", 23.5),
        ("Task", "duration", "sum", 3160),
        ("Task", "due_date", "earliest", "2026-01-31"),
        ("Task", "due_date", "latest", "2031-05-06"),
        ("Version", "client_approved", "checked", 1),
        ("Version", "client_approved", "unchecked", 2),
        ("Version", "client_approved", "percentage", 33),
        ("Version", "sg_status_list", "status_list", "ip"),
        ("Task", "sg_status_list", "status_list", "ip"),
        ("Version", "sg_task.Task.duration", "sum", 0),
        ("Version", "entity.Shot.code", "count", 2),
        ("Task", "entity.Shot.created_at", "earliest", "today"),
    ],
)
def test_a_summary_tells(sg: Any, show: Link, entity_type: str, field: str, kind: str, expected: Any):
    told = summary(sg, show, entity_type, field, kind)
    if expected == "today":
        assert abs(told - datetime.now(UTC)) < timedelta(hours=1)
    else:
        assert told == expected


@pytest.mark.wire("summarize", "shares of rows that have a value")
def test_a_percentage_is_of_the_value_asked_for(sg: Any, show: Link):
    assert summary(sg, show, "Version", "sg_status_list", "status_percentage", value="rev") == 67
    assert summary(sg, show, "Version", "sg_status_list", "status_percentage", value="apr") == 33
    assert summary(sg, show, "Version", "sg_status_list", "status_percentage", value="vwd") == 0
    told = summary(sg, show, "Version", "sg_status_list", "status_percentage_as_float", value="rev")
    assert told == pytest.approx(200 / 3)
    assert summary(sg, show, "Version", "client_approved", "percentage", value="unchecked") == 67
    assert summary(sg, show, "Version", "sg_first_frame", "percentage", value=15) == 33
    # Tasks that are not to be done do not count.
    assert summary(sg, show, "Task", "sg_status_list", "status_percentage", value="fin") == 67


@pytest.mark.wire("summarize", "one status for many")
def test_one_status_stands_for_those_that_agree(sg: Any, show: Link):
    def status(*filters: Any) -> str:
        asked = [{"field": "sg_status_list", "type": "status_list"}]
        return sg.summarize("Task", [["project", "is", show], *filters], asked)["summaries"]["sg_status_list"]

    assert status(["sg_status_list", "in", ["fin", "na"]]) == "fin"
    assert status(["sg_status_list", "is", "na"]) == "na"
    assert status(["id", "is", 0]) == "na"
    nothing = [{"field": "sg_status_list", "type": "status_percentage", "value": "fin"}]
    assert sg.summarize("Task", [["id", "is", 0]], nothing)["summaries"] == {"sg_status_list": -1}


@pytest.mark.wire("summarize", "the last of two summaries of a field counts")
def test_a_field_has_one_summary(sg: Any, show: Link):
    asked = [{"field": "id", "type": "maximum"}, {"field": "code", "type": "count"}, {"field": "id", "type": "count"}]
    assert sg.summarize("Version", [["project", "is", show]], asked)["summaries"] == {"id": 3, "code": 3}


@pytest.mark.wire("summarize", "all grouping types")
@pytest.mark.parametrize(
    ("entity_type", "field", "kind", "expected"),
    [
        ("Version", "sg_first_frame", "exact", [("1", 1, 1), ("15", 15, 1), ("", None, 1)]),
        ("Version", "sg_status_list", "exact", [("rev", "rev", 2), ("apr", "apr", 1)]),
        ("Version", "client_approved", "exact", [("false", False, 2), ("true", True, 1)]),
        ("Version", "code", "exact", [("v0", "v0", 1), ("v1", "v1", 1), ("v2", "v2", 1)]),
        ("Version", "sg_first_frame", "tens", [("0 - 9", 0, 1), ("10 - 19", 10, 1), ("", None, 1)]),
        ("Version", "sg_first_frame", "hundreds", [("0 - 99", 0, 2), ("", None, 1)]),
        ("Version", "sg_first_frame", "thousands", [("0 - 999", 0, 2), ("", None, 1)]),
        ("Version", "sg_first_frame", "tensofthousands", [("0 - 9999", 0, 2), ("", None, 1)]),
        ("Version", "sg_first_frame", "hundredsofthousands", [("0 - 99999", 0, 2), ("", None, 1)]),
        ("Version", "sg_first_frame", "millions", [("0 - 999999", 0, 2), ("", None, 1)]),
        ("Version", "sg_uploaded_movie_frame_rate", "tens", [("20 - 29", 20, 1), ("", None, 2)]),
        (
            "Task",
            "duration",
            "oneday",
            [("0 - 1 days", 0, 1), ("1 - 2 days", 480, 1), ("5 - 6 days", 2400, 1), ("", None, 2)],
        ),
        ("Task", "duration", "fivedays", [("0 - 5 days", 0, 2), ("5 - 10 days", 2400, 1), ("", None, 2)]),
        ("Version", "entity", "entitytype", [("Shot", "Shot", 2), ("", None, 1)]),
        ("Version", "entity", "firstletter", [("A", "a", 1), ("B", "b", 1), ("", None, 1)]),
        ("Version", "code", "firstletter", [("V", "v", 3)]),
    ],
)
def test_rows_are_grouped(sg: Any, show: Link, entity_type: str, field: str, kind: str, expected: list[Any]):
    assert groups(sg, show, entity_type, field, kind) == expected
    with_value = [group for group in expected if group[1] is not None]
    # Rows without a value come last in either direction.
    assert groups(sg, show, entity_type, field, kind, "desc") == [*reversed(with_value), *expected[len(with_value) :]]


@pytest.mark.wire("summarize", "groups of days, weeks, months, quarters and years")
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("day", [("2026-01-31", "2026-01-31"), ("2026-02-01", "2026-02-01"), ("2026-04-15", "2026-04-15")]),
        ("week", [("Week of 2026-01-26", "2026-01-26"), ("Week of 2026-04-13", "2026-04-13")]),
        ("month", [("January 2026", "2026-01-01"), ("February 2026", "2026-02-01"), ("April 2026", "2026-04-01")]),
        ("quarter", [("Q1 2026", "2026-01-01"), ("Q2 2026", "2026-04-01")]),
        ("year", [("2026", "2026-01-01")]),
    ],
)
def test_days_are_grouped(sg: Any, show: Link, kind: str, expected: list[tuple[str, str]]):
    filters = [["project", "is", show], ["due_date", "less_than", date(2026, 5, 1)]]
    count = [{"field": "id", "type": "count"}]
    found = sg.summarize("Task", filters, count, grouping=[{"field": "due_date", "type": kind}])["groups"]
    assert [(one["group_name"], one["group_value"]) for one in found] == expected


@pytest.mark.wire("summarize", "groups of days around today")
def test_days_are_clustered_around_today(sg: Any, project: Link):
    for days in (-400, -1, 0, 1, 400):
        sg.create("Task", {"project": project, "content": "t", "due_date": TODAY + timedelta(days=days)})
    found = groups(sg, project, "Task", "due_date", "clustered_date")
    assert [name for name, _, _ in found] == ["Older", "Yesterday", "Today", "Tomorrow", "Later"]


@pytest.mark.wire("summarize", "groups inside groups")
def test_groups_are_nested(sg: Any, show: Link):
    grouping = [
        {"field": "sg_status_list", "type": "exact", "direction": "desc"},
        {"field": "entity", "type": "exact", "direction": "asc"},
        {"field": "client_approved", "type": "exact"},
    ]
    asked = [{"field": "id", "type": "count"}, {"field": "sg_first_frame", "type": "sum"}]
    found = sg.summarize("Version", [["project", "is", show]], asked, grouping=grouping)
    assert found["summaries"] == {"id": 3, "sg_first_frame": 16}
    approved, review = found["groups"]
    assert (review["group_value"], review["summaries"]) == ("rev", {"id": 2, "sg_first_frame": 16})
    assert [(one["group_name"], one["summaries"]["id"]) for one in review["groups"]] == [("A_shot", 1), ("b_shot", 1)]
    link = review["groups"][0]["group_value"]
    assert {"type": "Shot", "name": "A_shot", "valid": "valid"}.items() <= link.items()
    (nothing,) = approved["groups"]
    assert (nothing["group_name"], nothing["group_value"]) == ("", None)
    (leaf,) = nothing["groups"]
    assert "groups" not in leaf


@pytest.mark.wire("summarize", "groups by fields of linked rows")
def test_fields_of_linked_rows_are_grouped_by(sg: Any, show: Link):
    assert groups(sg, show, "Version", "entity.Shot.code", "exact") == [
        ("A_shot", "A_shot", 1),
        ("b_shot", "b_shot", 1),
        ("", None, 1),
    ]


@pytest.mark.wire("summarize", "rows of archived projects can be left out")
def test_archived_projects_can_be_left_out(sg: Any, project: Link):
    sg.create("Shot", {"project": project, "code": "s"})
    sg.update("Project", project["id"], {"archived": True})
    asked = [{"field": "id", "type": "count"}]
    here = [["project", "is", project]]
    assert sg.summarize("Shot", here, asked)["summaries"]["id"] == 1
    assert sg.summarize("Shot", here, asked, include_archived_projects=False)["summaries"]["id"] == 0


@pytest.mark.wire("summarize", "days are those of the site's time zone")
def test_days_are_those_where_the_site_is(start_site: StartSite, tmp_path: Path):
    """At the edges of daylight saving: in Los Angeles the clocks went forward on 8 March 2026, at 10:00 UTC."""
    sg = start_site(tmp_path, "--time-zone", "America/Los_Angeles").client()
    project = sg.create("Project", {"name": "Days"})
    for hour in ("2026-03-08T07:59:59", "2026-03-08T08:00:00", "2026-03-09T06:59:59", "2026-03-09T07:00:00"):
        moment = datetime.fromisoformat(hour).replace(tzinfo=UTC)
        sg.create("Version", {"project": project, "code": hour, "media_center_import_time": moment})
    found = groups(sg, project, "Version", "media_center_import_time", "day")
    assert [(day, count) for day, _, count in found] == [("2026-03-07", 1), ("2026-03-08", 2), ("2026-03-09", 1)]


@pytest.mark.wire("summarize", "what cannot be summarized is a fault")
@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ({"field": "code", "type": "sum"}, r"Version\.code's 'text' data type doesn't support the summary type 'sum'"),
        ({"field": "sg_first_frame", "type": "earliest"}, "doesn't support the summary type 'earliest'"),
        ({"field": "created_at", "type": "maximum"}, "doesn't support the summary type 'maximum'"),
        ({"field": "sg_first_frame", "type": "checked"}, "doesn't support the summary type 'checked'"),
        ({"field": "sg_first_frame", "type": "status_list"}, "doesn't support the summary type 'status_list'"),
        ({"field": "sg_uploaded_movie", "type": "percentage"}, "doesn't support the summary type 'percentage'"),
        ({"field": "id", "type": "median"}, "type must be one of: record_count, count, sum"),
        ({"field": "id"}, "type must be one of"),
        ({"field": "nope", "type": "count"}, r"Version\.nope doesn't exist"),
        ({"field": "playlists.Playlist.code", "type": "count"}, "leads through several entities"),
        ({"type": "count"}, "invalid/missing string 'path'"),
        ({"field": "sg_first_frame", "type": "percentage", "value": 2.5}, r"expected \[String, Integer, NilClass\]"),
        ({"field": "sg_status_list", "type": "status_percentage", "value": 3}, "summary 'value' expected"),
        ({"field": "client_approved", "type": "percentage", "value": {"a": 1}}, r"expected \[String, FalseClass"),
    ],
)
def test_what_does_not_fit_a_summary_is_a_fault(sg: Any, summary: Link, words: str):
    with pytest.raises(Fault, match=rf"^API summarize\(\) .*{words}"):
        sg.summarize("Version", [], [summary])


@pytest.mark.wire("summarize", "what cannot be grouped by is a fault")
@pytest.mark.parametrize(
    ("grouping", "words"),
    [
        ({"field": "image", "type": "exact"}, r"Grouping is not allowed for field Version\.image\."),
        ({"field": "playlists", "type": "exact"}, r"Grouping is not allowed for field Version\.playlists\."),
        ({"field": "sg_uploaded_movie", "type": "exact"}, "Grouping is not allowed"),
        ({"field": "code", "type": "tens"}, "doesn't support the grouping type 'tens'"),
        ({"field": "sg_first_frame", "type": "month"}, "doesn't support the grouping type 'month'"),
        ({"field": "sg_first_frame", "type": "oneday"}, "doesn't support the grouping type 'oneday'"),
        ({"field": "code", "type": "entitytype"}, "doesn't support the grouping type 'entitytype'"),
        ({"field": "sg_first_frame", "type": "firstletter"}, "doesn't support the grouping type 'firstletter'"),
        ({"field": "code", "type": "decade"}, "type must be one of: exact, tens, hundreds"),
        ({"field": "code", "type": "exact", "direction": "up"}, "direction must be one of: asc, desc"),
        ({"field": "nope", "type": "exact"}, r"Version\.nope doesn't exist"),
    ],
)
def test_what_cannot_be_grouped_by_is_a_fault(sg: Any, grouping: Link, words: str):
    with pytest.raises(Fault, match=rf"^API summarize\(\) .*{words}"):
        sg.summarize("Version", [], [{"field": "id", "type": "count"}], grouping=[grouping])


def test_a_filter_of_a_summary_says_whose_it_is(sg: Any):
    with pytest.raises(Fault, match=r"^API summarize\(\) Version\.code's 'text' data type doesn't support 'near'"):
        sg.summarize("Version", [["code", "near", "x"]], [{"field": "id", "type": "count"}])
