"""Task templates: what a row gets with one. Smart cut fields: what follows from the cut."""

from __future__ import annotations

from typing import Any

import pytest

Link = dict[str, Any]
TASK = ["content", "step", "sg_sort_order", "est_in_mins", "duration", "task_assignees", "project", "template_task"]


@pytest.fixture(scope="module")
def step(sg: Any) -> Link:
    return sg.find_one("Step", [["entity_type", "is", "Shot"]])


@pytest.fixture
def template(sg: Any, step: Link) -> Link:
    """Three tasks; the last starts when both others are done."""
    made = sg.create("TaskTemplate", {"code": "Shots", "entity_type": "Shot"})
    artist = sg.find_one("HumanUser", [["login", "is", "chiara"]])
    tasks = [
        sg.create("Task", {"content": name, "step": step, "task_template": made, "sg_sort_order": order, **more})
        for order, (name, more) in enumerate(
            [
                ("layout", {"est_in_mins": 480, "duration": 600, "milestone": True}),
                ("anim", {"task_assignees": [artist], "start_date": "2026-01-05"}),
                ("comp", {"sg_status_list": "hld"}),
            ],
            start=1,
        )
    ]
    sg.create("TaskDependency", {"task": tasks[2], "dependent_task": tasks[0], "offset_days": 2})
    sg.update("Task", tasks[2]["id"], {"upstream_tasks": [tasks[1]]}, {"upstream_tasks": "add"})
    return {**made, "tasks": tasks}


def tasks_of(sg: Any, row: Link, *fields: str) -> list[Link]:
    order = [{"field_name": "id", "direction": "asc"}]
    return sg.find("Task", [["entity", "is", row]], [*TASK, *fields], order=order)


@pytest.mark.wire("create", "a task template gives the new row its tasks")
def test_a_new_shot_gets_the_tasks_of_its_template(sg: Any, project: Link, template: Link, step: Link):
    shot = sg.create(
        "Shot", {"project": project, "code": "s", "task_template": {"type": "TaskTemplate", "id": template["id"]}}
    )
    made = tasks_of(sg, shot, "milestone", "start_date", "sg_status_list")
    assert [task["content"] for task in made] == ["layout", "anim", "comp"]
    assert [task["sg_sort_order"] for task in made] == [1, 2, 3]
    assert [task["template_task"]["id"] for task in made] == [task["id"] for task in template["tasks"]]
    assert {task["project"]["id"] for task in made} == {project["id"]}
    assert {task["step"]["id"] for task in made} == {step["id"]}
    assert (made[0]["est_in_mins"], made[0]["duration"], made[0]["milestone"]) == (480, 600, True)
    assert [person["name"] for person in made[1]["task_assignees"]] == ["Chiara Rossi"]
    assert made[1]["start_date"] is None
    assert made[2]["sg_status_list"] == "hld"
    assert [task["name"] for task in sg.find_one("Shot", [["id", "is", shot["id"]]], ["tasks"])["tasks"]] == [
        "layout",
        "anim",
        "comp",
    ]


@pytest.mark.wire("create", "the new tasks depend on each other as the template's do")
def test_dependencies_are_those_of_the_template(sg: Any, project: Link, template: Link):
    shot = sg.create("Shot", {"project": project, "code": "s", "task_template": _link(template)})
    layout, anim, comp = tasks_of(sg, shot, "upstream_tasks", "downstream_tasks")
    assert [task["id"] for task in comp["upstream_tasks"]] == [layout["id"], anim["id"]]
    assert [task["id"] for task in anim["downstream_tasks"]] == [comp["id"]]
    row = sg.find_one("TaskDependency", [["task", "is", comp], ["dependent_task", "is", layout]], ["offset_days"])
    assert row["offset_days"] == 2


@pytest.mark.wire("create", "the template's own tasks belong to no project and stay as they are")
def test_the_template_keeps_its_tasks(sg: Any, project: Link, template: Link):
    sg.create("Shot", {"project": project, "code": "s", "task_template": _link(template)})
    found = sg.find_one("TaskTemplate", [["id", "is", template["id"]]], ["tasks"])
    assert [task["id"] for task in found["tasks"]] == [task["id"] for task in template["tasks"]]
    own = sg.find_one("Task", [["id", "is", template["tasks"][0]["id"]]], ["project", "entity"])
    assert (own["project"], own["entity"]) == (None, None)


@pytest.mark.wire("create", "the tasks of a template leave their events")
def test_new_tasks_are_told_of(sg: Any, project: Link, template: Link):
    shot = sg.create("Shot", {"project": project, "code": "s", "task_template": _link(template)})
    news = sg.find("EventLogEntry", [["event_type", "is", "Shotgun_Task_New"], ["project", "is", project]], ["entity"])
    assert [event["entity"]["id"] for event in news] == [task["id"] for task in tasks_of(sg, shot)]


@pytest.mark.wire("update", "a task template that is set later adds the tasks that are missing")
def test_a_template_that_is_set_later_adds_what_is_missing(sg: Any, project: Link, template: Link, step: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    mine = sg.create("Task", {"project": project, "entity": shot, "content": "comp", "step": step})
    for _ in range(2):
        sg.update("Shot", shot["id"], {"task_template": _link(template)})
        assert [task["content"] for task in tasks_of(sg, shot)] == ["comp", "layout", "anim"]
    sg.delete("Task", tasks_of(sg, shot)[2]["id"])
    sg.update("Shot", shot["id"], {"task_template": None})
    assert [task["content"] for task in tasks_of(sg, shot)] == ["comp", "layout"]
    assert tasks_of(sg, shot)[0]["id"] == mine["id"]


@pytest.mark.wire("batch", "rows of a batch get the tasks of their templates")
def test_templates_work_in_a_batch(sg: Any, project: Link, template: Link):
    data = {"project": project, "task_template": _link(template)}
    requests = [
        {"request_type": "create", "entity_type": kind, "data": {**data, "code": kind}} for kind in ("Shot", "Asset")
    ]
    for made in sg.batch(requests):
        assert len(tasks_of(sg, made)) == 3


def _link(row: Link) -> Link:
    return {"type": row["type"], "id": row["id"]}


SMART = ["smart_cut_in", "smart_cut_out", "smart_cut_duration"]


@pytest.mark.wire("create", "smart cut fields follow from the cut fields")
@pytest.mark.parametrize(
    ("cut", "smart"),
    [
        ({"sg_cut_in": 1009, "sg_cut_out": 1056}, [1009, 1056, 48]),
        ({"sg_cut_in": 1009, "sg_cut_duration": 48}, [1009, 1056, 48]),
        ({"sg_cut_out": 1056, "sg_cut_duration": 48}, [1009, 1056, 48]),
        ({"sg_cut_in": 1009, "sg_cut_out": 1056, "sg_cut_duration": 7}, [1009, 1056, 48]),
        ({"sg_cut_in": 1009}, [1009, None, None]),
        ({}, [None, None, None]),
        ({"sg_cut_in": -(2**31), "sg_cut_out": 2**31 - 1}, [-(2**31), 2**31 - 1, None]),
    ],
)
def test_smart_cut_fields_follow(sg: Any, project: Link, cut: Link, smart: list[int | None]):
    made = sg.create("Shot", {"project": project, "code": "s", **cut}, return_fields=SMART)
    assert [made[name] for name in SMART] == smart


@pytest.mark.wire("update", "smart cut fields follow each write of a cut field")
def test_smart_cut_fields_follow_an_update(sg: Any, project: Link):
    shot = sg.create("Shot", {"project": project, "code": "s", "sg_cut_in": 1009, "sg_cut_out": 1056})
    for change, expected in (({"sg_cut_out": 1010}, "1009-1010 (2)"), ({"sg_cut_in": None}, None)):
        sg.update("Shot", shot["id"], change)
        found = sg.find_one("Shot", [["id", "is", shot["id"]]], ["smart_cut_summary_display"])
        assert found["smart_cut_summary_display"] == expected


@pytest.mark.parametrize(
    ("kind", "names"),
    [("Shot", ["layout", "anim", "lighting", "comp"]), ("Asset", ["model", "rig", "surface"])],
)
def test_a_new_site_has_templates(sg: Any, project: Link, kind: str, names: list[str]):
    template = sg.find_one("TaskTemplate", [["code", "is", f"{kind} tasks"]])
    made = sg.create(kind, {"project": project, "code": "s", "task_template": template})
    assert [task["content"] for task in tasks_of(sg, made)] == names
