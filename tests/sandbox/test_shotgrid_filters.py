"""Every filter operator of every data type, asked through the unmodified client.

One table: the rows of a project, then ``field operator value -> which rows``. ``{name}`` stands for a linked row.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()


@pytest.fixture(scope="module")
def rows(sg: Any) -> dict[str, Any]:
    """Three Versions: ``a`` and ``b`` with values, ``none`` with as few as possible, and what they link to."""
    project = sg.create("Project", {"name": "Filters"})
    made: dict[str, Any] = {"project": project}
    for name in ("one", "two"):
        made[name] = sg.create("Shot", {"project": project, "code": f"Shot_{name}"})
    made["asset"] = sg.create("Asset", {"project": project, "code": "Straße"})
    made["playlist"] = sg.create("Playlist", {"project": project, "code": "Dailies Monday"})
    made["other_list"] = sg.create("Playlist", {"project": project, "code": "Client"})
    made["tag"] = sg.create("Tag", {"name": "Filters hero"})
    full = {
        "a": {
            "code": "Comp_v001",
            "description": "a < b, 100% done_x",
            "sg_first_frame": 1001,
            "sg_uploaded_movie_frame_rate": 23.976,
            "client_approved": True,
            "sg_status_list": "rev",
            "sg_version_type": "Dailies",
            "entity": made["one"],
            "media_center_import_time": NOW - timedelta(hours=3),
            "playlists": [made["playlist"], made["other_list"]],
            "tags": [made["tag"]],
        },
        "b": {
            "code": "ÅNGSTRÖM",
            "description": "second",
            "sg_first_frame": 990,
            "sg_uploaded_movie_frame_rate": 24.0,
            "sg_status_list": "apr",
            "sg_version_type": "Client",
            "entity": made["asset"],
            "media_center_import_time": NOW + timedelta(days=40),
            "playlists": [made["other_list"]],
        },
        "none": {"code": "zzz", "sg_status_list": None},
    }
    for name, data in full.items():
        made[name] = sg.create("Version", {"project": project, **data})
    tasks = {
        "a": {"start_date": TODAY - timedelta(days=1), "duration": 480, "entity": made["one"]},
        "b": {"start_date": TODAY + timedelta(days=400), "duration": 60, "entity": made["two"]},
        "none": {},
    }
    made["tasks"] = {
        name: sg.create("Task", {"project": project, "content": name, **data}) for name, data in tasks.items()
    }
    return made


def case(field: str, relation: str, *values: Any, found: str) -> Any:
    shown = ",".join(str(value) for value in values)
    return pytest.param(field, relation, values, found.split(), id=f"{field} {relation} {shown}")


TEXT = [
    case("code", "is", "comp_V001", found="a"),
    case("code", "is", "ångström", found="b"),
    case("code", "is_not", "Comp_v001", found="b none"),
    case("code", "contains", "OMP", found="a"),
    case("code", "contains", "gströ", found="b"),
    case("code", "not_contains", "omp", found="b none"),
    case("code", "starts_with", "COMP", found="a"),
    case("code", "starts_with", "ån", found="b"),
    case("code", "ends_with", "V001", found="a"),
    case("code", "ends_with", "röm", found="b"),
    case("code", "in", ["comp_v001", "ZZZ"], found="a none"),
    case("code", "in", ["ångström"], found="b"),
    case("code", "not_in", ["comp_v001", "zzz"], found="b"),
    case("description", "is", None, found="none"),
    case("description", "is_not", None, found="a b"),
    case("description", "is", "A < B, 100% DONE_X", found="a"),
    case("description", "contains", "<", found="a"),
    case("description", "contains", "100%", found="a"),
    case("description", "contains", "e_x", found="a"),
    case("description", "contains", "s%d", found=""),
    case("description", "not_contains", "second", found="a none"),
    case("description", "in", [None, "second"], found="b none"),
    case("description", "not_in", [None, "second"], found="a"),
]
NUMBER = [
    case("sg_first_frame", "is", 1001, found="a"),
    case("sg_first_frame", "is_not", 1001, found="b none"),
    case("sg_first_frame", "is", None, found="none"),
    case("sg_first_frame", "less_than", 1001, found="b"),
    case("sg_first_frame", "greater_than", 990, found="a"),
    case("sg_first_frame", "between", 990, 1001, found="a b"),
    case("sg_first_frame", "between", [991, 1001], found="a"),
    case("sg_first_frame", "not_between", [991, 1001], found="b none"),
    case("sg_first_frame", "in", [990, 3], found="b"),
    case("sg_first_frame", "in", list(range(900, 2000)), found="a b"),
    case("sg_first_frame", "not_in", [990, 3], found="a none"),
    case("sg_first_frame", "greater_than", 10**30, found=""),
]
FLOAT = [
    case("sg_uploaded_movie_frame_rate", "is", 23.976, found="a"),
    case("sg_uploaded_movie_frame_rate", "is", 24, found="b"),
    case("sg_uploaded_movie_frame_rate", "is_not", 24, found="a none"),
    case("sg_uploaded_movie_frame_rate", "less_than", 24.0, found="a"),
    case("sg_uploaded_movie_frame_rate", "greater_than", 23.976, found="b"),
    case("sg_uploaded_movie_frame_rate", "between", [23.0, 23.98], found="a"),
    case("sg_uploaded_movie_frame_rate", "in", [24.0, None], found="b none"),
    case("sg_uploaded_movie_frame_rate", "not_in", [24.0], found="a none"),
]
CHOICES = [
    case("client_approved", "is", True, found="a"),
    case("client_approved", "is", False, found="b none"),
    case("client_approved", "is_not", True, found="b none"),
    case("sg_status_list", "is", "rev", found="a"),
    case("sg_status_list", "is_not", "rev", found="b none"),
    case("sg_status_list", "is", None, found="none"),
    case("sg_status_list", "in", ["rev", "apr"], found="a b"),
    case("sg_status_list", "not_in", ["rev", "apr"], found="none"),
    case("sg_version_type", "is", "Client", found="b"),
    case("sg_version_type", "is_not", "Client", found="a none"),
    case("sg_version_type", "in", ["Dailies", None], found="a none"),
    case("sg_version_type", "not_in", ["Dailies"], found="b none"),
    case("image", "is", None, found="a b none"),
    case("image", "is_not", None, found=""),
]
DATE_TIME = [
    case("media_center_import_time", "is", NOW - timedelta(hours=3), found="a"),
    case("media_center_import_time", "is_not", NOW - timedelta(hours=3), found="b none"),
    case("media_center_import_time", "is", None, found="none"),
    case("media_center_import_time", "greater_than", NOW, found="b"),
    case("media_center_import_time", "less_than", NOW, found="a"),
    case("media_center_import_time", "between", [NOW - timedelta(days=1), NOW + timedelta(days=1)], found="a"),
    case("media_center_import_time", "not_between", [NOW - timedelta(days=1), NOW + timedelta(days=1)], found="b none"),
    case("media_center_import_time", "in", [NOW - timedelta(hours=3)], found="a"),
    case("media_center_import_time", "not_in", [NOW - timedelta(hours=3)], found="b none"),
    case("media_center_import_time", "in_last", 4, "HOUR", found="a"),
    case("media_center_import_time", "in_last", [2, "HOUR"], found=""),
    case("media_center_import_time", "in_last", [1, "YEAR"], found="a"),
    case("media_center_import_time", "not_in_last", [4, "HOUR"], found="b none"),
    case("media_center_import_time", "in_next", [2, "MONTH"], found="b"),
    case("media_center_import_time", "in_next", [6, "WEEK"], found="b"),
    case("media_center_import_time", "in_next", [39, "DAY"], found=""),
    case("media_center_import_time", "not_in_next", [2, "MONTH"], found="a none"),
]
ENTITY = [
    case("entity", "is", "{one}", found="a"),
    case("entity", "is_not", "{one}", found="b none"),
    case("entity", "is", None, found="none"),
    case("entity", "is_not", None, found="a b"),
    case("entity", "in", ["{one}", "{asset}"], found="a b"),
    case("entity", "in", ["{one}", None], found="a none"),
    case("entity", "not_in", ["{one}"], found="b none"),
    case("entity", "type_is", "Asset", found="b"),
    case("entity", "type_is_not", "Asset", found="a none"),
    case("entity", "name_is", "shot_ONE", found="a"),
    case("entity", "name_contains", "raß", found="b"),
    case("entity", "name_not_contains", "shot", found="b none"),
]
MULTI_ENTITY = [
    case("playlists", "is", "{playlist}", found="a"),
    case("playlists", "is_not", "{playlist}", found="b none"),
    case("playlists", "is", None, found="none"),
    case("playlists", "is_not", None, found="a b"),
    case("playlists", "in", ["{playlist}", "{other_list}"], found="a b"),
    case("playlists", "not_in", ["{playlist}"], found="b none"),
    case("playlists", "contains", "{playlist}", found="a"),
    case("playlists", "not_contains", "{playlist}", found="b none"),
    case("playlists", "type_is", "Playlist", found="a b"),
    case("playlists", "type_is_not", "Playlist", found="none"),
    case("playlists", "name_contains", "monday", found="a"),
    case("playlists", "name_not_contains", "monday", found="b none"),
    case("playlists", "name_is", "client", found="a b"),
    case("playlists", "name_starts_with", "dail", found="a"),
    case("playlists", "name_ends_with", "MONDAY", found="a"),
    case("tags", "name_is", "filters hero", found="a"),
    case("tags", "is", None, found="b none"),
]
DEEP = [
    case("entity.Shot.code", "is", "shot_one", found="a"),
    case("entity.Shot.code", "is", None, found="b none"),
    case("entity.Asset.project.Project.name", "is", "filters", found="b"),
    case("playlists.Playlist.code", "starts_with", "dailies", found="a"),
    case("playlists.Playlist.versions.Version.code", "is", "comp_v001", found="a b"),
    case("playlists.Playlist.versions.Version.entity.Asset.code", "contains", "stra", found="a b"),
    case("id", "in", [], found=""),
    case("id", "greater_than", 0, found="a b none"),
]


@pytest.mark.parametrize(
    ("field", "relation", "values", "found"),
    TEXT + NUMBER + FLOAT + CHOICES + DATE_TIME + ENTITY + MULTI_ENTITY + DEEP,
)
def test_a_filter_finds(sg: Any, rows: dict[str, Any], field: str, relation: str, values: Any, found: list[str]):
    condition = [field, relation, *(_filled(rows, value) for value in values)]
    versions = sg.find("Version", [["project", "is", rows["project"]], condition])
    assert [version["id"] for version in versions] == [rows[name]["id"] for name in found]


def _filled(rows: dict[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_filled(rows, one) for one in value]
    return rows[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value


@pytest.mark.parametrize(
    ("field", "relation", "values", "found"),
    [
        case("start_date", "is", TODAY - timedelta(days=1), found="a"),
        case("start_date", "is_not", TODAY - timedelta(days=1), found="b none"),
        case("start_date", "less_than", TODAY, found="a"),
        case("start_date", "greater_than", TODAY, found="b"),
        case("start_date", "between", [date(2000, 1, 1), TODAY], found="a"),
        case("start_date", "in", [TODAY - timedelta(days=1)], found="a"),
        case("start_date", "not_in", [TODAY - timedelta(days=1)], found="b none"),
        case("start_date", "in_last", [2, "DAY"], found="a"),
        case("start_date", "in_next", [2, "YEAR"], found="b"),
        case("start_date", "in_calendar_day", -1, found="a"),
        case("start_date", "in_calendar_day", 0, found=""),
        case("start_date", "in_calendar_day", 400, found="b"),
        case("start_date", "in_calendar_week", -1 if TODAY.weekday() == 0 else 0, found="a"),
        case("start_date", "in_calendar_month", -1 if TODAY.day == 1 else 0, found="a"),
        case("start_date", "in_calendar_year", (TODAY + timedelta(days=400)).year - TODAY.year, found="b"),
        case("duration", "is", 480, found="a"),
        case("duration", "less_than", 480, found="b"),
        case("duration", "between", [1, 100], found="b"),
        case("entity", "is", "{two}", found="b"),
    ],
)
def test_a_filter_on_tasks_finds(
    sg: Any, rows: dict[str, Any], field: str, relation: str, values: Any, found: list[str]
):
    condition = [field, relation, *(_filled(rows, value) for value in values)]
    tasks = sg.find("Task", [["project", "is", rows["project"]], condition], ["content"])
    assert [task["content"] for task in tasks] == found


def test_and_and_or_nest(sg: Any, rows: dict[str, Any]):
    inner = {
        "filter_operator": "all",
        "filters": [["sg_status_list", "is", "apr"], ["sg_first_frame", "less_than", 1000]],
    }
    either = {"filter_operator": "any", "filters": [["code", "is", "zzz"], inner]}
    found = sg.find("Version", [["project", "is", rows["project"]], either], ["code"])
    assert [version["code"] for version in found] == ["ÅNGSTRÖM", "zzz"]


def test_a_thousand_conditions_are_one_question(sg: Any, rows: dict[str, Any]):
    many = {"filter_operator": "any", "filters": [["sg_first_frame", "is", number] for number in range(1500)]}
    assert len(sg.find("Version", [["project", "is", rows["project"]], many])) == 2


@pytest.mark.parametrize(
    "condition",
    [
        ["nope", "is", 1],
        ["code.Shot.code", "is", "x"],
        ["entity.Nope.code", "is", "x"],
        ["entity.Delivery", "is", "x"],
        ["entity.Task.content", "is", "x"],
        ["code", "greater_than", "x"],
        ["code", "is", 3],
        ["code", "is", {"type": "Shot", "id": 1}],
        ["sg_first_frame", "is", "x"],
        ["sg_first_frame", "between", [1]],
        ["sg_first_frame", "contains", "1"],
        ["client_approved", "is", "yes"],
        ["client_approved", "in", [True]],
        ["entity", "is", "Shot_one"],
        ["entity", "is", {"name": "x"}],
        ["entity", "starts_with", "x"],
        ["media_center_import_time", "in_last", [1, "FORTNIGHT"]],
        ["media_center_import_time", "in_last", ["x", "DAY"]],
        ["media_center_import_time", "in_last", [10**12, "YEAR"]],
        ["media_center_import_time", "in_calendar_year", 10**12],
        ["sg_uploaded_movie", "is", None],
        ["image", "is", "x"],
    ],
    ids=lambda condition: " ".join(map(str, condition)),
)
def test_what_cannot_be_asked_is_a_fault(sg: Any, condition: list[Any]):
    from shotgun_api3 import Fault

    with pytest.raises(Fault, match=r"^API read\(\)"):
        sg.find("Version", [condition])


@pytest.mark.parametrize("field", ["password_proxy"])
def test_secrets_cannot_be_searched(sg: Any, field: str):
    from shotgun_api3 import Fault

    with pytest.raises(Fault, match="can not be used in a filter"):
        sg.find("HumanUser", [[field, "is", "x"]])
