"""preferences_read, the last accessed project of a person, and the subscriptions of people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from shotgun_api3 import Fault

from tests.support.shotgrid_site import SiteProcess

Link = dict[str, Any]


@pytest.fixture
def person(sg: Any, project: Link) -> Link:
    data = {"login": f"person{project['id']}", "password_proxy": "a-password-1"}
    return sg.create("HumanUser", data)


@pytest.mark.wire("preferences_read", "all preferences of the site")
def test_all_preferences_are_told(sg: Any):
    told = sg.preferences_read()
    assert isinstance(told.pop("view_master_settings"), dict)
    assert told["date_component_order"] == "month_day"
    assert told["format_currency_fields_display_dollar_sign"] is False
    assert told["hours_per_day"] == 8.0
    assert told["support_local_storage"] is True
    assert {"duration_units", "format_date_fields", "format_time_hour_fields", "last_day_work_week"} <= told.keys()


@pytest.mark.wire("preferences_read", "only the ones asked for; an unknown name is left out")
def test_only_the_known_ones_of_those_asked_for_are_told(sg: Any):
    told = sg.preferences_read(["support_local_storage", "email_notifications", "hours_per_day"])
    assert told == {"support_local_storage": True, "hours_per_day": 8.0}
    with pytest.raises(Fault, match="expected"):
        sg.preferences_read([1])
    with pytest.raises(Fault, match="expected"):
        sg.preferences_read("hours_per_day")


@pytest.mark.wire("update_project_last_accessed_by_current_user", "each person has another moment")
def test_the_last_access_is_read_by_the_person_alone(sg: Any, site: SiteProcess, project: Link, person: Link):
    mine = site.client(login=person["login"], password="a-password-1")
    here, field = [["id", "is", project["id"]]], "last_accessed_by_current_user"
    assert mine.find_one("Project", here, [field])[field] is None
    mine.update_project_last_accessed(project)
    moment = mine.find_one("Project", here, [field])[field]
    assert abs(moment - datetime.now(UTC)).total_seconds() < 600
    assert sg.find_one("Project", here, [field])[field] is None
    as_person = site.client(sudo_as_login=person["login"])
    assert as_person.find_one("Project", here, [field])[field] == moment


@pytest.mark.wire("update_project_last_accessed_by_current_user", "for a named person, and for the one of sudo")
def test_a_script_names_the_person_or_acts_for_one(sg: Any, site: SiteProcess, project: Link, person: Link):
    other = sg.create("Project", {"name": f"{project['name']} other"})
    sg.update_project_last_accessed(project, person)
    as_person = site.client(sudo_as_login=person["login"])
    as_person.update_project_last_accessed(other)
    field = "last_accessed_by_current_user"
    both = as_person.find("Project", [["id", "in", [project["id"], other["id"]]]], [field])
    assert all(isinstance(one[field], datetime) for one in both)
    with pytest.raises(Fault, match="user_id is missing"):
        sg.update_project_last_accessed(project)


@pytest.mark.wire("update_project_last_accessed_by_current_user", "filters and order know the person's moments")
def test_recent_projects_are_found_and_sorted_by_it(sg: Any, site: SiteProcess, project: Link, person: Link):
    other = sg.create("Project", {"name": f"{project['name']} other"})
    sg.update_project_last_accessed(project, person)
    mine, field = site.client(sudo_as_login=person["login"]), "last_accessed_by_current_user"
    both = ["id", "in", [project["id"], other["id"]]]
    assert [one["id"] for one in mine.find("Project", [both, [field, "is_not", None]])] == [project["id"]]
    ordered = mine.find("Project", [both], order=[{"field_name": field, "direction": "asc"}])
    assert [one["id"] for one in ordered] == [project["id"], other["id"]]
    assert sg.find("Project", [both, [field, "is_not", None]]) == []


@pytest.mark.wire("update_project_last_accessed_by_current_user", "leaves no event; unknown projects are a Fault")
def test_an_access_leaves_no_event(sg: Any, project: Link, person: Link):
    before = sg.find("EventLogEntry", [["project", "is", project]])
    sg.update_project_last_accessed(project, person)
    assert sg.find("EventLogEntry", [["project", "is", project]]) == before
    with pytest.raises(Fault, match="Couldn't find Project with id=999999999"):
        sg.update_project_last_accessed({"type": "Project", "id": 999_999_999}, person)


@pytest.mark.wire("user_subscriptions_create", "none, one or several for each person")
@pytest.mark.wire("user_subscriptions_read", "tells what was assigned")
def test_subscriptions_are_read_as_they_were_assigned(sg: Any, project: Link):
    people = [sg.create("HumanUser", {"login": f"sub{n}_{project['id']}"})["id"] for n in range(3)]

    def told() -> list[Any]:
        found = {one["humanUserId"]: one["subscription"] for one in sg.user_subscriptions_read()}
        return [found[person] for person in people]

    assert told() == [None, None, None]
    wanted = ["one", ["one", "two"], []]
    rows = [{"humanUserId": person, "subscription": what} for person, what in zip(people, wanted, strict=True)]
    assert sg.user_subscriptions_create(rows) is True
    assert told() == ["one", ["one", "two"], None]
    assert sg.user_subscriptions_create([{"humanUserId": str(people[1]), "subscription": None}]) is True
    assert told() == ["one", None, None]


@pytest.mark.wire("user_subscriptions_create", "one wrong person undoes all")
def test_one_wrong_person_undoes_all(sg: Any, person: Link):
    rows = [
        {"humanUserId": person["id"], "subscription": "one"},
        {"humanUserId": 999_999_999, "subscription": "one"},
    ]
    with pytest.raises(Fault, match="Invalid humanUserId 999999999"):
        sg.user_subscriptions_create(rows)
    found = {one["humanUserId"]: one["subscription"] for one in sg.user_subscriptions_read()}
    assert found[person["id"]] is None
