"""follow, unfollow, followers and following."""

from __future__ import annotations

from typing import Any

import pytest
from shotgun_api3 import Fault

Link = dict[str, Any]


@pytest.fixture
def person(sg: Any, project: Link) -> Link:
    login = f"follower{project['id']}"
    return sg.create("HumanUser", {"login": login, "firstname": "Fay", "lastname": "Low", "projects": [project]})


def plain(link: Link) -> Link:
    return {"type": link["type"], "id": link["id"]}


@pytest.mark.wire("follow", "tells who follows what")
@pytest.mark.wire("unfollow", "tells who follows what no more")
def test_following_begins_and_ends(sg: Any, project: Link, person: Link):
    shot = plain(sg.create("Shot", {"project": project, "code": "s"}))
    user = plain(person)
    assert sg.follow(user, shot) == {"followed": True, "user": user, "entity": shot}
    assert sg.following(user) == [shot]
    assert sg.unfollow(user, shot) == {"unfollowed": True, "user": user, "entity": shot}
    assert sg.following(user) == []


@pytest.mark.wire("follow", "twice is once")
@pytest.mark.wire("unfollow", "who does not follow may stop")
def test_doing_it_twice_changes_nothing(sg: Any, project: Link, person: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    sg.follow(person, shot)
    sg.follow(person, shot)
    assert len(sg.followers(shot)) == 1
    sg.unfollow(person, shot)
    sg.unfollow(person, shot)
    assert sg.followers(shot) == []


@pytest.mark.wire("followers", "people in the order in which they began")
def test_followers_are_people_with_name_and_status(sg: Any, project: Link, person: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    second = sg.create("HumanUser", {"login": f"second{project['id']}", "firstname": "Sec"})
    for user in (second, person):
        sg.follow(user, shot)
    assert sg.followers(plain(shot)) == [
        {"type": "HumanUser", "id": second["id"], "name": "Sec", "status": "act", "valid": "valid"},
        {"type": "HumanUser", "id": person["id"], "name": "Fay Low", "status": "act", "valid": "valid"},
    ]


@pytest.mark.wire("following", "of one project, of one type")
def test_what_is_followed_can_be_narrowed_to_a_project_and_a_type(sg: Any, project: Link, person: Link):
    other = sg.create("Project", {"name": f"{project['name']} other"})
    rows = [
        sg.create("Shot", {"project": project, "code": "s"}),
        sg.create("Task", {"project": project, "content": "t"}),
        sg.create("Shot", {"project": other, "code": "s"}),
        other,
    ]
    for row in rows:
        sg.follow(person, row)
    wanted = [plain(row) for row in rows]
    assert sg.following(person) == wanted
    assert sg.following(person, project=project) == wanted[:2]
    assert sg.following(person, entity_type="Shot") == [wanted[0], wanted[2]]
    assert sg.following(person, project=other, entity_type="Shot") == [wanted[2]]
    assert sg.following(person, project=other, entity_type="Task") == []


@pytest.mark.wire("following", "retired rows disappear until they are revived")
@pytest.mark.wire("followers", "retired people disappear until they are revived")
def test_what_is_retired_disappears_until_it_is_revived(sg: Any, project: Link, person: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    sg.follow(person, shot)
    sg.delete("Shot", shot["id"])
    assert sg.following(person) == []
    sg.revive("Shot", shot["id"])
    assert sg.following(person) == [plain(shot)]
    sg.delete("HumanUser", person["id"])
    assert sg.followers(shot) == []
    sg.revive("HumanUser", person["id"])
    assert [user["id"] for user in sg.followers(shot)] == [person["id"]]


@pytest.mark.wire("follow", "only people follow, and only what is there")
def test_what_can_not_be_is_a_fault(sg: Any, project: Link, person: Link):
    shot = sg.create("Shot", {"project": project, "code": "s"})
    gone = {"type": "Shot", "id": 999_999_999}
    with pytest.raises(Fault, match="Couldn't find Shot with id=999999999"):
        sg.follow(person, gone)
    with pytest.raises(Fault, match="Couldn't find Shot with id=999999999"):
        sg.followers(gone)
    with pytest.raises(Fault, match="Couldn't find HumanUser with id=999999999"):
        sg.following({"type": "HumanUser", "id": 999_999_999})
    with pytest.raises(Fault, match="HumanUser but got ApiUser"):
        sg.follow({"type": "ApiUser", "id": 1}, shot)
    with pytest.raises(Fault, match="entity type 'Shots' doesn't exist"):
        sg.following(person, entity_type="Shots")
    with pytest.raises(Fault, match="invalid/missing integer 'id'"):
        sg.unfollow(person, {"type": "Shot"})
