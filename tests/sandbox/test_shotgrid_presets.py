"""Additional filter presets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from shotgun_api3 import Fault

Link = dict[str, Any]


def latest(by: str) -> list[dict[str, Any]]:
    return [{"preset_name": "LATEST", "latest_by": by}]


def make(sg: Any, kind: str, project: Link, **data: Any) -> Link:
    return sg.create(kind, {"project": project, **data})


def found(sg: Any, kind: str, filters: list[Any], presets: list[Any], **more: Any) -> str:
    return " ".join(row["code"] for row in sg.find(kind, filters, ["code"], additional_filter_presets=presets, **more))


def at(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


@pytest.fixture
def shots(sg: Any, project: Link) -> list[Link]:
    return [make(sg, "Shot", project, code=code) for code in ("one", "two")]


@pytest.mark.wire("read", "filter preset LATEST by ENTITIES_CREATED_AT")
@pytest.mark.parametrize("kind", ["Version", "PublishedFile"])
def test_the_latest_of_each_entity_within_what_is_filtered(sg: Any, project: Link, shots: list[Link], kind: str):
    for code, shot, day, text in (
        ("a1", shots[0], 3, "keep"),
        ("a2", shots[0], 2, "keep"),
        ("a3", shots[0], 4, "drop"),
        ("b1", shots[1], 1, "keep"),
        ("none", None, 9, "keep"),
    ):
        make(sg, kind, project, code=code, entity=shot, created_at=at(day), description=text)
    here = ["project", "is", project]
    presets = latest("ENTITIES_CREATED_AT")
    assert found(sg, kind, [here], presets) == "a3 b1"
    assert found(sg, kind, [here, ["description", "is", "keep"]], presets) == "a1 b1"
    assert found(sg, kind, [here, ["entity.Shot.code", "is", "two"]], presets) == "b1"
    assert found(sg, kind, [here], presets, limit=1, order=[{"field_name": "code", "direction": "desc"}]) == "b1"
    newest = sg.find_one(kind, [["code", "is", "a3"], here])
    sg.delete(kind, newest["id"])
    assert found(sg, kind, [here], presets) == "a1 b1"


@pytest.mark.wire("read", "filter preset LATEST by BY_PIPELINE_STEP_NUMBER_AND_ENTITIES_CREATED_AT")
def test_the_latest_of_the_furthest_step(sg: Any, project: Link, shots: list[Link]):
    steps = [sg.create("Step", {"code": f"s{order}", "entity_type": "Shot", "list_order": order}) for order in (10, 20)]
    tasks = [make(sg, "Task", project, content=step["code"], step=step, entity=shots[0]) for step in steps]
    for code, task, day in (("early", tasks[1], 1), ("late", tasks[1], 2), ("anim", tasks[0], 8), ("no_task", None, 9)):
        make(sg, "Version", project, code=code, entity=shots[0], sg_task=task, created_at=at(day))
    make(sg, "Version", project, code="alone", entity=shots[1])
    presets = latest("BY_PIPELINE_STEP_NUMBER_AND_ENTITIES_CREATED_AT")
    assert found(sg, "Version", [["project", "is", project]], presets) == "late alone"


@pytest.mark.wire("read", "filter preset LATEST by VERSION_NUMBER")
def test_the_highest_version_number_of_each_entity(sg: Any, project: Link, shots: list[Link]):
    for code, shot, number in (
        ("a9", shots[0], 9),
        ("a10", shots[0], 10),
        ("a_none", shots[0], None),
        ("b", shots[1], 1),
    ):
        make(sg, "PublishedFile", project, code=code, entity=shot, version_number=number)
    assert found(sg, "PublishedFile", [["project", "is", project]], latest("VERSION_NUMBER")) == "a10 b"


@pytest.mark.wire("read", "filter preset LATEST of Cuts by REVISION_NUMBER")
def test_the_highest_revisions(sg: Any, project: Link):
    for code, number in (("x1", 1), ("x3", 3), ("y3", 3), ("x2", 2), ("none", None)):
        make(sg, "Cut", project, code=code, revision_number=number)
    here = ["project", "is", project]
    assert found(sg, "Cut", [here], latest("REVISION_NUMBER")) == "x3 y3"
    assert found(sg, "Cut", [here, ["revision_number", "less_than", 3]], latest("REVISION_NUMBER")) == "x2"


@pytest.mark.wire("read", "filter preset CUT_SHOT_VERSIONS")
def test_the_versions_of_a_cuts_shots(sg: Any, project: Link, shots: list[Link]):
    cut = make(sg, "Cut", project, code="cut")
    item = make(sg, "CutItem", project, code="item", cut=cut, shot=shots[0])
    for code, shot, day in (("a1", shots[0], 1), ("a2", shots[0], 2), ("b", shots[1], 3)):
        make(sg, "Version", project, code=code, entity=shot, created_at=at(day))
    in_cut = [{"preset_name": "CUT_SHOT_VERSIONS", "cut_id": cut["id"]}]
    assert found(sg, "Version", [], in_cut) == "a1 a2"
    assert found(sg, "Version", [["code", "is", "a1"]], in_cut) == "a1"
    assert found(sg, "Version", [], [*latest("ENTITIES_CREATED_AT"), *in_cut]) == "a2"
    assert found(sg, "Version", [], [{"preset_name": "CUT_SHOT_VERSIONS", "cut_id": 10**30}]) == ""
    sg.delete("CutItem", item["id"])
    assert found(sg, "Version", [], in_cut) == ""


@pytest.mark.wire("read", "a filter preset that does not fit is a fault")
@pytest.mark.parametrize(
    ("kind", "presets", "words"),
    [
        ("Shot", latest("ENTITIES_CREATED_AT"), 'Shot doesn\'t support the filter preset "LATEST"'),
        ("Cut", [{"preset_name": "CUT_SHOT_VERSIONS", "cut_id": 1}], "Cut doesn't support the filter preset"),
        ("Version", [{"preset_name": "NOPE"}], 'Version doesn\'t support the filter preset "NOPE"'),
        ("Version", [{}], "Version doesn't support the filter preset nil"),
        ("Version", latest("VERSION_NUMBER"), "doesn't support the 'latest_by' \"VERSION_NUMBER\""),
        ("Version", [{"preset_name": "LATEST"}], "filter preset 'LATEST' expects the keys"),
        ("Version", [{"preset_name": "LATEST", "latest_by": ["x"]}], "doesn't support the 'latest_by'"),
        ("Version", [{"preset_name": "CUT_SHOT_VERSIONS", "cut_id": "1"}], "expects an Integer 'cut_id'"),
        ("Version", [{"preset_name": "CUT_SHOT_VERSIONS", "cut_id": 1, "x": 2}], "expects the keys"),
        ("Version", [3], r"expected \[Array\] of \[Hash\] for 'additional_filter_presets'"),
        ("Version", {"preset_name": "LATEST"}, r"expected \[Array\] of \[Hash\]"),
    ],
)
def test_a_preset_that_does_not_fit_is_a_fault(sg: Any, kind: str, presets: Any, words: str):
    with pytest.raises(Fault, match=rf"^API read\(\) .*{words}"):
        sg.find(kind, [], additional_filter_presets=presets)
