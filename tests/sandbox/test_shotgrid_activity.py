"""activity_stream_read: what happened to a row and to what hangs on it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from shotgun_api3 import Fault

from tests.support.shotgrid_site import SiteProcess

Link = dict[str, Any]


@pytest.fixture
def shot(sg: Any, project: Link) -> Link:
    return sg.create("Shot", {"project": project, "code": "sh010", "sg_status_list": "wtg"})


def told(stream: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["update_type"], one["meta"]["entity_type"], one["meta"]["entity_id"]) for one in stream["updates"]]


@pytest.mark.wire("activity_stream", "an update tells what, when, by whom and about which row")
def test_an_update_tells_what_when_by_whom_and_about_which_row(sg: Any, shot: Link):
    sg.update("Shot", shot["id"], {"sg_status_list": "ip"})
    stream = sg.activity_stream_read("Shot", shot["id"])
    assert set(stream) == {"entity_type", "entity_id", "earliest_update_id", "latest_update_id", "updates"}
    assert (stream["entity_type"], stream["entity_id"]) == ("Shot", shot["id"])
    changed, made = stream["updates"]
    assert set(changed) == {"id", "update_type", "meta", "created_at", "created_by", "primary_entity", "read"}
    assert changed["meta"] == {
        "type": "attribute_change",
        "attribute_name": "sg_status_list",
        "entity_type": "Shot",
        "entity_id": shot["id"],
        "field_data_type": "status_list",
        "old_value": "wtg",
        "new_value": "ip",
        "platform_id": None,
    }
    assert (changed["update_type"], changed["read"]) == ("update", False)
    assert isinstance(changed["created_at"], datetime)
    assert changed["primary_entity"] == {"type": "Shot", "id": shot["id"], "name": "sh010", "status": "ip"}
    assert changed["created_by"]["type"] == "ApiUser"
    assert set(changed["created_by"]) == {"type", "id", "name", "status", "image"}
    assert made["update_type"] == "create"
    assert made["meta"] == {"type": "new_entity", "entity_type": "Shot", "entity_id": shot["id"]}


@pytest.mark.wire("activity_stream", "what hangs on the row: tasks, versions, files, notes and replies")
def test_the_stream_of_a_shot_has_what_hangs_on_it(sg: Any, project: Link, shot: Link):
    task = sg.create("Task", {"project": project, "content": "comp", "entity": shot})
    version = sg.create("Version", {"project": project, "code": "v001", "entity": shot, "sg_task": task})
    file = sg.create("PublishedFile", {"project": project, "code": "f", "entity": shot, "task": task})
    note = sg.create("Note", {"project": project, "subject": "Look", "note_links": [version], "tasks": [task]})
    reply = sg.create("Reply", {"content": "yes", "entity": note})
    on_shot = [
        ("create", "PublishedFile", file["id"]),
        ("create", "Version", version["id"]),
        ("create", "Task", task["id"]),
        ("create", "Shot", shot["id"]),
    ]
    about_note = [("create_reply", "Reply", reply["id"]), ("create", "Note", note["id"])]
    read = sg.activity_stream_read
    assert told(read("Shot", shot["id"])) == on_shot
    assert told(read("Task", task["id"])) == about_note + on_shot[:3]
    assert told(read("Version", version["id"])) == [*about_note, on_shot[1]]
    assert told(read("Note", note["id"])) == about_note
    assert told(read("Project", project["id"]))[:-1] == about_note + on_shot
    assert told(read("Project", project["id"]))[-1] == ("create", "Project", project["id"])


@pytest.mark.wire("activity_stream", "a reply is told as one about its note, with its words")
def test_a_reply_is_told_with_its_words(sg: Any, project: Link, shot: Link):
    note = sg.create("Note", {"project": project, "subject": "Look", "note_links": [shot]})
    reply = sg.create("Reply", {"content": "yes", "entity": note})
    update = sg.activity_stream_read("Shot", shot["id"])["updates"][0]
    meta = {"type": "new_entity", "entity_type": "Reply", "entity_id": reply["id"], "content": "yes"}
    assert (update["update_type"], update["meta"]) == ("create_reply", meta)
    assert update["primary_entity"]["type"] == "Note"
    assert update["primary_entity"]["status"] == "opn"


@pytest.mark.wire("activity_stream", "an uploaded movie is an update of its version")
def test_an_uploaded_movie_is_an_update_of_its_version(sg: Any, project: Link, shot: Link, tmp_path: Path):
    version = sg.create("Version", {"project": project, "code": "v001", "entity": shot})
    (tmp_path / "v001.txt").write_text("no movie, but a file")
    sg.upload("Version", version["id"], str(tmp_path / "v001.txt"), "sg_uploaded_movie")
    update = sg.activity_stream_read("Shot", shot["id"], limit=1)["updates"][0]
    assert (update["update_type"], update["meta"]["attribute_name"]) == ("update", "sg_uploaded_movie")
    assert update["primary_entity"]["id"] == version["id"]


@pytest.mark.wire("activity_stream", "a retired row is a delete")
def test_a_retired_row_is_told_as_deleted(sg: Any, project: Link, shot: Link):
    version = sg.create("Version", {"project": project, "code": "v001", "entity": shot})
    sg.delete("Version", version["id"])
    update = sg.activity_stream_read("Shot", shot["id"], limit=1)["updates"][0]
    assert (update["update_type"], update["meta"]["type"]) == ("delete", "entity_retirement")
    assert update["primary_entity"]["name"] == "v001"


@pytest.mark.wire("activity_stream", "more fields of the rows; those the site does not have are left out")
def test_more_fields_of_the_rows_are_told_by_type(sg: Any, project: Link, shot: Link):
    sg.create("Note", {"project": project, "content": "Test!", "note_links": [shot]})
    more = {"Shot": ["created_by.HumanUser.image"], "Note": ["content", "body"], "TankPublishedFile": ["code"]}
    note, made = sg.activity_stream_read("Shot", shot["id"], entity_fields=more)["updates"]
    assert set(note["primary_entity"]) == {"id", "type", "name", "status", "content"}
    assert note["primary_entity"]["content"] == "Test!"
    assert set(made["primary_entity"]) == {"id", "type", "name", "status", "created_by.HumanUser.image"}


@pytest.mark.wire("activity_stream", "pages down by max_id, tops up by min_id, both exclusive")
def test_a_stream_is_read_page_by_page_and_topped_up(sg: Any, shot: Link):
    for number in range(6):
        sg.update("Shot", shot["id"], {"description": f"take {number}"})
    whole = sg.activity_stream_read("Shot", shot["id"])
    ids = [update["id"] for update in whole["updates"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 7
    assert (whole["earliest_update_id"], whole["latest_update_id"] >= ids[0]) == (0, True)
    pages, high = [], None
    while high != 0:
        page = sg.activity_stream_read("Shot", shot["id"], max_id=high, limit=3)
        assert high is None or page["latest_update_id"] == high - 1
        pages += [update["id"] for update in page["updates"]]
        high = page["earliest_update_id"]
    assert pages == ids
    newer = sg.activity_stream_read("Shot", shot["id"], min_id=ids[2])
    assert [update["id"] for update in newer["updates"]] == ids[:2]
    assert newer["earliest_update_id"] == ids[2] + 1


@pytest.mark.wire("activity_stream", "25 updates unless more are asked for")
def test_there_are_25_updates_unless_more_are_asked_for(sg: Any, project: Link, shot: Link):
    row = {"project": project, "entity": shot}
    sg.batch(
        [{"request_type": "create", "entity_type": "Version", "data": {**row, "code": f"v{n:03}"}} for n in range(40)]
    )
    assert len(sg.activity_stream_read("Shot", shot["id"])["updates"]) == 25
    assert len(sg.activity_stream_read("Shot", shot["id"], limit=500)["updates"]) == 41


@pytest.mark.wire("activity_stream", "a person's stream is what the person made")
def test_the_stream_of_a_person_is_what_the_person_made(sg: Any, site: SiteProcess, project: Link, shot: Link):
    login = f"maker{project['id']}"
    person = sg.create("HumanUser", {"login": login, "firstname": "Ma", "lastname": "Ker"})
    mine = site.client(sudo_as_login=login)
    made = mine.create("Version", {"project": project, "code": "mine", "entity": shot})
    sg.create("Version", {"project": project, "code": "not mine", "entity": shot, "user": person})
    stream = sg.activity_stream_read("HumanUser", person["id"])
    assert told(stream) == [("create", "Version", made["id"])]
    by = {"type": "HumanUser", "id": person["id"], "name": "Ma Ker", "status": "act", "image": None}
    assert stream["updates"][0]["created_by"] == by


@pytest.mark.wire("activity_stream", "rows and limits that can not be are Faults")
def test_what_can_not_be_is_a_fault(sg: Any, shot: Link):
    with pytest.raises(Fault, match="Couldn't find Shot with id=999999999"):
        sg.activity_stream_read("Shot", 999_999_999)
    with pytest.raises(Fault, match="entity type 'Shots' doesn't exist"):
        sg.activity_stream_read("Shots", 1)
    for limit in (0, -1, 501):
        with pytest.raises(Fault, match="'limit' must be from 1 to 500"):
            sg.activity_stream_read("Shot", shot["id"], limit=limit)
    with pytest.raises(Fault, match="'max_id'"):
        sg.activity_stream_read("Shot", shot["id"], max_id="new")
