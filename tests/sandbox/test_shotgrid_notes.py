"""note_thread_read: a note with its replies and files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from shotgun_api3 import Fault

from tests.support.media import write_png
from tests.support.shotgrid_site import SiteProcess

Link = dict[str, Any]


@pytest.fixture
def note(sg: Any, project: Link) -> Link:
    return sg.create("Note", {"project": project, "subject": "Look", "content": "Too <dark>"})


@pytest.fixture
def picture(tmp_path: Path) -> str:
    return str(write_png(tmp_path / "sketch.png"))


def kinds(thread: list[Link]) -> list[tuple[str, int]]:
    return [(row["type"], row["id"]) for row in thread]


@pytest.mark.wire("note_thread_contents", "the note itself, as a find tells it")
def test_a_note_alone_is_a_thread_of_one(sg: Any, note: Link):
    (told,) = sg.note_thread_read(note["id"])
    fields = ["content", "created_at", "created_by"]
    assert told == sg.find_one("Note", [["id", "is", note["id"]]], fields)
    assert told["content"] == "Too <dark>"


@pytest.mark.wire("note_thread_contents", "replies and files in the order in which they were made")
def test_replies_and_files_come_in_the_order_in_which_they_were_made(sg: Any, note: Link, picture: str):
    rows = [("Note", note["id"])]
    rows.append(("Reply", sg.create("Reply", {"content": "one", "entity": note})["id"]))
    rows.append(("Attachment", sg.upload("Note", note["id"], picture)))
    rows.append(("Reply", sg.create("Reply", {"content": "two", "entity": note})["id"]))
    rows.append(("Attachment", sg.upload("Note", note["id"], picture, "attachments")))
    thread = sg.note_thread_read(note["id"])
    assert kinds(thread) == rows
    assert [set(row) for row in thread] == [
        {"type", "id", "content", "created_at", "created_by"},
        {"type", "id", "content", "created_at", "user"},
        {"type", "id", "created_at", "created_by"},
        {"type", "id", "content", "created_at", "user"},
        {"type", "id", "created_at", "created_by"},
    ]


@pytest.mark.wire("note_thread_contents", "files of a reply belong to the thread")
def test_files_of_a_reply_belong_to_the_thread(sg: Any, note: Link, picture: str):
    reply = sg.create("Reply", {"content": "see", "entity": note})
    file = sg.upload("Reply", reply["id"], picture, "attachments")
    assert kinds(sg.note_thread_read(note["id"]))[1:] == [("Reply", reply["id"]), ("Attachment", file)]


@pytest.mark.wire("note_thread_contents", "the moment counts more than the order of making")
def test_what_was_said_earlier_elsewhere_comes_first(sg: Any, project: Link):
    data = {"project": project, "content": "imported", "created_at": datetime(2020, 1, 1, tzinfo=UTC)}
    note = sg.create("Note", data)
    now = sg.create("Reply", {"content": "now", "entity": note})
    old = sg.create("Reply", {"content": "old", "entity": note, "created_at": datetime(2020, 1, 2, tzinfo=UTC)})
    rows = [("Note", note["id"]), ("Reply", old["id"]), ("Reply", now["id"])]
    assert kinds(sg.note_thread_read(note["id"])) == rows


@pytest.mark.wire("note_thread_contents", "the author of a reply with his picture")
def test_the_author_of_a_reply_is_told_with_his_picture(sg: Any, site: SiteProcess, note: Link, picture: str):
    login = f"author{note['id']}"
    author = sg.create("HumanUser", {"login": login, "firstname": "Au", "lastname": "Thor"})
    sg.upload_thumbnail("HumanUser", author["id"], picture)
    site.client(sudo_as_login=login).create("Reply", {"content": "by a person", "entity": note})
    user = sg.note_thread_read(note["id"])[1]["user"]
    assert {key: user[key] for key in ("type", "id", "name")} == {
        "type": "HumanUser",
        "id": author["id"],
        "name": "Au Thor",
    }
    assert user["image"].startswith(site.url)


@pytest.mark.wire("note_thread_contents", "more fields for each type; those the site does not have are left out")
def test_more_fields_are_told_where_they_are_asked_for(sg: Any, note: Link, picture: str):
    sg.create("Reply", {"content": "one", "entity": note})
    sg.upload("Note", note["id"], picture)
    more = {
        "Note": ["subject", "created_by.HumanUser.image", "addressings_to", "body"],
        "Attachment": ["this_file"],
        "Unknown": ["code"],
    }
    told, _, file = sg.note_thread_read(note["id"], more)
    assert (told["subject"], told["addressings_to"], told["created_by.HumanUser.image"]) == ("Look", [], None)
    assert "body" not in told
    assert file["this_file"]["name"] == "sketch.png"


@pytest.mark.wire("note_thread_contents", "retired replies are left out")
def test_retired_replies_are_left_out(sg: Any, note: Link):
    reply = sg.create("Reply", {"content": "one", "entity": note})
    sg.delete("Reply", reply["id"])
    assert len(sg.note_thread_read(note["id"])) == 1


@pytest.mark.wire("note_thread_contents", "a note that is not there is a Fault")
def test_a_note_that_is_not_there_is_a_fault(sg: Any, note: Link):
    with pytest.raises(Fault, match="Couldn't find Note with id=999999999"):
        sg.note_thread_read(999_999_999)
    sg.delete("Note", note["id"])
    with pytest.raises(Fault, match="Couldn't find Note"):
        sg.note_thread_read(note["id"])
    with pytest.raises(Fault, match="invalid/missing integer 'note_id'"):
        sg.note_thread_read("7")


@pytest.mark.wire("create", "a reply is read back with its note, and the note tells what its replies say")
def test_a_note_tells_what_its_replies_say(sg: Any, note: Link):
    def told() -> Any:
        return sg.find_one("Note", [["id", "is", note["id"]]], ["reply_content"])["reply_content"]

    assert told() is None
    first = sg.create("Reply", {"content": "one", "entity": note})
    sg.create("Reply", {"content": "two <2>", "entity": note})
    assert told() == "one\ntwo <2>"
    assert sg.find("Note", [["reply_content", "contains", "TWO"], ["id", "is", note["id"]]]) != []
    sg.update("Reply", first["id"], {"content": "changed"})
    assert told() == "changed\ntwo <2>"
    sg.delete("Reply", first["id"])
    assert told() == "two <2>"
    sg.revive("Reply", first["id"])
    assert told() == "changed\ntwo <2>"
