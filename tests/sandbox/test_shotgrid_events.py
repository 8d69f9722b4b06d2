"""The event log: which events each write leaves, what they say, and how a daemon reads them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from shotgun_api3 import Fault

from tests.support.shotgrid_site import SiteProcess

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


@pytest.mark.wire("update", "the other side of a link has an event that names the first")
@pytest.mark.parametrize(
    ("kind", "field", "other", "shown"),
    [
        ("Version", "entity", "Shot", "sg_versions"),
        ("Asset", "assets", "Asset", "parents"),
        ("Asset", "parents", "Asset", "assets"),
        ("Playlist", "versions", "Version", "playlists"),
    ],
)
def test_the_other_side_is_told_of(sg: Any, project: Link, kind: str, field: str, other: str, shown: str):
    one, two = (sg.create(k, {"project": project, "code": code}) for k, code in ((kind, "one"), (other, "two")))
    start = last_id(sg)
    link = {"type": other, "id": two["id"]}
    sg.update(kind, one["id"], {field: link if field == "entity" else [link]})
    sg.update(kind, one["id"], {field: None if field == "entity" else []})
    events = [event for event in since(sg, start) if event["attribute_name"] in (field, shown)]
    assert told(events) == [(f"{kind}_Change", field), (f"{other}_Change", shown)] * 2
    owner = {"type": kind, "id": one["id"], "name": "one", "valid": "valid"}
    for (first, second), (added, removed) in zip((events[:2], events[2:]), (([owner], []), ([], [owner])), strict=True):
        assert second["entity"]["name"] == "two"
        meta = {"actual_attribute_changed": f"{kind}.{field}", "original_event_log_entry_id": first["id"]}
        meta |= {"entity_type": kind, "entity_id": one["id"], "added": added, "removed": removed}
        assert second["meta"].items() >= meta.items()


@pytest.mark.wire("update", "rows that are linked through their list have their own event, once")
def test_a_list_of_rows_that_link_here(sg: Any, project: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    task = sg.create("Task", {"project": project, "content": "t"})
    start = last_id(sg)
    sg.update("Shot", shot["id"], {"tasks": [task]})
    assert told(since(sg, start)) == [("Task_Change", "entity"), ("Shot_Change", "tasks")]


@pytest.mark.wire("update", "what stays as it is leaves no event")
def test_nothing_new_leaves_no_event(sg: Any, project: Link):
    asset = sg.create("Asset", {"project": project, "code": "a"})
    shot = sg.create("Shot", {"project": project, "code": "s", "assets": [asset]})
    start = last_id(sg)
    sg.update("Shot", shot["id"], {"code": "s", "assets": [asset], "description": None})
    assert since(sg, start) == []


@pytest.mark.wire("update", "moments in a meta are text in the site's own form")
def test_moments_in_a_meta(sg: Any, project: Link):
    version = sg.create("Version", {"project": project, "code": "v"})
    start = last_id(sg)
    sg._call_rpc(
        "update",
        {
            "type": "Version",
            "id": version["id"],
            "fields": [{"field_name": "media_center_import_time", "value": "2026-01-02T03:04:05Z"}],
        },
    )
    assert since(sg, start)[0]["meta"]["new_value"] == "2026-01-02 03:04:05 UTC"


@pytest.mark.wire("read", "an event daemon goes on after the last id that it has seen")
def test_an_event_daemon_goes_on_where_it_stopped(sg: Any, project: Link):
    start = last_id(sg)
    seen = []
    for number in range(3):
        sg.create("Shot", {"project": project, "code": f"s{number}"})
        new = since(sg, start)
        start = new[-1]["id"]
        seen += [event["meta"]["new_value"] for event in new if event["attribute_name"] == "code"]
    assert seen == ["s0", "s1", "s2"]
    assert since(sg, start) == []


@pytest.mark.wire("read", "ids of events have no gaps, whatever was refused or rolled back")
def test_ids_have_no_gaps(site: SiteProcess, sg: Any, project: Link):
    start = last_id(sg)

    def work(number: int) -> None:
        client = site.client()
        create = {"request_type": "create", "entity_type": "Shot", "data": {"project": project, "code": f"{number}"}}
        for _ in range(5):
            client.batch([create] * 3)
            with pytest.raises(Fault):
                client.batch([create, {**create, "data": {"code": "no project"}}])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    events = since(sg, start)
    assert [event["id"] for event in events] == list(range(start + 1, start + 1 + len(events)))
    assert sum(event["event_type"] == "Shotgun_Shot_New" for event in events) == 4 * 5 * 3


@pytest.mark.wire("create", "tools write events of their own, which leave none")
def test_a_tools_own_event(sg: Any, project: Link):
    start = last_id(sg)
    data = {"project": project, "event_type": "Tool_Thing_Done", "entity": project, "meta": {"a": [1, None]}}
    made = sg.create("EventLogEntry", {**data, "description": "done"})
    assert [event["id"] for event in since(sg, start)] == [made["id"]] == [start + 1]
    assert since(sg, start)[0]["meta"] == {"a": [1, None]}
    sg.create("Shot", {"project": project, "code": "s"})
    assert since(sg, start)[1]["id"] == made["id"] + 1


@pytest.mark.wire("batch", "events are in the order of the requests, a tool's own among them")
def test_events_of_a_batch_are_in_order(sg: Any, project: Link):
    start = last_id(sg)
    own = {"project": project, "event_type": "Tool_Thing_Done"}
    data = [
        ("Shot", {"project": project, "code": "s"}),
        ("EventLogEntry", own),
        ("Asset", {"project": project, "code": "a"}),
    ]
    sg.batch([{"request_type": "create", "entity_type": kind, "data": one} for kind, one in data])
    kinds = [event["event_type"] for event in since(sg, start) if not event["attribute_name"]]
    assert kinds == ["Shotgun_Shot_New", "Tool_Thing_Done", "Shotgun_Asset_New"]


@pytest.mark.wire("read", "events of a retired row link to nothing, their meta still tells of it")
def test_events_of_a_retired_row(sg: Any, project: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    start = last_id(sg)
    sg.delete("Shot", shot["id"])
    event = since(sg, start)[0]
    assert (event["entity"], event["meta"]["entity_id"]) == (None, shot["id"])
