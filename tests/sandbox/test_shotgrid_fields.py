"""Fields that a site's people make, change and delete: real at once, real after a restart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from shotgun_api3 import Fault

from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import SiteProcess

_numbers = itertools.count(1)

UTC = timezone.utc  # noqa: UP017 - the client compares with its own zone class


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    """Not the one that all tests share: its schema stays as it is."""
    process = SiteProcess(tmp_path_factory.mktemp("fields"), ("--empty",)).start()
    yield process
    assert process.stop() == 0
    assert "Traceback" not in process.log()


@pytest.fixture(scope="module")
def sg(site: SiteProcess) -> Any:
    return site.client()


def label(text: str = "Field") -> str:
    """A display name that no other test uses."""
    return f"{text} {next(_numbers)}"


@pytest.fixture
def shots(sg: Any, project: dict[str, Any]) -> list[dict[str, Any]]:
    return [sg.create("Shot", {"project": project, "code": f"s{n}"}) for n in range(3)]


def ids(found: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in found]


# Names


@pytest.mark.wire("schema_field_create", "names: sg_ and the label in small letters")
@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Two Words", "sg_two_words"),
        ("With (Parens)", "sg_with__parens_"),
        ("dash-and.dot", "sg_dash_and_dot"),
        ("sg_prefixed", "sg_sg_prefixed"),
        ("Größe", "sg_gr__e"),
        ("影", "sg__"),
        ('x"; DROP TABLE Shot; --', "sg_x___drop_table_shot____"),
    ],
)
def test_a_fields_name_comes_from_its_label(sg: Any, told: str, name: str):
    assert sg.schema_field_create("Milestone", "text", told) == name
    assert sg.schema_field_read("Milestone", name)[name]["name"]["value"] == told


@pytest.mark.wire("schema_field_create", "a taken name gets a number")
def test_a_name_that_is_taken_gets_a_number(sg: Any):
    told = label("Taken")
    first = sg.schema_field_create("Shot", "text", told)
    assert [sg.schema_field_create("Shot", "number", told) for _ in range(2)] == [f"{first}_1", f"{first}_2"]
    assert sg.schema_field_create("Shot", "text", "Cut In") == "sg_cut_in_1"  # a stock field has the name


def test_the_columns_of_a_link_do_not_collide_with_a_field_of_that_name(sg: Any):
    link = sg.schema_field_create("Shot", "entity", label("Twin"), {"valid_types": ["Asset"]})
    assert sg.schema_field_create("Shot", "text", f"{link[3:]}__id") == f"sg_{link[3:]}__id_1"


# Data types

VALUES = [
    ("checkbox", True, [["is", True], ["is_not", False]]),
    ("currency", 12.5, [["is", 12.5], ["greater_than", 12]]),
    ("date", "2024-02-29", [["is", "2024-02-29"], ["between", "2024-01-01", "2024-12-31"]]),
    ("date_time", datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC), [["greater_than", datetime(2024, 1, 1, tzinfo=UTC)]]),
    ("duration", 480, [["is", 480], ["in", [480, 1]]]),
    ("float", 0.25, [["less_than", 0.5], ["is", 0.25]]),
    ("footage", "12-03", [["is", "12-03"]]),
    ("list", "b", [["is", "b"], ["in", ["a", "b"]]]),
    ("number", 7, [["between", 6, 8], ["is_not", None]]),
    ("percent", 50, [["is", 50], ["greater_than", 49]]),
    ("status_list", "ip", [["is", "ip"], ["not_in", ["wtg", None]]]),
    ("text", "naïve <b> 影", [["contains", "<B>"], ["starts_with", "NAÏ"]]),
    ("timecode", 3_600_000, [["is", 3_600_000]]),
    ("color", "255,0,0", [["is", "255,0,0"]]),
]


@pytest.mark.wire("schema_field_create", "all data types")
@pytest.mark.wire("create", "custom fields")
@pytest.mark.wire("read", "filters and sorts on custom fields")
@pytest.mark.parametrize(("data_type", "value", "filters"), VALUES, ids=[case[0] for case in VALUES])
def test_a_custom_field_is_real_at_once(
    sg: Any, project: dict[str, Any], shots: list[dict[str, Any]], data_type: str, value: Any, filters: list[Any]
):
    properties = {"valid_values": ["a", "b"]} if data_type == "list" else {}
    name = sg.schema_field_create("Shot", data_type, label(data_type), properties)
    mine = ["project", "is", project]
    empty = False if data_type == "checkbox" else None
    assert sg.find_one("Shot", [mine], [name])[name] is empty  # rows that were there before

    sg.update("Shot", shots[1]["id"], {name: value})
    made = sg.create("Shot", {"project": project, "code": "made", name: value})
    assert made[name] == value
    for one in filters:
        assert ids(sg.find("Shot", [mine, [name, *one]])) == [shots[1]["id"], made["id"]]
    ordered = sg.find("Shot", [mine], order=[{"field_name": name, "direction": "desc"}])
    assert {ordered[0]["id"], ordered[1]["id"]} in ({shots[1]["id"], made["id"]}, {shots[0]["id"], shots[2]["id"]})
    version = sg.create("Version", {"project": project, "code": "v", "entity": shots[1]})
    assert (
        sg.find_one("Version", [["id", "is", version["id"]]], [f"entity.Shot.{name}"])[f"entity.Shot.{name}"] == value
    )
    assert ids(sg.find("Version", [mine, [f"entity.Shot.{name}", *filters[0]]])) == [version["id"]]


@pytest.mark.wire("schema_field_create", "entity fields with valid types")
def test_a_custom_link_to_one_row(sg: Any, project: dict[str, Any], shots: list[dict[str, Any]]):
    name = sg.schema_field_create("Shot", "entity", label("Hero"), {"valid_types": ["Asset"]})
    asset = sg.create("Asset", {"project": project, "code": "giant"})
    assert sg.update("Shot", shots[0]["id"], {name: asset})[name] == {
        "type": "Asset",
        "id": asset["id"],
        "name": "giant",
    }
    assert ids(sg.find("Shot", [[name, "is", asset]])) == [shots[0]["id"]]
    assert ids(sg.find("Shot", [[f"{name}.Asset.code", "starts_with", "gi"], ["project", "is", project]])) == [
        shots[0]["id"]
    ]
    with pytest.raises(Fault, match="Invalid entity type"):
        sg.update("Shot", shots[0]["id"], {name: shots[1]})
    grouped = sg.summarize(
        "Shot",
        [["project", "is", project]],
        [{"field": "id", "type": "count"}],
        grouping=[{"field": name, "type": "exact", "direction": "asc"}],
    )
    assert {group["group_name"]: group["summaries"]["id"] for group in grouped["groups"]} == {"": 2, "giant": 1}


@pytest.mark.wire("schema_field_create", "multi-entity fields with valid types")
def test_a_custom_link_to_many_rows(sg: Any, project: dict[str, Any], shots: list[dict[str, Any]]):
    name = sg.schema_field_create("Version", "multi_entity", label("Inputs"), {"valid_types": ["Version", "Shot"]})
    first = sg.create("Version", {"project": project, "code": "first"})
    made = sg.create("Version", {"project": project, "code": "second", name: [first, shots[2]]})
    assert [(one["type"], one["name"]) for one in made[name]] == [("Version", "first"), ("Shot", "s2")]
    sg.update("Version", made["id"], {name: [first]}, multi_entity_update_modes={name: "remove"})
    assert ids(sg.find("Version", [[name, "is", shots[2]]])) == [made["id"]]
    assert ids(sg.find("Version", [[f"{name}.Shot.code", "is", "s2"], ["project", "is", project]])) == [made["id"]]
    with pytest.raises(Fault, match="Invalid entity type"):
        sg.update("Version", made["id"], {name: [project]})


@pytest.mark.wire("schema_field_create", "serializable, password, url and tag_list fields")
def test_custom_fields_of_the_rarer_kinds(sg: Any, project: dict[str, Any]):
    names = {
        kind: sg.schema_field_create("Shot", kind, label(kind))
        for kind in ("serializable", "password", "url", "tag_list")
    }
    data = {
        names["serializable"]: {"a": [1, None, {"b": "ü"}]},
        names["password"]: "hush",
        names["url"]: {"url": "https://example.com/x", "name": "x"},
        names["tag_list"]: ["one", "two"],
    }
    made = sg.create("Shot", {"project": project, "code": "rare", **data})
    found = sg.find_one("Shot", [["id", "is", made["id"]]], list(names.values()))
    assert found[names["serializable"]] == {"a": [1, None, {"b": "ü"}]}
    assert found[names["password"]] == "*******"
    assert found[names["url"]]["url"] == "https://example.com/x"
    assert found[names["tag_list"]] == ["one", "two"]


# Properties


@pytest.mark.wire("schema_field_create", "properties: description, defaults, summaries, metadata")
def test_a_custom_field_tells_its_properties(sg: Any, project: dict[str, Any]):
    told = {
        "description": "how hard",
        "valid_values": ["easy", "hard"],
        "default_value": "easy",
        "summary_default": "count",
        "custom_metadata": '{"ours": 1}',
    }
    text = label("Complexity")
    name = sg.schema_field_create("Asset", "list", text, told)
    field = sg.schema_field_read("Asset", name)[name]
    assert field == {
        "name": {"value": text, "editable": True},
        "description": {"value": "how hard", "editable": True},
        "custom_metadata": {"value": '{"ours": 1}', "editable": True},
        "entity_type": {"value": "Asset", "editable": False},
        "data_type": {"value": "list", "editable": False},
        "editable": {"value": True, "editable": False},
        "mandatory": {"value": False, "editable": False},
        "unique": {"value": False, "editable": False},
        "visible": {"value": True, "editable": True},
        "ui_value_displayable": {"value": True, "editable": False},
        "properties": {
            "default_value": {"value": "easy", "editable": True},
            "summary_default": {"value": "count", "editable": True},
            "valid_values": {"value": ["easy", "hard"], "editable": True},
        },
    }
    assert sg.create("Asset", {"project": project, "code": "a"}, [name])[name] == "easy"
    with pytest.raises(Fault, match="easy, hard"):
        sg.create("Asset", {"project": project, "code": "b", name: "impossible"})


@pytest.mark.wire("schema_field_update", "names, descriptions, valid values, defaults")
def test_properties_of_a_custom_field_can_be_changed(sg: Any, project: dict[str, Any]):
    name = sg.schema_field_create("Asset", "list", label("Kind"), {"valid_values": ["a", "b"], "default_value": "b"})
    assert sg.schema_field_update("Asset", name, {"name": "Renamed", "valid_values": ["a", "c"], "description": "d"})
    field = sg.schema_field_read("Asset", name)[name]
    assert (field["name"]["value"], field["description"]["value"]) == ("Renamed", "d")
    assert field["properties"]["valid_values"]["value"] == ["a", "c"]
    assert field["properties"]["default_value"]["value"] is None  # "b" is gone
    assert sg.create("Asset", {"project": project, "code": "a", name: "c"})[name] == "c"
    sg.schema_field_update("Asset", name, {"default_value": "c"})
    assert sg.create("Asset", {"project": project, "code": "b"}, [name])[name] == "c"


@pytest.mark.wire("schema_field_update", "stock fields")
def test_a_stock_field_can_be_given_another_name_and_other_values(sg: Any, project: dict[str, Any]):
    before = sg.schema_field_read("Scene", "sg_status_list")["sg_status_list"]["properties"]["valid_values"]["value"]
    sg.schema_field_update("Scene", "sg_status_list", {"valid_values": [*before, "rev"], "name": "State"})
    field = sg.schema_field_read("Scene", "sg_status_list")["sg_status_list"]
    assert field["name"]["value"] == "State"
    assert field["properties"]["display_values"]["value"]["rev"] == "Pending Review"
    assert field["properties"]["default_value"]["value"] == "wtg"
    made = sg.create("Scene", {"project": project, "code": "s", "sg_status_list": "rev"})
    assert made["sg_status_list"] == "rev"


@pytest.mark.wire("schema_field_update", "visible, project by project")
@pytest.mark.wire("schema_read", "as one project sees it")
def test_a_field_can_be_hidden_in_one_project(sg: Any, project: dict[str, Any]):
    other = sg.create("Project", {"name": label("Other")})
    with pytest.raises(Fault, match="'visible' needs a 'project'"):
        sg.schema_field_update("Shot", "sg_shot_type", {"visible": False})
    assert sg.schema_field_update("Shot", "sg_shot_type", {"visible": False}, project_entity=project) is True

    def visible(of: dict[str, Any] | None) -> bool:
        shown = sg.schema_field_read("Shot", "sg_shot_type", of)["sg_shot_type"]["visible"]["value"]
        assert sg.schema_read(of)["Shot"]["sg_shot_type"]["visible"]["value"] is shown
        return bool(shown)

    assert (visible(project), visible(other), visible(None)) == (False, True, True)
    sg.schema_field_update("Shot", "sg_shot_type", {"visible": True}, project_entity=project)
    assert visible(project) is True


def test_valid_types_can_be_widened(sg: Any, project: dict[str, Any], shots: list[dict[str, Any]]):
    name = sg.schema_field_create("Asset", "entity", label("Where"), {"valid_types": ["Sequence"]})
    sg.schema_field_update("Asset", name, {"valid_types": ["Sequence", "Shot"]})
    assert sg.create("Asset", {"project": project, "code": "a", name: shots[0]})[name]["type"] == "Shot"


# Deletion


@pytest.mark.wire("schema_field_delete", "a custom field is gone; its name stays taken")
def test_a_deleted_field_is_gone_and_its_name_is_not_free(sg: Any, project: dict[str, Any]):
    text = label("Doomed")
    name = sg.schema_field_create("Shot", "text", text)
    shot = sg.create("Shot", {"project": project, "code": "s", name: "x"})
    assert sg.schema_field_delete("Shot", name) is True
    assert name not in sg.schema_field_read("Shot")
    gone = f"Shot.{name} doesn't exist"
    for ask in (
        lambda: sg.schema_field_read("Shot", name),
        lambda: sg.find("Shot", [[name, "is", "x"]]),
        lambda: sg.update("Shot", shot["id"], {name: "y"}),
        lambda: sg.schema_field_update("Shot", name, {"name": "n"}),
        lambda: sg.schema_field_delete("Shot", name),
    ):
        with pytest.raises(Fault, match=gone):
            ask()
    with pytest.raises(Fault, match=f"there is a retired field with the same field_name: {name}"):
        sg.schema_field_create("Shot", "number", text)


@pytest.mark.wire("schema_field_delete", "a field of the site itself is a fault")
def test_a_stock_field_cannot_be_deleted(sg: Any):
    with pytest.raises(Fault, match=r"Shot\.code is not a custom field"):
        sg.schema_field_delete("Shot", "code")


# What is wrong is a fault, and nothing is left of it

WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("Nope", "text", {}, "entity type 'Nope' doesn't exist"),
    ("Shot", "colour", {}, "invalid data_type 'colour'"),
    ("Shot", "image", {}, "invalid data_type 'image'"),
    ("Shot", "entity", {}, "missing required 'properties': 'valid_types'"),
    ("Shot", "multi_entity", {"valid_types": []}, "at least one element"),
    ("Shot", "entity", {"valid_types": ["Nope"]}, "entity type 'Nope' doesn't exist"),
    ("Shot", "entity", {"valid_types": [7]}, "invalid/missing string entity 'type'"),
    ("Shot", "text", {"unique": True}, "invalid property 'unique'"),
    ("Shot", "text", {"valid_values": ["a"]}, "invalid property 'valid_values'"),
    ("Shot", "number", {"default_value": "x"}, "expected .Integer, NilClass. data type"),
    ("Shot", "number", {"default_value": 2**40}, "out of range"),
    ("Shot", "list", {"valid_values": "abc"}, "expected .Array. data type"),
    ("Shot", "list", {"valid_values": ["a"], "default_value": "b"}, "is not one of"),
    ("Shot", "list", {"valid_values": ["a\0b"]}, "null byte"),
    ("Shot", "text", {"summary_default": "most"}, "invalid 'summary_default'"),
    ("Shot", "text", {"description": 7}, "expected .String. data type"),
]


@pytest.mark.wire("schema_field_create", "wrong types, names and properties are faults")
@pytest.mark.parametrize(("entity_type", "data_type", "properties", "words"), WRONG)
def test_a_field_that_cannot_be_is_a_fault(
    sg: Any, entity_type: str, data_type: str, properties: dict[str, Any], words: str
):
    before = sg.schema_field_read("Shot").keys()
    with pytest.raises(Fault, match=words):
        sg.schema_field_create(entity_type, data_type, label("Wrong"), properties)
    assert sg.schema_field_read("Shot").keys() == before


@pytest.mark.parametrize("told", ["", "   ", "x" * 500, 7, None, "a\0b"])
def test_a_name_that_cannot_be_is_a_fault(sg: Any, told: Any):
    with pytest.raises(Fault):
        sg.schema_field_create("Shot", "text", told)


@pytest.mark.wire("schema_field_update", "what can not be changed is a fault")
def test_what_cannot_be_changed_is_a_fault(sg: Any, project: dict[str, Any]):
    for name, properties, words in (
        ("code", {"data_type": "number"}, 'Valid property names: \\["name", "visible"'),
        ("code", {"mandatory": False}, "invalid property 'mandatory'"),
        ("tasks", {"valid_types": ["Shot"]}, "follows another field"),
        ("nope", {"name": "x"}, "Shot.nope doesn't exist"),
    ):
        with pytest.raises(Fault, match=words):
            sg.schema_field_update("Shot", name, properties)
    with pytest.raises(Fault, match=r"Entity of type \[Project\] with id=999999"):
        sg.schema_field_update("Shot", "sg_shot_type", {"visible": False}, {"type": "Project", "id": 999999})


@pytest.mark.wire("schema_field_create", "leaves events")
def test_changes_of_fields_are_in_the_event_log(sg: Any):
    name = sg.schema_field_create("Shot", "text", label("Logged"))
    sg.schema_field_update("Shot", name, {"description": "d"})
    sg.schema_field_delete("Shot", name)
    found = sg.find("EventLogEntry", [["attribute_name", "is", name]], ["event_type", "user"])
    kinds = [event["event_type"] for event in found]
    assert kinds == [f"Shotgun_DisplayColumn_{kind}" for kind in ("New", "Change", "Retirement")]
    assert all(event["user"]["type"] == "ApiUser" for event in found)


# Restarts


@pytest.mark.wire("schema_field_create", "survives kill -9 and restart")
def test_fields_and_their_values_survive_a_kill(start_site: StartSite, tmp_path: Path):
    first = start_site(tmp_path, "--empty")
    sg = first.client()
    project = sg.create("Project", {"name": "P"})
    kept = sg.schema_field_create("Shot", "list", "Kept", {"valid_values": ["x", "y"], "default_value": "y"})
    link = sg.schema_field_create("Shot", "multi_entity", "Linked", {"valid_types": ["Shot"]})
    gone = sg.schema_field_create("Shot", "text", "Gone")
    sg.schema_field_delete("Shot", gone)
    sg.schema_field_update("Shot", "sg_cut_in", {"name": "First"})
    sg.schema_field_update("Shot", "sg_cut_out", {"visible": False}, project)
    shot = sg.create("Shot", {"project": project, "code": "s", kept: "x"})
    sg.update("Shot", shot["id"], {link: [shot]})
    schema, seen = sg.schema_read(), sg.schema_read(project)
    first.kill()

    again = start_site(tmp_path, "--empty").client()
    assert again.schema_read() == schema
    assert again.schema_read(project) == seen
    assert seen["Shot"]["sg_cut_out"]["visible"]["value"] is False
    found = again.find_one("Shot", [[kept, "is", "x"]], [kept, link])
    assert found[kept] == "x"
    assert ids(found[link]) == [shot["id"]]
    with pytest.raises(Fault, match="retired field"):
        again.schema_field_create("Shot", "text", "Gone")


def test_many_at_once_each_get_a_field_of_their_own(sg: Any, site: Any):
    from concurrent.futures import ThreadPoolExecutor

    text = label("Race")

    def make(_: int) -> str:
        return str(site.client().schema_field_create("Ticket", "text", text))

    with ThreadPoolExecutor(6) as pool:
        names = list(pool.map(make, range(12)))
    assert len(set(names)) == 12
    assert set(names) <= sg.schema_field_read("Ticket").keys()


def test_readers_and_writers_go_on_while_fields_come_and_go(
    sg: Any, site: SiteProcess, project: dict[str, Any], shots: list[dict[str, Any]]
):
    from concurrent.futures import ThreadPoolExecutor

    text = label("Flicker")

    def configure(number: int) -> None:
        own = site.client()
        for turn in range(4):
            name = own.schema_field_create(
                "Shot", "multi_entity", f"{text} {number} {turn}", {"valid_types": ["Asset"]}
            )
            own.schema_field_delete("Shot", name)

    def work(number: int) -> int:
        own = site.client()
        for turn in range(10):
            own.create("Shot", {"project": project, "code": f"w{number}_{turn}"})
            own.find("Shot", [["project", "is", project]], ["code", "assets", "tasks"])
            own.schema_read()
        return 10

    with ThreadPoolExecutor(4) as pool:
        changes = [pool.submit(configure, number) for number in range(2)]
        made = sum(pool.map(work, range(2)))
        assert [change.result() for change in changes] == [None, None]
    assert len(sg.find("Shot", [["project", "is", project]])) == len(shots) + made
    assert not [name for name in sg.schema_field_read("Shot") if "flicker" in name]


@pytest.mark.wire("schema_field_create", "all of a field, or nothing, when the site is killed")
def test_a_kill_leaves_whole_fields_alone(start_site: StartSite, tmp_path: Path):
    import threading

    site = start_site(tmp_path, "--empty")
    sg = site.client()
    sg.info()
    told: list[str] = []

    def configure() -> None:
        try:
            while True:
                told.append(
                    sg.schema_field_create("Shot", "list", "Mood", {"valid_values": ["a"], "default_value": "a"})
                )
        except Exception:  # the site is gone, however that looks to the client
            return

    thread = threading.Thread(target=configure)
    thread.start()
    while len(told) < 5:
        assert thread.is_alive()
    site.kill()
    thread.join(60)

    again = start_site(tmp_path, "--empty").client()
    fields = [name for name in again.schema_field_read("Shot") if name.startswith("sg_mood")]
    assert set(told) <= set(fields)
    assert len(fields) <= len(told) + 1  # the one that nobody was told of
    project = again.create("Project", {"name": "P"})
    shot = again.create("Shot", {"project": project, "code": "s"}, fields)
    assert all(shot[name] == "a" for name in fields)
