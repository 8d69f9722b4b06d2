"""Who may call: scripts, people, sessions, and scripts in people's names."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest
import requests
from shotgun_api3 import AuthenticationFault, Fault

from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

PASSWORD = "pass wörd"


@pytest.fixture(scope="module")
def person(sg: Any) -> dict[str, Any]:
    data = {"firstname": "Pia", "login": "pia", "password_proxy": PASSWORD}
    return sg.create("HumanUser", data)


@pytest.mark.wire("info", "needs no credentials")
def test_info_needs_no_credentials(site: SiteProcess):
    reply = requests.post(f"{site.url}/api3/json", json={"method_name": "info", "params": []}).json()
    assert reply["version"] >= [8, 5, 0]
    assert "results" not in reply


@pytest.mark.wire("read", "wrong credentials of any kind are fault 102")
@pytest.mark.parametrize(
    "options",
    [
        {"script_name": SCRIPT, "api_key": "wrong"},
        {"script_name": "nobody", "api_key": KEY},
        {"script_name": "nöbody\n", "api_key": "ключ"},
        {"login": "pia", "password": "wrong"},
        {"login": "ada", "password": "None"},
        {"session_token": "0" * 32},
    ],
    ids=str,
)
def test_wrong_credentials_are_an_authentication_fault(
    site: SiteProcess, person: dict[str, Any], options: dict[str, Any]
):
    with pytest.raises(AuthenticationFault):
        site.client(**options).find_one("Project", [])


@pytest.mark.wire("read", "a refusal does not repeat the key")
def test_the_refusal_does_not_repeat_the_key(site: SiteProcess):
    with pytest.raises(AuthenticationFault) as refusal:
        site.client(script_name="nobody", api_key="canary-key").find_one("Project", [])
    assert str(refusal.value) == "Can't authenticate script 'nobody'"
    assert "canary-key" not in site.log()


@pytest.mark.parametrize("params", [[], [None], [{}], ["x"], None, [{"script_name": SCRIPT}], [{"user_login": 3}]])
def test_no_credentials_are_an_authentication_fault(site: SiteProcess, params: Any):
    reply = requests.post(f"{site.url}/api3/json", json={"method_name": "read", "params": params}).json()
    assert reply["error_code"] == 102


@pytest.mark.wire("read", "a person calls with the password that was set")
def test_a_person_signs_in_with_the_password_that_was_set(site: SiteProcess, person: dict[str, Any]):
    client = site.client(login="pia", password=PASSWORD)
    assert client.find_one("Project", []) is not None


@pytest.mark.wire("read", "authenticate_human_user tells who it is, or refuses")
def test_authenticate_human_user(sg: Any, person: dict[str, Any]):
    found = sg.authenticate_human_user("pia", PASSWORD)
    assert found["id"] == person["id"]
    with pytest.raises(AuthenticationFault):
        sg.authenticate_human_user("pia", "wrong")


@pytest.mark.wire("read", "a password reads back as stars")
def test_a_password_reads_back_as_stars(sg: Any, person: dict[str, Any]):
    found = sg.find_one("HumanUser", [["login", "is", "pia"]], ["password_proxy"])
    assert set(found["password_proxy"]) == {"*"}


@pytest.mark.wire("read", "a disabled person is refused")
def test_a_disabled_person_is_refused(site: SiteProcess, sg: Any):
    data = {"firstname": "Out", "login": "out", "password_proxy": PASSWORD, "sg_status_list": "dis"}
    sg.create("HumanUser", data)
    with pytest.raises(AuthenticationFault):
        site.client(login="out", password=PASSWORD).find_one("Project", [])


@pytest.mark.wire("get_session_token", "a session stands for whoever opened it")
def test_a_session_stands_for_whoever_opened_it(site: SiteProcess, person: dict[str, Any]):
    token = site.client(login="pia", password=PASSWORD).get_session_token()
    client = site.client(session_token=token)
    made = client.create("Project", {"name": "By session"}, return_fields=["created_by"])
    assert made["created_by"]["id"] == person["id"]


@pytest.mark.wire("create", "a script acts for a person (sudo), a person for nobody")
def test_a_script_acts_for_a_person_but_a_person_for_nobody(site: SiteProcess, person: dict[str, Any]):
    for_her = site.client(sudo_as_login="pia")
    made = for_her.create("Project", {"name": "By sudo"}, return_fields=["created_by"])
    assert made["created_by"] == {"type": "HumanUser", "id": person["id"], "name": "Pia"}
    with pytest.raises(Fault, match=r"^The user does not have permission to 'sudo':"):
        site.client(login="pia", password=PASSWORD, sudo_as_login="ada").find_one("Project", [])
    with pytest.raises(Fault, match=r"^The user does not have permission to 'sudo':"):
        site.client(sudo_as_login="nobody").find_one("Project", [])


@pytest.mark.wire("create", "the session_uuid is in the events")
def test_a_persons_session_is_named_in_the_events(site: SiteProcess, sg: Any):
    client = site.client()
    client.set_session_uuid("5a1dcf83-1a1d-4f3a-9d5e-b1f0c2d3e4f5")
    made = client.create("Project", {"name": "With a session"})
    event = sg.find_one("EventLogEntry", [["entity", "is", made]], ["session_uuid"])
    assert event["session_uuid"] == "5a1dcf83-1a1d-4f3a-9d5e-b1f0c2d3e4f5"


@pytest.mark.wire("update", "a password that is changed or emptied no longer opens anything")
def test_an_old_password_opens_nothing(site: SiteProcess, sg: Any):
    made = sg.create("HumanUser", {"login": "changes", "password_proxy": "first"})
    assert sg.update("HumanUser", made["id"], {"password_proxy": "second"})["password_proxy"] == "*******"
    for password in ("first", "*******"):
        with pytest.raises(AuthenticationFault):
            site.client(login="changes", password=password).find_one("Project", [])
    assert site.client(login="changes", password="second").find_one("Project", [])
    for empty in (None, ""):
        sg.update("HumanUser", made["id"], {"password_proxy": empty})
        for password in ("second", "", "None"):
            body = {"method_name": "read", "params": [{"user_login": "changes", "user_password": password}, {}]}
            assert requests.post(f"{site.url}/api3/json", json=body).json()["error_code"] == 102
    assert made["id"] in {row["id"] for row in sg.find("HumanUser", [["login", "is", "changes"]])}


@pytest.mark.wire("update", "no event tells a password")
def test_no_event_tells_a_password(sg: Any):
    made = sg.create("HumanUser", {"login": "discreet", "password_proxy": "canary-1"})
    sg.update("HumanUser", made["id"], {"password_proxy": "canary-2"})
    events = sg.find("EventLogEntry", [["entity", "is", made]], ["attribute_name", "meta", "description"])
    told = [event["meta"]["new_value"] for event in events if event["attribute_name"] == "password_proxy"]
    assert told == ["*******"] * 2
    assert "canary" not in str(events)


@pytest.mark.wire("get_session_token", "a session ends with its day, its person or its script")
@pytest.mark.parametrize("end", ["disabled", "retired", "expired"])
def test_a_session_ends(site: SiteProcess, sg: Any, end: str):
    made = sg.create("HumanUser", {"login": f"ends_{end}", "password_proxy": PASSWORD})
    token = site.client(login=f"ends_{end}", password=PASSWORD).get_session_token()
    client = site.client(session_token=token)
    assert client.find_one("Project", []) is not None
    if end == "disabled":
        sg.update("HumanUser", made["id"], {"sg_status_list": "dis"})
    elif end == "retired":
        sg.delete("HumanUser", made["id"])
    else:
        with (
            contextlib.closing(sqlite3.connect(site.folder / "site" / "site.sqlite", timeout=20)) as database,
            database,
        ):
            # A day later, seen from the session.
            sql = 'UPDATE "__sessions" SET created_at = created_at - 86401 WHERE user_id=?'
            assert database.execute(sql, [made["id"]]).rowcount == 1
    with pytest.raises(AuthenticationFault, match="Session is invalid or has expired"):
        client.find_one("Project", [])


@pytest.mark.wire("get_session_token", "a person's session is a login in the event log, a script's is none")
def test_a_login_is_an_event(site: SiteProcess, sg: Any, person: dict[str, Any]):
    filters = [["event_type", "is", "Shotgun_User_Login"], ["entity", "is", person]]
    before = len(sg.find("EventLogEntry", filters))
    site.client(login="pia", password=PASSWORD).get_session_token()
    sg.get_session_token()
    events = sg.find("EventLogEntry", filters, ["user", "description"])
    assert len(events) == before + 1
    assert (events[-1]["user"]["id"], events[-1]["description"]) == (person["id"], "Pia logged in")


@pytest.mark.wire("read", "a script that was disabled is refused")
def test_a_script_has_a_key_of_its_own(site: SiteProcess, sg: Any):
    made = sg.create("ApiUser", {"firstname": "a tool", "salted_password": "its-key"})
    client = site.client(script_name="A Tool", api_key="its-key")
    assert client.create("Project", {"name": "By a tool"}, ["created_by"])["created_by"]["name"] == "a tool"
    sg.update("ApiUser", made["id"], {"sg_status_list": "dis"})
    with pytest.raises(AuthenticationFault):
        client.find_one("Project", [])


@pytest.mark.wire("create", 'a script whose "Generate Events" is off leaves none')
def test_a_silent_script_leaves_no_events(site: SiteProcess, sg: Any):
    data = {"firstname": "silent", "salted_password": "its-key", "generate_event_log_entries": False}
    made = sg.create("ApiUser", data)
    client = site.client(script_name="silent", api_key="its-key")
    project = client.create("Project", {"name": "Made in silence"})
    assert sg.find("EventLogEntry", [["entity", "is", project]]) == []
    sg.update("ApiUser", made["id"], {"generate_event_log_entries": True})
    client.update("Project", project["id"], {"sg_description": "heard"})
    assert len(sg.find("EventLogEntry", [["entity", "is", project]])) == 1
