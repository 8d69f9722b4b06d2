"""Thumbnails and recovery, asked of a whole worker."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.worker.thumbnails import PictureCache
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.test_worker_context import Panel
from tests.hosts.test_worker_publish import begin, request
from tests.support.media import write_exr, write_png
from tests.support.studio import shotgrid_of


@pytest.fixture
def environ(studio: SandboxReport, tmp_path: Path) -> dict[str, str]:
    state = {"ONEPIECE_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    return {**studio.env, **state}


@pytest.fixture
def panel(environ: dict[str, str]) -> Iterator[Panel]:
    opened = Panel(environ)
    yield opened
    opened.worker.close()


def kind(path: str) -> bytes:
    return Path(path).read_bytes()[:3]


def test_a_file_has_a_thumbnail_until_it_changes(panel: Panel, tmp_path: Path) -> None:
    frame = write_exr(tmp_path / "a.1001.exr", seed=1)
    first = panel("thumbnail", path=str(frame))["file"]
    assert kind(first) == b"\xff\xd8\xff"
    assert Path(first).is_relative_to(tmp_path / "state")
    assert panel("thumbnail", path=str(frame))["file"] == first
    write_exr(frame, seed=2, width=64)
    assert panel("thumbnail", path=str(frame))["file"] != first


def test_what_has_no_picture_has_no_thumbnail(panel: Panel, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    os.mkfifo(tmp_path / "pipe.png")
    for path in (broken, tmp_path / "gone.png", tmp_path, tmp_path / "pipe.png", "\0.png", "x" * 5000 + ".png"):
        assert panel("thumbnail", path=str(path)) == {"file": None}
    for params in ({}, {"path": 5}, {"path": ""}, {"entity": "Shot"}):
        assert panel.answers("thumbnail", **params).errors[0].code == "onepiece.usage"


def test_a_row_of_the_site_has_its_picture(
    panel: Panel, environ: dict[str, str], studio: SandboxReport, tmp_path: Path
) -> None:
    site = shotgrid_of(studio)
    project = site.find_one("Project", [["code", "is", "FG"]])
    asset = site.create("Asset", {"code": f"pictured_{tmp_path.name}", "project": project})
    bare = {"type": "Asset", "id": asset["id"]}
    assert panel("thumbnail", entity=bare) == {"file": None}
    site.upload_thumbnail("Asset", asset["id"], str(write_png(tmp_path / "asset.png", seed="asset")))
    shutil.rmtree(tmp_path / "state")
    other = Panel(environ)
    found = other("thumbnail", entity=bare)["file"]
    assert kind(found) in (b"\xff\xd8\xff", b"\x89PN")
    assert other("thumbnail", entity=bare)["file"] == found
    other.worker.close()


def test_only_so_many_pictures_are_kept(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path)

    def make(target: Path) -> str:
        target.write_bytes(b"x")
        return ".jpg"

    first = cache.get("first", make)
    assert first is not None
    os.utime(first, (1, 1))
    for number in range(2000):
        cache.get(f"{number}", make)
    assert not first.exists()
    assert len(list(tmp_path.iterdir())) <= 2000


def test_an_interrupted_publish_is_listed_and_finished(panel: Panel, environ: dict[str, str], tmp_path: Path) -> None:
    name = "FG_ep010_sc02_0010_interrupted_v001"
    asked: dict[str, Any] = request(tmp_path, name, frames=40)
    asked["ignored"] = [{"rule": "scene.fps", "reason": "a test at 25", "nodes": []}]
    _, operation = begin(panel, asked)
    assert panel.worker.hello is not None
    os.kill(panel.worker.hello["pid"], signal.SIGKILL)
    other = Panel(environ)
    (item,) = other("recover.list")["items"]
    assert (item["operation"], item["scene_name"], item["state"]) == (operation, name, "interrupted")
    answers = other.answers("recover.run")
    assert [(each["operation"], each["outcome"]) for each in answers.results[0]["recovered"]] == [
        (operation, "completed")
    ]
    assert any(data["operation"] == "recover" for event, data in answers.events if event == "progress")
    assert other("recover.list") == {"items": []}
    assert "a test at 25" in (tmp_path / "published" / name / "manifest.json").read_text()
    other.worker.close()
