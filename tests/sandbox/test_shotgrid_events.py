"""The event log: which events each write leaves, what they say, and how a daemon reads them."""

from __future__ import annotations

from typing import Any

import pytest

Link = dict[str, Any]
FIELDS = ["event_type", "attribute_name", "meta", "entity", "user", "project", "session_uuid", "created_at"]


def last_id(sg: Any) -> int:
    return sg.find_one("EventLogEntry", [], order=[{"field_name": "id", "direction": "desc"}])["id"]


def since(sg: Any, start: int) -> list[Link]:
    order = [{"field_name": "id", "direction": "asc"}]
    return sg.find("EventLogEntry", [["id", "greater_than", start]], FIELDS, order=order)


def told(events: list[Link]) -> list[tuple[str, str | None]]:
    return [(event["event_type"].removeprefix("Shotgun_"), event["attribute_name"]) for event in events]


@pytest.mark.wire("create", "leaves a New event, and a Change in_create for each field that got a value")
def test_a_new_row_tells_each_of_its_fields(sg: Any, project: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    start = last_id(sg)
    data = {"project": project, "code": "v", "entity": shot, "client_approved": False, "description": None}
    version = sg.create("Version", data)
    events = since(sg, start)
    assert told(events) == [
        ("Version_New", None),
        ("Version_Change", "sg_status_list"),
        ("Version_Change", "project"),
        ("Version_Change", "code"),
        ("Version_Change", "entity"),
        ("Shot_Change", "sg_versions"),
    ]
    assert events[0]["meta"] == {"type": "new_entity", "entity_type": "Version", "entity_id": version["id"]}
    assert events[3]["meta"] == {
        "type": "attribute_change",
        "attribute_name": "code",
        "entity_type": "Version",
        "entity_id": version["id"],
        "field_data_type": "text",
        "old_value": None,
        "new_value": "v",
        "in_create": True,
    }
    assert events[4]["meta"]["new_value"] == {"id": shot["id"], "name": "s", "type": "Shot", "valid": "valid"}
    assert [event["entity"]["name"] for event in events] == ["v"] * 5 + ["s"]


@pytest.mark.wire("update", "leaves a Change event with old and new value for each field that changed")
@pytest.mark.wire("delete", "leaves a Retirement event")
@pytest.mark.wire("revive", "leaves a Revival event")
def test_each_change_leaves_an_event(sg: Any, project: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    asset = sg.create("Asset", {"project": project, "code": "a"})
    start = last_id(sg)
    sg.update("Shot", shot["id"], {"description": "d", "code": "s", "sg_status_list": "ip"})
    sg.update("Shot", shot["id"], {"assets": [asset]})
    sg.delete("Shot", shot["id"])
    sg.revive("Shot", shot["id"])
    events = [event for event in since(sg, start) if event["event_type"].startswith("Shotgun_Shot_")]
    assert told(events) == [
        ("Shot_Change", "description"),
        ("Shot_Change", "sg_status_list"),
        ("Shot_Change", "assets"),
        ("Shot_Retirement", None),
        ("Shot_Revival", None),
    ]
    assert events[1]["meta"].items() >= {"old_value": "wtg", "new_value": "ip"}.items()
    assert "in_create" not in events[1]["meta"]
    assert events[2]["meta"]["added"] == [{"type": "Asset", "id": asset["id"], "name": "a", "valid": "valid"}]
    assert events[2]["meta"]["removed"] == []
    retirement, revival = events[3]["meta"], events[4]["meta"]
    named = {"class_name": "Shot", "display_name": "s", "id": shot["id"], "entity_id": shot["id"]}
    assert retirement.items() >= (named | {"type": "entity_retirement", "entity_type": "Shot"}).items()
    assert retirement["retirement_date"].endswith(" UTC")
    assert revival.items() >= named.items()
    assert all(event["project"]["id"] == project["id"] for event in events)
    assert all(event["user"]["type"] == "ApiUser" for event in events)
