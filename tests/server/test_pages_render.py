"""Pages of jobs over a real server with real jobs on this machine's farm."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from onepiece_server.auth.storage import add_key
from tests.server.test_pages_shows import Parsed
from tests.support.trafalgar import make_folder, serving

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("render"), "[farms.local]\nidle_seconds = 1\n")


@pytest.fixture(scope="module")
def boss(root: Path) -> Iterator[httpx.Client]:
    with serving(root) as (_, client):
        yield client


def submit(client: httpx.Client, command: str, **more: object) -> str:
    body = {"template": "command", "parameters": {"Command": command}, "farm": "local", **more}
    answer = client.post("/render/v1/jobs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["job_id"])


def until(client: httpx.Client, path: str, is_so: Callable[[str], bool]) -> str:
    patience = time.monotonic() + 60
    while not is_so(html := client.get(path).text):
        assert time.monotonic() < patience, html
        time.sleep(0.2)
    return html


def test_a_job_is_listed_found_by_filters_and_shown_with_its_log(boss: httpx.Client) -> None:
    job = submit(boss, "echo the-first-line; exit 3", name=HOSTILE, show_code="FG", user="ann")
    path = f"/ui/render/jobs/{job}"
    until(boss, f"/render/v1/jobs/{job}", lambda told: '"status":"failed"' in told)
    html = boss.get(path).text
    assert "the-first-line" in html
    assert "exit 3" in html
    assert Parsed(html).inline == []
    assert ("script", {}) not in Parsed(html).tags
    assert path in boss.get("/ui/render?status=failed&show=FG&user=ann").text
    assert path not in boss.get("/ui/render?status=running").text
    assert boss.get("/ui/render?status=wrong").status_code == 422
    assert boss.get("/ui/render/jobs/nothing").status_code == 404


def test_a_running_job_is_cancelled_and_retried_by_its_buttons(boss: httpx.Client) -> None:
    path = f"/ui/render/jobs/{submit(boss, 'echo running-now; sleep 300')}"
    until(boss, path, lambda html: "running-now" in html)
    answer = boss.post(f"{path}/cancel", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(path)
    until(boss, path, lambda html: f'action="{path}/retry"' in html)
    assert boss.post(f"{path}/retry").status_code == 303
    until(boss, path, lambda html: "running-now" in html and f'action="{path}/cancel"' in html)
    assert boss.post(f"{path}/priority", data={"priority": "90"}).status_code == 303
    assert boss.post(f"{path}/priority", data={"priority": "101"}).status_code == 422
    assert boss.post(f"{path}/explode").status_code == 404
    assert boss.post(f"{path}/cancel").status_code == 303


def test_what_somebody_may_not_do_is_neither_offered_nor_done(boss: httpx.Client, root: Path) -> None:
    job = submit(boss, "sleep 300", user="ann")
    path = f"/ui/render/jobs/{job}"
    looker = add_key(root / "state" / "server" / "credentials.json", "looker", ("render:read",))
    owner = add_key(root / "state" / "server" / "credentials.json", "ann", ("render:read", "render:submit"))
    time.sleep(0.1)
    reads = {"X-API-Key": looker.key, "X-API-Secret": looker.secret}
    owns = {"X-API-Key": owner.key, "X-API-Secret": owner.secret}
    until(boss, path, lambda html: "cancel" in html)
    assert f"{path}/cancel" not in boss.get(path, headers=reads).text
    assert boss.post(f"{path}/cancel", headers=reads).status_code == 403
    assert f"{path}/cancel" in boss.get(path, headers=owns).text
    assert boss.post(f"{path}/hold", headers=owns).status_code == 403
    assert boss.post(f"{path}/cancel", headers=owns).status_code == 303


def test_frames_that_are_rendered_are_shown_as_a_picture(boss: httpx.Client, root: Path) -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    for frame in (1, 2):
        out = root / "show" / "out"
        out.mkdir(exist_ok=True)
        (out / f"f.{frame:04}.png").write_bytes(base64.b64decode(pixel))
    scene = root / "show" / "a.blend"
    scene.write_bytes(b"BLENDER")
    body = {"dcc": "blender", "scene": "show:a.blend", "frames": "1-2", "output": "show:out", "farm": "mock"}
    job = boss.post("/render/v1/jobs", json=body).json()["job_id"]
    answer = boss.get(f"/ui/render/jobs/{job}/sheet")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content[:2] == b"\xff\xd8"
    command = submit(boss, "true")
    assert boss.get(f"/ui/render/jobs/{command}/sheet").status_code == 422
