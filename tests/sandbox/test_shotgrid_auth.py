"""Who may call: scripts, people, sessions, and scripts in people's names."""

from __future__ import annotations

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


def test_info_needs_no_credentials(site: SiteProcess):
    reply = requests.post(f"{site.url}/api3/json", json={"method_name": "info", "params": []}).json()
    assert reply["version"] >= [8, 5, 0]
    assert "results" not in reply


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


def test_the_refusal_does_not_repeat_the_key(site: SiteProcess):
    with pytest.raises(AuthenticationFault) as refusal:
        site.client(script_name="nobody", api_key="canary-key").find_one("Project", [])
    assert str(refusal.value) == "Can't authenticate script 'nobody'"
    assert "canary-key" not in site.log()


@pytest.mark.parametrize("params", [[], [None], [{}], ["x"], None, [{"script_name": SCRIPT}], [{"user_login": 3}]])
def test_no_credentials_are_an_authentication_fault(site: SiteProcess, params: Any):
    reply = requests.post(f"{site.url}/api3/json", json={"method_name": "read", "params": params}).json()
    assert reply["error_code"] == 102


def test_a_person_signs_in_with_the_password_that_was_set(site: SiteProcess, person: dict[str, Any]):
    client = site.client(login="pia", password=PASSWORD)
    assert client.find_one("Project", []) is not None


def test_authenticate_human_user(sg: Any, person: dict[str, Any]):
    found = sg.authenticate_human_user("pia", PASSWORD)
    assert found["id"] == person["id"]
    with pytest.raises(AuthenticationFault):
        sg.authenticate_human_user("pia", "wrong")


def test_a_password_reads_back_as_stars(sg: Any, person: dict[str, Any]):
    found = sg.find_one("HumanUser", [["login", "is", "pia"]], ["password_proxy"])
    assert set(found["password_proxy"]) == {"*"}


def test_a_disabled_person_is_refused(site: SiteProcess, sg: Any):
    data = {"firstname": "Out", "login": "out", "password_proxy": PASSWORD, "sg_status_list": "dis"}
    sg.create("HumanUser", data)
    with pytest.raises(AuthenticationFault):
        site.client(login="out", password=PASSWORD).find_one("Project", [])


def test_a_session_stands_for_whoever_opened_it(site: SiteProcess, person: dict[str, Any]):
    token = site.client(login="pia", password=PASSWORD).get_session_token()
    client = site.client(session_token=token)
    made = client.create("Project", {"name": "By session"}, return_fields=["created_by"])
    assert made["created_by"]["id"] == person["id"]


def test_a_script_acts_for_a_person_but_a_person_for_nobody(site: SiteProcess, person: dict[str, Any]):
    for_her = site.client(sudo_as_login="pia")
    made = for_her.create("Project", {"name": "By sudo"}, return_fields=["created_by"])
    assert made["created_by"] == {"type": "HumanUser", "id": person["id"], "name": "Pia"}
    with pytest.raises(Fault, match=r"^The user does not have permission to 'sudo':"):
        site.client(login="pia", password=PASSWORD, sudo_as_login="ada").find_one("Project", [])
    with pytest.raises(Fault, match=r"^The user does not have permission to 'sudo':"):
        site.client(sudo_as_login="nobody").find_one("Project", [])


def test_a_persons_session_is_named_in_the_events(site: SiteProcess, sg: Any):
    client = site.client()
    client.set_session_uuid("5a1dcf83-1a1d-4f3a-9d5e-b1f0c2d3e4f5")
    made = client.create("Project", {"name": "With a session"})
    event = sg.find_one("EventLogEntry", [["entity", "is", made]], ["session_uuid"])
    assert event["session_uuid"] == "5a1dcf83-1a1d-4f3a-9d5e-b1f0c2d3e4f5"
