"""Where a package belongs is found by what people call it, and an error says what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from onepiece_core.errors import ProjectMissing, ShotMissing, TaskMissing
from onepiece_core.testing.memory_tracker import MemoryTracker
from onepiece_core.tracker.placing import find_place, find_project
from onepiece_core.tracker.tracker import Entity


@pytest.fixture
def tracker() -> MemoryTracker:
    """Two shows; FG has the shots ep010/sc01/0010, ep010/sc02/0010 and EP01/sc02/0010, each with a comp task."""
    tracker = MemoryTracker()
    step = link(tracker.create("Step", {"code": "Compositing", "short_name": "comp"}))
    show = link(tracker.create("Project", {"name": "Frost Giant", "code": "FG"}))
    other = link(tracker.create("Project", {"name": "Fire Dwarf", "code": "FD"}))
    tracker.create("HumanUser", {"name": "Ada Berg", "login": "ada", "email": "ada@example.com"})
    for episode_code, sequence_code in (("ep010", "sc01"), ("ep010", "sc02"), ("EP01", "sc02")):
        episode = link(tracker.create("Episode", {"code": episode_code, "project": show}))
        sequence = link(tracker.create("Sequence", {"code": sequence_code, "project": show, "episode": episode}))
        shot = link(tracker.create("Shot", {"code": "0010", "project": show, "sg_sequence": sequence}))
        tracker.create("Task", {"content": "final comp", "project": show, "entity": shot, "step": step})
    tracker.create("Shot", {"code": "0990", "project": other})
    tracker.create("Asset", {"code": "giant", "project": show})
    return tracker


def link(entity: Entity) -> Entity:
    return {"type": entity["type"], "id": entity["id"]}


@pytest.mark.parametrize("wanted", [{"code": "FG"}, {"name": "Frost Giant"}, {"name": "FG"}, {"id": 1}])
def test_a_project_is_found_by_code_name_or_id(wanted: dict[str, Any], tracker: MemoryTracker) -> None:
    assert find_project(tracker, wanted)["name"] == "Frost Giant"


def test_a_project_that_is_not_there_or_there_twice_is_missing(tracker: MemoryTracker) -> None:
    with pytest.raises(ProjectMissing, match="Nowhere"):
        find_project(tracker, {"name": "Nowhere"})
    tracker.create("Project", {"name": "Frost Giant 2", "code": "FG"})
    with pytest.raises(ProjectMissing, match=r"Frost Giant \(1\), Frost Giant 2 \(3\)"):
        find_project(tracker, {"code": "FG"})


@pytest.mark.parametrize(
    ("shot", "hint", "entity_id"),
    [
        ("ep010/sc02/0010", None, 2),
        ("EP01/sc02/0010", None, 3),
        ("sc01/0010", None, 1),
        ("ep010_sc01_0010", None, 1),
        ("0010", "ep010/sc02/0010", 2),
        ("0010", "ep010_sc02_0010", 2),
    ],
)
def test_a_shot_is_found_by_its_place(shot: str, hint: str | None, entity_id: int, tracker: MemoryTracker) -> None:
    place = find_place(tracker, {"project": {"code": "FG"}, "shot": shot, "shot_hint": hint, "task": "final comp"})

    assert place["entity"] == {"type": "Shot", "id": entity_id, "name": "0010"}
    assert place["task"] is not None
    assert place["task"]["id"] == entity_id


@pytest.mark.parametrize("shot", ["0010", "sc02/0010"])
def test_a_code_that_several_shots_have_asks_for_more(shot: str, tracker: MemoryTracker) -> None:
    with pytest.raises(ShotMissing) as caught:
        find_place(tracker, {"project": {"code": "FG"}, "shot": shot, "shot_hint": "ep099/sc02/0020"})
    assert "SEQUENCE/SHOT" in (caught.value.report.hint or "")


@pytest.mark.parametrize(
    ("shot", "hint"),
    [("ep010_sc03_0010", None), ("ep010/sc03/0010", None), ("0010", "ep010_sc03_0010"), ("sh/0020", None)],
)
def test_codes_may_hold_what_is_above_them(shot: str, hint: str | None, tracker: MemoryTracker) -> None:
    """As studios with one flat list of shots do it, and those whose sequences say their episode."""
    show = {"type": "Project", "id": 1}
    whole = tracker.create("Shot", {"code": "ep010_sc03_0010", "project": show})
    sequence = link(tracker.create("Sequence", {"code": "sh", "project": show}))
    lone = tracker.create("Shot", {"code": "0020", "project": show, "sg_sequence": sequence})

    place = find_place(tracker, {"project": {"code": "FG"}, "shot": shot, "shot_hint": hint})
    assert place["entity"] is not None
    assert place["entity"]["id"] == (lone["id"] if shot == "sh/0020" else whole["id"])


def test_a_sequence_may_say_its_episode(tracker: MemoryTracker) -> None:
    show = {"type": "Project", "id": 1}
    sequence = link(tracker.create("Sequence", {"code": "ep011_sc07", "project": show}))
    shot = tracker.create("Shot", {"code": "0010", "project": show, "sg_sequence": sequence})

    place = find_place(tracker, {"project": {"code": "FG"}, "shot": "ep011_sc07_0010"})
    assert place["entity"] is not None
    assert place["entity"]["id"] == shot["id"]


def test_an_asset_stands_where_a_shot_may(tracker: MemoryTracker) -> None:
    place = find_place(tracker, {"project": {"code": "FG"}, "shot": "giant"})
    assert place["entity"] == {"type": "Asset", "id": 1, "name": "giant"}


def test_a_shot_of_another_project_is_named_as_such(tracker: MemoryTracker) -> None:
    with pytest.raises(ShotMissing, match="'0990' is a shot of 'Fire Dwarf'"):
        find_place(tracker, {"project": {"code": "FG"}, "shot": "0990"})


@pytest.mark.parametrize("task", ["final comp", "comp", "Compositing"])
def test_a_task_is_found_by_its_name_or_its_step(task: str, tracker: MemoryTracker) -> None:
    place = find_place(tracker, {"project": {"code": "FG"}, "shot": "sc01/0010", "task": task})
    assert place["task"] == {"type": "Task", "id": 1, "name": "final comp"}


def test_a_task_of_some_shot_is_not_taken_for_one_of_the_project(tracker: MemoryTracker) -> None:
    with pytest.raises(TaskMissing, match="project 'Frost Giant' has no task 'comp'"):
        find_place(tracker, {"project": {"code": "FG"}, "task": "comp"})


@pytest.mark.parametrize("user", ["ada", "ada@example.com"])
def test_an_artist_is_found_by_login_or_mail(user: str, tracker: MemoryTracker) -> None:
    place = find_place(tracker, {"project": {"code": "FG"}, "user": user})
    assert place["user"] == {"type": "HumanUser", "id": 1, "name": "Ada Berg"}


def test_an_artist_that_the_site_does_not_know_is_left_out(tracker: MemoryTracker) -> None:
    assert find_place(tracker, {"project": {"code": "FG"}, "user": "root"})["user"] is None
