"""The dashboard's API as it is served: two workers over a real site, which goes away and comes back."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from onepiece_core.journal import Journal
from onepiece_core.reconcile.kept import keep_findings
from onepiece_core.reconcile.model import CLASSES, Looked, ReconcileReport, finding
from tests.support.ports import free_port
from tests.support.shotgrid_site import SCRIPT, SiteProcess
from tests.support.trafalgar import make_folder, serving
from tests.torture.api_description import ask_every_operation

HOSTILE = (
    '=HYPERLINK("http://evil")',
    "+1",
    "-2",
    "@cmd",
    '"quoted", and,\nlines',
    "<script>alert(1)</script>",
    "שלום\u202e",
)
CODES = (*HOSTILE, *(f"shot_{number:03}" for number in range(30)))
LISTS = (
    "projects",
    "projects/FG/shots",
    "projects/FG/versions",
    "deliveries",
    "ingests",
    "review/playlists",
    "operations",
    "findings",
    "search?q=shot",
)
ONE = (
    "status",
    "projects/FG",
    "projects/FG/episodes/ep1",
    "projects/FG/episodes/",
    "deliveries/deliver-1",
    "ingests/ing-1",
)


class World(NamedTuple):
    client: httpx.Client
    site: SiteProcess
    folder: Path

    @property
    def address(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(f"/dashboard/v1/{path}", **more).raise_for_status().json()

    def wait(self, path: str, is_so: Callable[[Any], bool]) -> Any:
        until = time.monotonic() + 60
        while not is_so(told := self.get(path)):
            assert time.monotonic() < until, told
            time.sleep(0.1)
        return told

    def wait_for_quiet(self, path: str) -> None:
        """Until it has not changed for two seconds: a refresh that was under way is over."""
        until, tag, since = time.monotonic() + 60, None, 0.0
        while tag is None or time.monotonic() - since < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
            now = self.client.get(f"/dashboard/v1/{path}").headers["etag"]
            if now != tag:
                tag, since = now, time.monotonic()

    def everything(self, path: str, limit: int) -> list[Any]:
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = self.get(path, params={"limit": limit, **({"cursor": cursor} if cursor else {})})
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found


def fill_site(site: SiteProcess) -> None:
    client = site.client()
    project = client.create("Project", {"name": "Frost Giant", "tank_name": "FG", "code": "FG"})
    episode = client.create("Episode", {"project": project, "code": "ep1"})
    sequence = client.create("Sequence", {"project": project, "code": "sc1", "episode": episode})
    rows = [
        {"project": project, "code": code, "sg_sequence": sequence if number % 3 else None}
        for number, code in enumerate(CODES)
    ]
    shots = client.batch([{"request_type": "create", "entity_type": "Shot", "data": row} for row in rows])
    rows = [
        {"project": project, "code": f"{shot['code']} v{take}", "entity": {"type": "Shot", "id": shot["id"]}}
        for shot in shots
        for take in (1, 2)
    ]
    versions = client.batch([{"request_type": "create", "entity_type": "Version", "data": row} for row in rows])
    links = [{"type": "Version", "id": each["id"]} for each in versions[:5]]
    client.create("Playlist", {"project": project, "code": "dailies", "versions": links})


def fill_record(state: Path) -> None:
    with closing(Journal(state)) as journal:
        for number, name in enumerate(HOSTILE):
            told = {"output": f"/nowhere/{number}.zip", "project": "Frost Giant", "show_code": "FG"}
            journal.begin(f"deliver-{number}", kind="deliver", fingerprint=f"d{number}", name=name, request=told)
            told = {"project": "Frost Giant", "show_code": "FG", "source": "vendor"}
            journal.begin(f"ing-{number}", kind="ingest", fingerprint=f"i{number}", name=name, request=told)
            journal.settle(f"ing-{number}", "finished", result={"files": 3, "refused": 1})
    found = tuple(finding(code, "=subject", "told") for code in list(CLASSES)[:3])
    keep_findings(
        state,
        ReconcileReport(project="Frost Giant", show_code="FG", site="s", scope="all", looked=Looked(), findings=found),
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("dashboard")
    site = SiteProcess(folder / "site", options=("--empty", "--port", str(free_port()))).start()
    fill_site(site)
    config = f'[shotgrid]\nurl = "{site.url}"\nscript = "{SCRIPT}"\nkey = "{site.key}"\n'
    config += '[tracker]\ntimeout_seconds = 3\nattempts = 1\n[render]\nfarm = "mock"\nsse_keepalive_interval = 0.2\n'
    make_folder(folder / "server", config + "[dashboard]\ncache_ttl = 1\n")
    fill_record(folder / "server" / "state")
    try:
        with serving(folder / "server", workers=2) as (_, client):
            world = World(client, site, folder / "server")
            world.wait("status", lambda told: told["progress"]["versions"]["total"] == 2 * len(CODES))
            yield world
    finally:
        site.stop()


def test_numbers_add_up_and_lists_are_whole_however_they_are_paged(world: World) -> None:
    status = world.get("status")
    assert status["projects"] == 1
    (show,) = world.get("projects")["items"]
    assert show["progress"] == status["progress"]
    detail = world.get("projects/FG")
    episodes = {each["code"]: each["progress"]["shots"]["total"] for each in detail["episodes"]}
    assert episodes == {"ep1": 24, "": 13}
    assert world.get("projects/FG/episodes/ep1")["summary"]["progress"]["shots"]["total"] == 24
    assert world.get("projects/FG/episodes/")["summary"]["progress"]["shots"]["total"] == 13
    for limit in (1, 7, 500):
        codes = [row["code"] for row in world.everything("projects/FG/shots", limit)]
        assert sorted(codes) == sorted(CODES)
    assert len(world.everything("projects/FG/versions", 9)) == 2 * len(CODES)
    assert len(world.get("projects/FG/shots", params={"episode": "(none)"})["items"]) == 13
    assert len(world.get("projects/FG/shots", params={"episode": ""})["items"]) == 13
    assert {row["id"] for row in world.everything("deliveries", 2)} == {f"deliver-{each}" for each in range(7)}


def test_every_list_as_csv_has_every_row_and_no_formula(world: World) -> None:
    for path in LISTS:
        plain = world.client.get(f"/dashboard/v1/{path}{'&' if '?' in path else '?'}format=csv")
        assert plain.status_code == 200, (path, plain.text)
        assert plain.headers["content-type"] == "text/csv; charset=utf-8"
        assert plain.headers["content-disposition"].startswith('attachment; filename="')
        head, *rows = csv.reader(io.StringIO(plain.text))
        assert {len(row) for row in rows} <= {len(head)}, path
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))], path
        if "search" not in path and "findings" not in path:
            assert len(rows) == len(world.everything(path, 500)), path
    text = world.client.get("/projects/FG/shots?format=csv&limit=1").text
    assert sorted(row["shot"].removeprefix("'") for row in csv.DictReader(io.StringIO(text))) == sorted(
        code.replace("\n", "\\n").replace("\u202e", "\\u202e") for code in CODES
    )
    told = world.client.get("/deliveries/deliver-0?format=csv")
    assert "evil" not in told.headers["content-disposition"].replace("-evil", "")
    assert '"' not in told.headers["content-disposition"].split("=", 1)[1].strip('"')


def test_what_has_not_changed_is_not_sent_again_by_either_worker(world: World) -> None:
    for path in (*LISTS, *ONE):
        first = world.client.get(f"/dashboard/v1/{path}")
        assert first.status_code == 200, (path, first.text)
        assert first.headers["cache-control"] == "private, no-cache"
    # Its age is a part of what is shown; while the site is quiet and fresh for long, nothing changes.
    world.client.post("/admin/cache", json={"ttl_seconds": 3600}).raise_for_status()
    try:
        world.wait("admin/cache", lambda told: told["ttl_seconds"] == 3600)
        world.wait_for_quiet("status")
        for path in ("status", "projects/FG/shots", "deliveries"):
            tag = world.client.get(f"/dashboard/v1/{path}").headers["etag"]
            for _ in range(12):
                answer = httpx.get(
                    f"{world.address}/dashboard/v1/{path}",
                    headers={**world.client.headers, "If-None-Match": f'"other", {tag}'},
                    trust_env=False,
                )
                assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
            assert world.client.get(f"/dashboard/v1/{path}?limit=2").headers.get("etag") != tag
    finally:
        world.client.post("/admin/cache", json={"ttl_seconds": 1}).raise_for_status()


def test_limits_are_in_force_in_every_worker_at_once_and_nonsense_is_refused(world: World) -> None:
    for ttl in (5.0, 7.0, 1.0):
        world.client.post("/dashboard/v1/admin/cache", json={"ttl_seconds": ttl}).raise_for_status()
        told = [
            httpx.get(f"{world.address}/admin/cache", headers=world.client.headers, trust_env=False).json()
            for _ in range(16)
        ]
        assert {each["ttl_seconds"] for each in told} == {ttl}
    for bad in ({"ttl_seconds": 0}, {"ttl_seconds": "NaN"}, {"max_records": 1}, {"max_projects": 0}, {"nothing": 1}):
        refused = world.client.post("/admin/cache", json=bad)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "server.request_invalid")
    before = world.get("admin/cache")["requests"]
    world.client.post("/admin/cache", json={"flush": True}).raise_for_status()
    world.wait("admin/cache", lambda told: told["requests"] > before)


def test_events_tell_of_changes_and_go_on_after_the_last_that_was_seen(world: World) -> None:
    def read(count: int, headers: dict[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        with world.client.stream("GET", "/events", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["x-accel-buffering"] == "no"
            for line in answer.iter_lines():
                if line == ": here" and not found:
                    world.client.post("/admin/cache", json={"ttl_seconds": 1, "max_records": 1000}).raise_for_status()
                if line.startswith("data: "):
                    found.append(json.loads(line[6:]))
                    if len(found) == count:
                        break
        return found

    seen = read(1, {})
    again = read(2, {"Last-Event-ID": str(seen[-1]["seq"] - 1)})
    assert again[0] == seen[-1]
    assert again[1]["seq"] > again[0]["seq"]
    assert {each["kind"] for each in again} <= {"refreshed", "link", "cache", "operation"}


def test_without_shotgrid_everything_stays_with_its_age_and_comes_back(world: World) -> None:
    before = world.get("status")["progress"]
    world.site.kill()
    try:
        told = world.wait("status", lambda told: told["freshness"]["link"] == "down")
        assert told["progress"] == before
        assert told["freshness"]["error"]["code"].startswith("tracker.")
        assert told["freshness"]["as_of"] is not None
        assert len(world.everything("projects/FG/versions", 500)) == 2 * len(CODES)
        assert world.get("projects/FG/shots", params={"text": "SHOT_00"})["total"] == 10
    finally:
        world.site.start()
    told = world.wait("status", lambda told: told["freshness"]["link"] == "ok")
    assert told["progress"] == before


def test_every_failure_is_an_envelope(world: World) -> None:
    wanted = {
        "projects/NO": 404,
        "projects/FG/shots/99999999": 404,
        "projects/FG/shots/x": 422,
        "projects/FG/shots?bucket=none": 422,
        "projects/FG/shots?limit=501": 422,
        "projects/FG/shots?cursor=%00": 422,
        "projects/FG/shots?unknown=1": 422,
        "deliveries/..%2f..%2fetc": 404,
        "deliveries/none": 404,
        "ingests/deliver-1": 404,
        "review/playlists/99999": 404,
        "versions/1/movie": 404,
        "search": 422,
    }
    got = {path: world.client.get(f"/dashboard/v1/{path}") for path in wanted}
    assert {path: answer.status_code for path, answer in got.items()} == wanted
    assert all(answer.json()["error"]["code"] and answer.json()["error"]["message"] for answer in got.values())


def test_metrics_are_told_as_json_and_to_prometheus(world: World) -> None:
    told = world.get("status/metrics")
    assert told["cache"]["records"] == 2 * len(CODES)
    text = world.client.get("/status/metrics?format=prometheus").text
    assert f"trafalgar_board_records {2 * len(CODES)}\n" in text
    assert 'trafalgar_board_shots{bucket="waiting"}' in text
    types = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types))


def test_the_dashboard_is_as_it_is_described(world: World) -> None:
    headers = {name: world.client.headers[name] for name in ("X-API-Key", "X-API-Secret")}
    answers = ask_every_operation(world.address, headers, 6, seed=1, below="/dashboard/v1", fewest=20)
    assert answers.total() >= 100
