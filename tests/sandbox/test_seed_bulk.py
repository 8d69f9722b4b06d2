"""A show of production size: ``POST /sandbox/seed`` of a site."""

from __future__ import annotations

import http.client
import itertools
import json
import time
import urllib.request
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from onepiece_core.context import Convention
from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SiteProcess

UNTIL = "2026-03-31"
MADE = {
    "Episode": "project",
    "Sequence": "project",
    "Shot": "project",
    "Asset": "project",
    "Task": "project",
    "Cut": "project",
    "CutItem": "project",
    "Version": "project",
    "PublishedFile": "project",
    "Note": "project",
    "Playlist": "project",
    "Reply": "entity.Note.project",
    "PlaylistVersionConnection": "playlist.Playlist.project",
    "AssetShotConnection": "shot.Shot.project",
}

_numbers = itertools.count(1)


def request(**other: Any) -> dict[str, Any]:
    return {
        "project": f"Night Train {next(_numbers)}",
        "shots": 14,
        "versions": 300,
        "seed": 3,
        "until": UNTIL,
        **other,
    }


def ask(site: SiteProcess, body: Any, query: str = "", key: str = KEY) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(site.url).port, timeout=60)
    connection.request("POST", "/sandbox/seed" + query, json.dumps(body), {"authorization": f"Bearer {key}"})
    return connection.getresponse()


def seeded(site: SiteProcess, body: dict[str, Any]) -> dict[str, Any]:
    """What the last line tells."""
    response = ask(site, body)
    assert response.status == 200, response.read()
    return dict(json.loads(response.read().splitlines()[-1])["seed"])


def project_of(told: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Project", "id": told["project_id"]}


@pytest.fixture(scope="module")
def show(site: SiteProcess) -> dict[str, Any]:
    return seeded(site, request())


def test_there_is_what_was_asked_for(sg: Any, show: dict[str, Any]):
    for kind, name in (("Shot", "shots"), ("Version", "versions"), ("Task", "tasks"), ("Playlist", "playlists")):
        count = sg.summarize(kind, [["project", "is", project_of(show)]], [{"field": "id", "type": "count"}])
        assert count["summaries"]["id"] == show[name], kind
    assert (show["shots"], show["versions"], show["sequences"], show["episodes"]) == (14, 300, 2, 1)
    codes = [row["code"] for row in sg.find("Shot", [["project", "is", project_of(show)]], ["code"])]
    assert (codes[0], codes[11], codes[12]) == ("ep101_sc01_0010", "ep101_sc01_0120", "ep101_sc02_0010")


def test_versions_are_named_and_numbered_as_the_convention_says(sg: Any, show: dict[str, Any]):
    fields = ["code", "entity", "sg_task", "sg_task.Task.content", "created_at"]
    order = [{"field_name": "created_at", "direction": "asc"}]
    versions = sg.find("Version", [["project", "is", project_of(show)]], fields, order=order)
    numbers: Counter[int] = Counter()
    for version in versions:
        numbers[version["sg_task"]["id"]] += 1
        number = numbers[version["sg_task"]["id"]]
        assert version["code"].endswith(f"_v{number:03d}"), "the first is v001, later ones follow"
        parsed = Convention().parse_scene(version["code"])
        if version["entity"]["type"] == "Shot":
            assert parsed is not None
            assert (parsed.show, parsed.version) == (show["code"], number)
            assert f"{parsed.episode}_{parsed.sequence}_{parsed.shot}" == version["entity"]["name"]
        assert f"_{version['sg_task.Task.content']}_v" in version["code"]
        assert version["entity"]["name"] in version["code"]
    assert max(numbers.values()) > 3
    days = [version["created_at"].date() for version in versions]
    assert (days[-1] - days[0]).days > 180
    assert days[-1] <= date(2026, 4, 1)
    assert [v["id"] for v in versions] == sorted(v["id"] for v in versions), "the log follows the clock"


def test_rows_point_at_each_other_from_both_sides(sg: Any, show: dict[str, Any]):
    here = ["project", "is", project_of(show)]
    shot = sg.find_one("Shot", [here], ["sg_versions", "tasks", "assets", "cut_items", "sg_sequence.Sequence.shots"])
    assert [task["name"] for task in shot["tasks"]] == ["layout", "anim", "fx", "lighting", "comp"]
    assert len(shot["assets"]) == 3
    assert shot["id"] in [one["id"] for one in shot["sg_sequence.Sequence.shots"]]
    version = sg.find_one("Version", [here, ["entity", "is", shot]], ["user", "sg_first_frame", "frame_count"])
    assert version["id"] in [one["id"] for one in shot["sg_versions"]]
    assert (version["user"]["type"], version["sg_first_frame"]) == ("HumanUser", 1001)
    assert version["frame_count"] > 24
    assert sg.find_one("Task", [here], ["task_assignees"])["task_assignees"][0]["type"] == "HumanUser"
    note = sg.find_one("Note", [here], ["note_links", "subject"])
    noted = sg.find_one("Version", [["notes", "is", note]], ["code"])
    assert note["subject"].endswith(noted["code"])
    published = sg.find_one("PublishedFile", [here], ["path", "version.Version.code", "code"])
    assert published["path"]["local_path_linux"].endswith(f"/renders/{published['code']}")
    assert published["code"].startswith(published["version.Version.code"])


def test_playlists_have_an_order_of_their_own(sg: Any, show: dict[str, Any]):
    playlist = sg.find_one("Playlist", [["project", "is", project_of(show)]], ["versions"])
    order = [{"field_name": "sg_sort_order", "direction": "asc"}]
    rows = sg.find("PlaylistVersionConnection", [["playlist", "is", playlist]], ["version"], order=order)
    ids = [row["version"]["id"] for row in rows]
    assert ids == [version["id"] for version in playlist["versions"]]
    assert ids != sorted(ids)


def test_each_row_has_left_its_event(sg: Any, show: dict[str, Any]):
    here = [["project", "is", project_of(show)]]
    for kind in ("Shot", "Version", "Task", "PublishedFile", "Note", "Playlist"):
        rows = {row["id"]: row for row in sg.find(kind, here, ["created_at", "created_by"])}
        log = [*here, ["event_type", "is", f"Shotgun_{kind}_New"]]
        events = sg.find("EventLogEntry", log, ["entity", "created_at", "user", "meta"])
        assert {event["entity"]["id"] for event in events} == set(rows), kind
        for event in events[:20]:
            row = rows[event["entity"]["id"]]
            assert (event["created_at"], event["user"]) == (row["created_at"], row["created_by"])


def test_pictures_are_shared_and_can_be_looked_at(site: SiteProcess, sg: Any, show: dict[str, Any]):
    versions = sg.find("Version", [["project", "is", project_of(show)]], ["image"])
    addresses = {version["image"] for version in versions}
    assert 2 < len(addresses) < 20
    with urllib.request.urlopen(addresses.pop()) as picture:
        assert picture.read(8) == b"\x89PNG\r\n\x1a\n"
    bare = seeded(site, request(thumbnails=False, shots=1, versions=5))
    assert {row["image"] for row in sg.find("Version", [["project", "is", project_of(bare)]], ["image"])} == {None}


@pytest.mark.parametrize("kind", MADE)
def test_a_row_is_as_the_api_would_have_made_it(sg: Any, show: dict[str, Any], kind: str):
    """All fields of a seeded row, given to ``create``, make the same row."""
    schema = sg.schema_field_read(kind)
    row = sg.find_one(kind, [[MADE[kind], "is", project_of(show)]], list(schema))
    stamps = ("created_at", "created_by", "updated_at", "updated_by")
    # Files and pictures come by uploads; links to many are compared by the test of links.
    given = {
        name: value
        for name, value in row.items()
        if name in schema
        and (schema[name]["editable"]["value"] or name in stamps)
        and schema[name]["data_type"]["value"] not in ("multi_entity", "image", "url")
        and value is not None
    }
    twin = sg.find_one(kind, [["id", "is", sg.create(kind, given)["id"]]], list(schema))
    single = [name for name in row if name in schema and schema[name]["data_type"]["value"] != "multi_entity"]
    differs = {name: (row[name], twin[name]) for name in single if row[name] != twin[name]}
    assert differs.keys() <= {"id", "image", "path", "reply_content"}
    sg.delete(kind, twin["id"])


def test_two_sites_get_the_same_show(start_site: StartSite, tmp_path: Path):
    body = request(versions=60)
    told = []
    for name in ("one", "two"):
        site = start_site(tmp_path / name)
        seeded(site, body)
        found = {}
        for kind in ("Shot", "Task", "Version", "Note", "PublishedFile", "Playlist"):
            names = [n for n in site.client().schema_field_read(kind) if n not in ("image", "path")]
            found[kind] = site.client().find(kind, [[MADE[kind] + ".Project.name", "is", body["project"]]], names)
        told.append(found)
        assert site.stop() == 0
    assert told[0] == told[1]
    assert len(told[0]["Version"]) == 60


def test_another_number_makes_another_show(site: SiteProcess, sg: Any, show: dict[str, Any]):
    other = seeded(site, request(seed=4))
    ranges = [
        [row["sg_cut_out"] for row in sg.find("Shot", [["project", "is", project_of(told)]], ["sg_cut_out"])]
        for told in (show, other)
    ]
    assert ranges[0] != ranges[1]


def test_the_same_request_again_changes_nothing(site: SiteProcess, sg: Any):
    body = request(versions=20)
    first = seeded(site, body)
    assert seeded(site, body) == first
    assert seeded(site, {name: value for name, value in body.items() if name != "until"}) == first
    assert len(sg.find("Version", [["project", "is", project_of(first)]])) == 20


def test_a_dry_run_makes_nothing(site: SiteProcess, sg: Any):
    body = request()
    told = json.loads(ask(site, body, "?dry_run=1").read())
    assert (told["project_id"], told["steps_done"], told["versions"]) == (None, 0, 300)
    assert sg.find("Project", [["name", "is", body["project"]]]) == []


def test_a_server_can_be_started_with_such_a_show(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path, "--seed-shots", "3", "--seed-versions", "40", "--empty")
    for _ in range(2):
        here = [["project.Project.name", "is", "Long Winter"]]
        assert [len(site.client().find(kind, here)) for kind in ("Shot", "Version")] == [3, 40]
        assert site.stop() == 0
        site.start()


def test_it_goes_on_after_the_server_was_killed(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path)
    body = request(shots=30, versions=9000, thumbnails=False)
    response = ask(site, body)
    while json.loads(response.readline())["phase"] != "versions":
        pass
    site.kill()
    site.start()
    here = [["project.Project.name", "is", body["project"]]]
    left = site.client().summarize("Version", here, [{"field": "id", "type": "count"}])["summaries"]["id"]
    assert left % 2000 == 0, "whole steps"
    assert 0 < left < 9000
    told = seeded(site, body)
    assert told["steps_done"] == told["steps"]
    codes = [row["code"] for row in site.client().find("Version", here, ["code"])]
    assert len(codes) == len(set(codes)) == 9000
    connections = site.client().find(
        "PlaylistVersionConnection", [["playlist.Playlist.project", "is", project_of(told)]]
    )
    assert len(connections) == told["playlists"] * 18
    assert site.stop() == 0


def test_it_stops_soon_after_nobody_listens(site: SiteProcess, sg: Any):
    body = request(shots=5, versions=60_000, thumbnails=False)
    with ask(site, body) as response:
        while json.loads(response.readline())["phase"] != "versions":
            pass
    here = [["project.Project.name", "is", body["project"]]]
    counts = [-1, 0]
    while counts[-1] != counts[-2]:
        time.sleep(0.7)
        counts.append(sg.summarize("Version", here, [{"field": "id", "type": "count"}])["summaries"]["id"])
    assert 0 < counts[-1] < 60_000
    assert counts[-1] % 2000 == 0


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {KEY}"])
def test_only_the_owner_may(site: SiteProcess, authorization: str):
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(site.url).port, timeout=60)
    connection.request("POST", "/sandbox/seed", json.dumps(request()), {"authorization": authorization})
    assert connection.getresponse().status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"shots": 0},
        {"shots": 20_001},
        {"shots": "5"},
        {"versions": -1},
        {"versions": 1e9},
        {"until": "tomorrow"},
        {"seed": -1},
        {"project": ""},
        {"project": None},
        {"more": 1},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(site: SiteProcess, wrong: dict[str, Any]):
    response = ask(site, request(**wrong))
    assert response.status == 400
    assert next(iter(wrong)) in json.loads(response.read())["errors"][0]


def test_a_body_that_is_no_request_is_refused(site: SiteProcess):
    for body in ([], None, "x" * 100_000):
        assert ask(site, body).status == 400


def test_projects_of_others_are_left_alone(site: SiteProcess, sg: Any, project: dict[str, Any], show: dict[str, Any]):
    name = sg.find_one("Project", [["id", "is", project["id"]]], ["name"])["name"]
    assert ask(site, request(project=name)).status == 409
    again = ask(site, request(project=show["project"], shots=99))
    assert again.status == 409
    assert "shots 14" in json.loads(again.read())["errors"][0]
