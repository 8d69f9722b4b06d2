"""Pages of deliveries, ingests, playlists, operations and health over a real server, its journal and a real site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal
from onepiece_core.verify import VerifyFinding, VerifyReport
from onepiece_core.verify_kept import keep_verify
from onepiece_server.auth.storage import add_key
from tests.server.test_pages_shows import Parsed
from tests.support.shotgrid_site import SCRIPT, SiteProcess
from tests.support.trafalgar import make_folder, serving

HOSTILE = "<img src=x onerror=alert(1)>"
PAGES = ("deliveries", "ingests", "playlists", "operations", "health")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "server", "[tracker]\nattempts = 1\n[dashboard]\ncache_ttl = 1\n")


def fill(journal: Journal) -> None:
    for kind in ("deliver", "ingest", "publish"):
        request = {"project": "Show", "show_code": "SH", "output": "/nowhere/out.zip"}
        journal.begin(f"{kind}-1", kind=kind, fingerprint=kind, name=HOSTILE, request=request)
        report = ErrorReport(code="storage.failed", message=HOSTILE)
        journal.settle(f"{kind}-1", "failed" if kind == "ingest" else "parked", error=report)


@pytest.fixture
def client(root: Path) -> Iterator[httpx.Client]:
    journal = Journal(root / "state")
    fill(journal)
    journal.close()
    with serving(root) as (_, client):
        yield client


def test_every_page_reads_also_where_there_is_nothing(root: Path) -> None:
    with serving(root) as (_, client):
        for page in PAGES:
            answer = client.get(f"/ui/{page}")
            assert answer.status_code == 200, page
            assert 'class="empty"' in answer.text or page == "health"
            assert Parsed(answer.text).inline == []


@pytest.mark.parametrize(("is_sound", "words"), [(True, "verified"), (False, "not as it was sent")])
def test_a_delivery_says_what_its_last_verify_came_to(root: Path, is_sound: bool, words: str) -> None:
    with closing(Journal(root / "state")) as journal:
        request = {"project": "Show", "show_code": "SH", "output": str(root / "out.zip")}
        journal.begin("deliver-1", kind="deliver", fingerprint="1", name="out", request=request)
        journal.settle("deliver-1", "finished")
    (root / "out.receipt.json").write_text(json.dumps({"operation": "deliver-1"}))
    finding = VerifyFinding(kind="missing", path="x", message="")
    told = {"place": str(root / "out.zip"), "operation": None, "scene_name": None, "files": 1, "bytes_total": 1}
    report = VerifyReport.model_validate({**told, "findings": () if is_sound else (finding,)})
    with serving(root) as (_, client):
        before = client.get("/ui/deliveries/deliver-1")
        assert "nobody has verified it" in before.text
        keep_verify(root / "state", report)
        after = client.get("/ui/deliveries/deliver-1", headers={"If-None-Match": before.headers["etag"]})
        assert f"</i>{words} <time" in after.text
        assert client.get("/dashboard/v1/deliveries").json()["items"][0]["verified"] is is_sound


def test_hostile_names_of_the_record_stay_words(client: httpx.Client) -> None:
    paths = [f"/ui/{page}" for page in PAGES] + ["/ui/deliveries/deliver-1", "/ui/ingests/ingest-1"]
    seen = 0
    for path in paths:
        html = client.get(path).text
        parsed = Parsed(html)
        assert [attrs for tag, attrs in parsed.tags if "onerror" in attrs] == [], path
        seen += HOSTILE in "".join(parsed.text)
    assert seen >= 5
    assert client.get("/ui/deliveries/nothing").status_code == 404
    assert client.get("/ui/ingests/nothing").status_code == 404
    assert client.get("/ui/playlists/7").status_code == 404
    assert client.get("/ui/playlists/seven").status_code == 404


def test_an_operators_limits_hold_and_others_may_not_set_them(client: httpx.Client, root: Path) -> None:
    answer = client.post("/ui/health/cache", data={"ttl_seconds": "7", "max_records": "", "max_projects": "9"})
    assert answer.status_code == 303
    told = client.get("/dashboard/v1/admin/cache").json()
    assert (told["ttl_seconds"], told["max_projects"]) == (7, 9)
    for wrong in ({"ttl_seconds": "nan"}, {"max_records": "1.5"}, {"max_projects": "x"}, {"ttl_seconds": "0"}):
        assert client.post("/ui/health/cache", data=wrong).status_code == 422
    reader = add_key(root / "state" / "server" / "credentials.json", "reader", ("dashboard:read",))
    headers = {"X-API-Key": reader.key, "X-API-Secret": reader.secret}
    assert client.post("/ui/health/cache", data={"flush": "1"}, headers=headers).status_code == 403
    assert "health/cache" not in client.get("/ui/health", headers=headers).text


def test_a_playlist_shows_its_versions_in_order(tmp_path: Path) -> None:
    site = SiteProcess(tmp_path / "site").start()
    try:
        tracker = site.client()
        project = tracker.create("Project", {"name": "Tall", "tank_name": "TT"})
        versions = [tracker.create("Version", {"project": project, "code": f"v{number}"}) for number in (3, 1, 2)]
        tracker.create("Playlist", {"project": project, "code": "dailies", "versions": versions})
        config = f'[shotgrid]\nurl = "{site.url}"\nscript = "{SCRIPT}"\nkey = "{site.key}"\n'
        with serving(make_folder(tmp_path / "server", config)) as (_, client):
            while not (items := client.get("/dashboard/v1/review/playlists").json()["items"]):
                pass
            html = client.get(f"/ui/playlists/{items[0]['id']}").text
            assert html.index(">v3<") < html.index(">v1<") < html.index(">v2<")
            assert f"/ui/playlists/{items[0]['id']}" in client.get("/ui/playlists?project=TT").text
    finally:
        site.stop()
