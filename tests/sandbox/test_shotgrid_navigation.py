"""nav_expand and nav_search: the hierarchy of a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from shotgun_api3 import Fault

Link = dict[str, Any]


@dataclass
class Show:
    """Two sequences with a shot each, a shot in none, an asset; a task on the first shot."""

    project: Link
    sequences: list[Link]
    shots: list[Link]
    loose: Link
    asset: Link
    task: Link

    @property
    def path(self) -> str:
        return f"/Project/{self.project['id']}"


@pytest.fixture
def show(sg: Any, project: Link) -> Show:
    def make(kind: str, **data: Any) -> Link:
        return sg.create(kind, {"project": project, **data})

    sequences = [make("Sequence", code=code) for code in ("sq02", "sq01")]
    shots = [make("Shot", code=f"{one['code']}_0010", sg_sequence=one) for one in sequences]
    task = make("Task", content="comp", entity=shots[0])
    loose = make("Shot", code="loose")
    return Show(project, sequences, shots, loose, make("Asset", code="bunny", sg_asset_type="Prop"), task)


def labels(place: Link) -> list[str]:
    return [child["label"] for child in place["children"]]


@pytest.mark.wire("nav_expand", "the projects of the site, archived ones and templates left out")
def test_the_root_has_the_projects(sg: Any, show: Show):
    archived = sg.create("Project", {"name": f"archived {show.project['id']}", "archived": True})
    root = sg.nav_expand("/")
    assert (root["path"], root["parent_path"]) == ("/", None)
    paths = [child["path"] for child in root["children"]]
    assert show.path in paths
    assert f"/Project/{archived['id']}" not in paths


@pytest.mark.wire("nav_expand", "label, ref, paths, target entities and children of a project")
def test_a_project_has_assets_and_shots(sg: Any, show: Show):
    place = sg.nav_expand(show.path)
    children = place.pop("children")

    def target(path: str) -> Link:
        seed = {"type": "Version", "field": "entity"}
        preset = {"preset_name": "NAV_ENTRIES", "path": path, "seed": seed}
        return {"type": "Version", "additional_filter_presets": [preset]}

    assert place == {
        "label": show.project["name"],
        "ref": {"kind": "entity", "value": {"type": "Project", "id": show.project["id"]}},
        "parent_path": "/",
        "path": show.path,
        "target_entities": target(show.path),
        "has_children": True,
    }
    assert children == [
        {
            "label": f"{kind}s",
            "ref": {"kind": "entity_type", "value": kind},
            "parent_path": show.path,
            "path": f"{show.path}/{kind}",
            "target_entities": target(f"{show.path}/{kind}"),
            "has_children": True,
        }
        for kind in ("Asset", "Shot")
    ]


@pytest.mark.wire("nav_expand", "shots by sequence; those without one after each group")
def test_shots_are_grouped_by_sequence(sg: Any, show: Show):
    place = sg.nav_expand(f"{show.path}/Shot")
    none = "Shots with no Sequence"
    assert labels(place) == ["sq01", none, "sq02", none]
    group, bucket = place["children"][:2]
    sequence = show.sequences[1]["id"]
    assert group["path"] == f"{show.path}/Shot/sg_sequence/Sequence/{sequence}"
    assert group["ref"] == {"kind": "entity", "value": {"type": "Sequence", "id": sequence}}
    assert bucket["path"] == f"{show.path}/Shot/sg_sequence/Sequence/__none__"
    assert bucket["ref"] == {"kind": "entity_type", "value": "Shot"}
    (shot,) = sg.nav_expand(group["path"])["children"]
    assert (shot["label"], shot["path"]) == ("sq01_0010", f"{group['path']}/id/{show.shots[1]['id']}")
    assert labels(sg.nav_expand(bucket["path"])) == ["loose"]
    assert labels(sg.nav_expand(f"{show.path}/Shot/sg_sequence/__none__")) == ["loose"]


@pytest.mark.wire("nav_expand", "assets by type, all types of the site, those without one last")
def test_assets_are_grouped_by_type(sg: Any, show: Show):
    place = sg.nav_expand(f"{show.path}/Asset")
    types = sg.schema_field_read("Asset", "sg_asset_type")["sg_asset_type"]["properties"]["valid_values"]["value"]
    assert labels(place) == [*types, "Assets with no Type"]
    prop = next(child for child in place["children"] if child["label"] == "Prop")
    assert (prop["path"], prop["ref"]) == (f"{show.path}/Asset/sg_asset_type/Prop", {"kind": "list", "value": "Prop"})
    assert labels(sg.nav_expand(prop["path"])) == ["bunny"]
    assert place["children"][-1]["ref"] == {"kind": "list", "value": "__none__"}


@pytest.mark.wire("nav_expand", "episodes above the sequences of an episodic project")
def test_episodes_stand_above_the_sequences(sg: Any, show: Show):
    episode = sg.create("Episode", {"project": show.project, "code": "ep01", "sequences": [show.sequences[0]]})
    place = sg.nav_expand(f"{show.path}/Shot")
    assert labels(place) == ["ep01", "Shots with no Episode"]
    path = f"{show.path}/Shot/sg_sequence.Sequence.episode/Episode/{episode['id']}"
    assert place["children"][0]["path"] == path
    inside, outside = (sg.nav_expand(child["path"]) for child in place["children"])
    assert labels(inside) == ["sq02", "Shots with no Sequence"]
    assert labels(outside) == ["sq01", "Shots with no Sequence"]
    assert labels(sg.nav_expand(inside["children"][0]["path"])) == ["sq02_0010"]
    assert labels(sg.nav_expand(inside["children"][1]["path"])) == ["No Shots"]
    assert labels(sg.nav_expand(outside["children"][1]["path"])) == ["loose"]


@pytest.mark.wire("nav_expand", "the tasks of a row")
def test_a_row_has_its_tasks(sg: Any, show: Show):
    path = f"{show.path}/Shot/sg_sequence/Sequence/{show.sequences[0]['id']}/id/{show.shots[0]['id']}"
    row = sg.nav_expand(path)
    assert (row["label"], labels(row)) == ("sq02_0010", ["Tasks"])
    (task,) = sg.nav_expand(f"{path}/Task")["children"]
    assert task["ref"] == {"kind": "entity", "value": {"type": "Task", "id": show.task["id"]}}
    assert task["has_children"] is False
    assert sg.nav_expand(task["path"])["children"] == []


@pytest.mark.wire("nav_expand", "a level with nothing on it says so")
def test_a_level_with_nothing_on_it_says_so(sg: Any, project: Link):
    sg.create("Shot", {"project": project, "code": "loose"})
    shots = sg.nav_expand(f"/Project/{project['id']}/Shot")
    assert shots["children"] == [
        {"label": "No Shots", "ref": {"kind": "empty", "value": None}, "has_children": False},
    ]
    assert labels(sg.nav_expand(f"/Project/{project['id']}/Shot/sg_sequence/Sequence/__none__")) == ["loose"]
    path = f"/Project/{project['id']}/Asset/sg_asset_type/Matte Painting"
    assert labels(sg.nav_expand(path)) == ["No Assets"]


@pytest.mark.wire("nav_expand", "another seed, and fields of the entities")
def test_seed_and_fields_are_taken_from_the_call(sg: Any, show: Show):
    more = {"Sequence": ["code", "sg_status_list", "nope"]}
    group = sg.nav_expand(f"{show.path}/Shot", "PublishedFile.entity", more)["children"][0]
    assert group["target_entities"]["type"] == "PublishedFile"
    assert group["target_entities"]["additional_filter_presets"][0]["seed"]["type"] == "PublishedFile"
    sequence = {"type": "Sequence", "id": show.sequences[1]["id"], "code": "sq01", "sg_status_list": "wtg"}
    assert group["ref"]["value"] == sequence


@pytest.mark.wire("read", "the preset NAV_ENTRIES gives the rows of a place of the tree")
def test_the_target_entities_of_a_place_are_found(sg: Any, show: Show):
    rows = {"shot": show.shots[0], "other": show.shots[1], "loose": show.loose, "asset": show.asset}
    for name, entity in rows.items():
        sg.create("Version", {"project": show.project, "code": name, "entity": entity})
    sg.create("Version", {"project": show.project, "code": "task", "entity": show.shots[0], "sg_task": show.task})

    def versions(path: str) -> list[str]:
        target = sg.nav_expand(path)["target_entities"]
        presets = target["additional_filter_presets"]
        found = sg.find(target["type"], [], ["code"], additional_filter_presets=presets)
        return [version["code"] for version in found]

    group = f"{show.path}/Shot/sg_sequence/Sequence/{show.sequences[0]['id']}"
    row = f"{group}/id/{show.shots[0]['id']}"
    assert versions(show.path) == ["shot", "other", "loose", "asset", "task"]
    assert versions(f"{show.path}/Shot") == ["shot", "other", "loose", "task"]
    assert versions(group) == versions(row) == ["shot", "task"]
    assert versions(f"{show.path}/Shot/sg_sequence/Sequence/__none__") == ["loose"]
    assert versions(f"{show.path}/Asset/sg_asset_type/Prop") == ["asset"]
    assert versions(f"{show.path}/Asset/sg_asset_type/FX") == []
    assert versions(f"{row}/Task/id/{show.task['id']}") == ["task"]
    assert {"shot", "asset"} <= set(versions("/"))


@pytest.mark.wire("read", "the preset NAV_ENTRIES stands beside LATEST; a path or seed that is none is a Fault")
def test_the_preset_of_a_place_stands_beside_others(sg: Any, show: Show):
    for code in ("v001", "v002"):
        sg.create("Version", {"project": show.project, "code": code, "entity": show.shots[0]})
    preset = {
        "preset_name": "NAV_ENTRIES",
        "path": f"{show.path}/Shot",
        "seed": {"type": "Version", "field": "entity"},
    }
    latest = {"preset_name": "LATEST", "latest_by": "ENTITIES_CREATED_AT"}
    found = sg.find("Version", [], ["code"], additional_filter_presets=[preset, latest])
    assert [version["code"] for version in found] == ["v002"]
    with pytest.raises(Fault, match="0 found"):
        sg.find("Version", [], additional_filter_presets=[{**preset, "path": "/Project/999999999"}])
    with pytest.raises(Fault, match="seed"):
        sg.find("Shot", [], additional_filter_presets=[preset])


@pytest.mark.wire("nav_search", "the way to a shot, a group, an asset, a task and a project")
def test_an_entity_is_found_with_the_way_to_it(sg: Any, show: Show):
    shot, sequence = show.shots[0], show.sequences[0]
    branch = f"{show.path}/Shot"
    group = f"{branch}/sg_sequence/Sequence/{sequence['id']}"
    row = f"{group}/id/{shot['id']}"
    assert sg.nav_search_entity(show.path, {"type": "Shot", "id": shot["id"]}) == [
        {
            "label": "sq02_0010",
            "incremental_path": [show.path, branch, group, row],
            "path_label": "Shots > sq02",
            "ref": {"type": "Shot", "id": shot["id"]},
            "project_id": show.project["id"],
        }
    ]
    (found,) = sg.nav_search_entity("/", show.task)
    assert found["incremental_path"] == [
        show.path,
        branch,
        group,
        row,
        f"{row}/Task",
        f"{row}/Task/id/{show.task['id']}",
    ]
    assert found["path_label"] == "Shots > sq02 > sq02_0010 > Tasks"
    (found,) = sg.nav_search_entity(show.path, show.asset)
    assert found["path_label"] == "Assets > Prop"
    (found,) = sg.nav_search_entity("/", sequence)
    assert (found["incremental_path"], found["path_label"]) == ([show.path, branch, group], "Shots")
    (found,) = sg.nav_search_entity("/", show.loose)
    assert found["incremental_path"][2:] == [
        f"{branch}/sg_sequence/__none__",
        f"{branch}/sg_sequence/__none__/id/{show.loose['id']}",
    ]
    (found,) = sg.nav_search_entity("/", show.project)
    assert (found["incremental_path"], found["path_label"]) == ([show.path], "")


@pytest.mark.wire("nav_search", "every way that is found can be expanded")
def test_every_way_that_is_found_can_be_expanded(sg: Any, show: Show):
    sg.create("Episode", {"project": show.project, "code": "ep01", "sequences": [show.sequences[0]]})
    for row in (*show.shots, show.loose, show.asset, show.task, *show.sequences):
        (found,) = sg.nav_search_entity(show.path, row)
        for path, below in zip(found["incremental_path"], found["incremental_path"][1:], strict=False):
            paths = [
                child["path"].replace("/Sequence/__none__", "/__none__") for child in sg.nav_expand(path)["children"]
            ]
            assert below.replace("/Episode/__none__", "/__none__") in [
                one.replace("/Episode/__none__", "/__none__") for one in paths
            ]


@pytest.mark.wire("nav_search", "rows outside of the root, or without a place, are not found")
def test_what_is_elsewhere_is_not_found(sg: Any, show: Show):
    other = sg.create("Project", {"name": f"other than {show.project['id']}"})
    assert sg.nav_search_entity(f"/Project/{other['id']}", show.shots[0]) == []
    assert sg.nav_search_entity("/", {"type": "HumanUser", "id": 1}) == []
    assert sg.nav_search_entity("/", {"type": "Shot", "id": 999_999_999}) == []
    sg.delete("Shot", show.loose["id"])
    assert sg.nav_search_entity("/", show.loose) == []


@pytest.mark.wire("nav_search", "rows by the words of their names")
def test_rows_are_found_by_words(sg: Any, show: Show):
    found = sg.nav_search_string(show.path, "SQ02 0010")
    assert [one["label"] for one in found] == ["sq02_0010"]
    found = sg.nav_search_string(show.path, "sq0")
    assert [(one["ref"]["type"], one["label"]) for one in found] == [
        ("Sequence", "sq02"),
        ("Sequence", "sq01"),
        ("Shot", "sq02_0010"),
        ("Shot", "sq01_0010"),
    ]
    assert sg.nav_search_string(show.path, "nothing like it") == []
    branch = f"{show.path}/Asset"
    assert sg.nav_search_string(branch, "sq0") == []


@pytest.mark.wire("nav_expand", "a path that leads nowhere is a Fault")
def test_a_path_that_leads_nowhere_is_a_fault(sg: Any, show: Show):
    cases = {
        "/Project/999999999": "Unexpected result looking for project: 999999999: 0 found.",
        f"{show.path}/Shot/nope": r"Unexpected field name in path: nope \(expecting sg_sequence\)",
        f"{show.path}/Version": "Entity type provided is not part of the tree: Version",
        "/Shot": "Entity type provided is not part of the tree: Shot",
        f"{show.path}/Shot/sg_sequence/Sequence/999999999": "Unexpected result looking for Sequence: 999999999",
        f"{show.path}/Asset/id/999999999": "Unexpected result looking for Asset",
        "nowhere": "Invalid path",
        "": "Invalid path",
        "/Project/x": "is no id",
        "/Project": "is no id",
        f"{show.path}/Shot/sg_sequence": "Invalid path",
    }
    for path, words in cases.items():
        with pytest.raises(Fault, match=words):
            sg.nav_expand(path)


@pytest.mark.wire("nav_search", "criteria that are none are a Fault")
def test_criteria_that_are_none_are_a_fault(sg: Any, show: Show):
    with pytest.raises(Fault, match="search_criteria size must be 1"):
        sg._call_rpc("nav_search", {"root_path": "/", "search_criteria": {"Shot": 1}})
    with pytest.raises(Fault, match="search_criteria must be a hash"):
        sg._call_rpc("nav_search", {"root_path": "/", "search_criteria": [1]})
    with pytest.raises(Fault, match="seed_entity_field"):
        sg.nav_expand("/", "Version")
