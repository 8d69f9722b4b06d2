"""The journal of calls: complete, numbered, bounded, and without a word that is nobody's business."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
import shotgun_api3

from onepiece_server.sandbox.faults.calls import FILE, OLDER_FILE, Journal
from onepiece_server.sandbox.report import SandboxReport
from tests.conftest import Run
from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess


def last_number(site: SiteProcess) -> int:
    since = 0
    while page := site.ask("GET", f"/sandbox/calls?since={since}&limit=5000")["calls"]:
        since = page[-1]["seq"]
    return since


def shown(calls: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(call[name] for name in names) for call in calls]


def test_calls_are_told_as_they_were_made(site: SiteProcess, sg: Any, project: dict[str, Any]):
    since = last_number(site)
    made = sg.create("Shot", {"project": project, "code": "a"})
    sg.find("Shot", [["project", "is", project]])
    sg.batch(
        [
            {"request_type": "create", "entity_type": "Version", "data": {"project": project, "code": "v"}},
            {"request_type": "delete", "entity_type": "Shot", "entity_id": made["id"]},
        ]
    )
    with pytest.raises(shotgun_api3.Fault):
        sg.find("Nothing", [])
    assert shown(site.calls(since), "method", "type", "results", "status", "error_code", "fault") == [
        ("create", "Shot", 1, 200, None, None),
        ("read", "Shot", 1, 200, None, None),
        ("batch", "Shot,Version", 2, 200, None, None),
        ("read", "Nothing", None, 200, 104, None),
    ]


def test_times_sizes_and_people_are_told(site: SiteProcess):
    since = last_number(site)
    body = {"method_name": "get_session_token", "params": [{"script_name": SCRIPT, "script_key": KEY}]}
    sent = json.dumps(body).encode()
    answer = requests.post(f"{site.url}/api3/json", sent, timeout=10)
    (call,) = site.calls(since)
    assert call["user"] == "ApiUser 1"
    assert (call["bytes_in"], call["bytes_out"]) == (len(sent), len(answer.content))
    assert 0 < call["seconds"] < 10
    assert call["at"].endswith("+00:00")


def test_other_endpoints_are_told_by_name(site: SiteProcess, sg: Any, project: dict[str, Any], tmp_path: Path):
    (tmp_path / "a.txt").write_text("hello")
    version = sg.create("Version", {"project": project, "code": "v"})
    since = last_number(site)
    attached = sg.upload("Version", version["id"], str(tmp_path / "a.txt"))
    sg.download_attachment(attached)
    site.settle()  # a call is written down at its end, and a client may know of it first
    requests.get(f"{site.url}/nowhere", timeout=10)
    requests.post(f"{site.url}/upload/nothing", timeout=10)
    requests.request("BREW", f"{site.url}/coffee", timeout=10)
    told = [call for call in shown(site.calls(since), "method", "type", "status") if call[0] != "get_session_token"]
    assert told == [
        ("api_get_upload_link_info", None, 200),
        ("PUT", None, 200),
        ("api_link_file", "Version", 200),
        ("GET", None, 200),
        ("GET", None, 404),
        ("?", None, 404),
        ("?", None, 404),
    ]


def test_neither_keys_nor_values_are_written_down(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path)
    sg = site.client()
    person = sg.find_one("HumanUser", [])
    sg.update("HumanUser", person["id"], {"password_proxy": "hush-password"})
    sg.create("Project", {"name": "hush-value"})
    token = sg.get_session_token()
    with pytest.raises(shotgun_api3.Fault):
        sg.find("Shot", [["hush_path", "is", "hush-filter"]])
    for body in (
        b'{"method_name": "hush-method <b>", "params": []}',
        b'{"method_name": "read", "params": [{}, {"type": "hush type"}]}',
    ):
        requests.post(f"{site.url}/api3/json", body, timeout=10)
    written = (tmp_path / "site" / FILE).read_text() + json.dumps(site.calls())
    assert written.count('"create"') == 2
    assert not [secret for secret in (KEY, token, "hush") if secret in written]


def test_numbers_go_on_where_they_were(site: SiteProcess, sg: Any):
    since = last_number(site)
    for _ in range(5):
        sg.info()
    calls = site.calls(since)
    assert shown(calls, "seq") == [(since + number,) for number in range(1, 6)]
    page = site.ask("GET", f"/sandbox/calls?since={since + 1}&limit=2")
    assert (shown(page["calls"], "seq"), page["last"]) == ([(since + 2,), (since + 3,)], since + 3)
    assert site.calls(since + 5) == []
    assert site.calls(10**14) == []


def test_a_crash_and_a_restart_lose_no_line(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path)
    for _ in range(3):
        site.client()
    site.settle()
    site.kill()
    site.start()
    site.client()
    site.settle()
    lines = [json.loads(line) for line in (tmp_path / "site" / FILE).read_text().splitlines()]
    assert shown(lines, "seq", "method") == [(number, "info") for number in range(1, 5)]
    assert shown(site.calls(), "seq") == [(4,)]


def test_the_file_is_bounded(tmp_path: Path):
    journal = Journal(tmp_path, file_bytes=10_000, kept_calls=20)
    for _ in range(500):
        journal.end(journal.begin())
    sizes = [(tmp_path / name).stat().st_size for name in (FILE, OLDER_FILE)]
    assert max(sizes) <= 10_000
    older, newer = ((tmp_path / name).read_text().splitlines() for name in (OLDER_FILE, FILE))
    assert shown([json.loads(line) for line in older + newer], "seq")[-1] == (500,)
    told = journal.since(0, 1000)
    assert shown(told["calls"], "seq") == [(number,) for number in range(481, 501)]
    journal.close()


def test_numbers_go_on_after_damage(tmp_path: Path):
    (tmp_path / FILE).write_bytes(b'{"seq": 7}\n{"seq": 8, "method"')
    journal = Journal(tmp_path)
    journal.end(journal.begin())
    assert journal.since(0, 10)["last"] == 8
    journal.close()
    assert (tmp_path / FILE).read_text().splitlines()[-1].startswith('{"seq":8,')


def test_without_a_file_the_calls_stay_in_memory(tmp_path: Path):
    (tmp_path / FILE).mkdir()
    journal = Journal(tmp_path)
    journal.end(journal.begin())
    assert len(journal.since(0, 10)["calls"]) == 1
    journal.close()


class TestTheCommand:
    @pytest.fixture
    def asked(self, studio: SandboxReport) -> str:
        """A studio that was just asked three things."""
        env = studio.env
        keys = env["ONEPIECE_SHOTGRID_SCRIPT"], env["ONEPIECE_SHOTGRID_KEY"]
        sg = shotgun_api3.Shotgun(env["ONEPIECE_SHOTGRID_URL"], *keys)
        sg.find("Shot", [])
        with pytest.raises(shotgun_api3.Fault):
            sg.find("Nothing", [])
        return studio.dir

    def test_the_latest_calls_are_shown(self, asked: str, onepiece: Run):
        lines = onepiece("sandbox", "calls", "--limit", "3", "--dir", asked).stdout.splitlines()
        assert [line.split()[1:3] for line in lines] == [["info", "200"], ["read", "Shot"], ["read", "Nothing"]]
        assert "200 (104)" in lines[2]

    def test_programs_get_one_object(self, asked: str, onepiece: Run):
        told = json.loads(onepiece("sandbox", "calls", "--method", "info", "--json", "--dir", asked).stdout)
        assert (told["schema"], told["dir"]) == ("onepiece.sandbox-calls.1", asked)
        assert {call["method"] for call in told["calls"]} == {"info"}

    def test_new_calls_are_followed(self, asked: str, env: dict[str, str], studio: SandboxReport):
        command = ["onepiece", "sandbox", "calls", "--follow", "--json", "--limit", "1", "--dir", asked]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
            try:
                assert following.stdout is not None
                first = json.loads(following.stdout.readline())
                assert first["type"] == "Nothing"
                shotgun_api3.Shotgun(studio.env["ONEPIECE_SHOTGRID_URL"], "x", "x")
                assert json.loads(following.stdout.readline())["method"] == "info"
                following.send_signal(signal.SIGINT)
                assert following.wait(20) == 130
                assert following.stderr is not None
                assert "Traceback" not in following.stderr.read()
            finally:
                following.kill()
