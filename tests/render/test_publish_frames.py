"""Publishes whose frames a farm renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onepiece_core.checksums import hash_bytes
from onepiece_core.errors import JobConflict, RenderInvalid
from onepiece_core.paths import Roots
from onepiece_core.publish.request import PublishRequest
from onepiece_core.render.model import Job
from onepiece_core.render.publish_frames import job_of_publish, publish_of_job
from onepiece_core.render.request import RenderRequest


def wanted(folder: Path, **more: Any) -> PublishRequest:
    values: dict[str, Any] = {"dcc": "blender", "scene_name": "FG_0010_v001", "destination": folder, "show_code": "FG"}
    return PublishRequest(**(values | {"scene": folder / "a.blend"} | more))


def job(**more: Any) -> Job:
    values: dict[str, Any] = {"job_id": "j1", "farm": "local", "status": "succeeded", "raw_state": "x", "name": "n"}
    values |= {"template": "blender", "priority": 50, "created_at": 0, "updated_at": 0, "frames": "1-3"}
    return Job(**(values | {"output": "show:out"} | more))


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    (tmp_path / "out").mkdir()
    for frame in (1, 2, 3):
        (tmp_path / "out" / f"beauty.{frame:04d}.png").touch()
    return Roots({"show": tmp_path}, "here")


def test_the_scene_of_a_publish_is_what_is_rendered(tmp_path: Path) -> None:
    asked = job_of_publish(wanted(tmp_path), RenderRequest(dcc="blender", frames="1-3", output="show:out"))
    assert (asked.scene, asked.name, asked.show_code) == (str(tmp_path / "a.blend"), "FG_0010_v001", "FG")
    assert (asked.frames, asked.output) == ("1-3", "show:out")


def test_a_publish_without_a_scene_has_nothing_to_render(tmp_path: Path) -> None:
    with pytest.raises(RenderInvalid):
        job_of_publish(wanted(tmp_path, scene=None), RenderRequest(dcc="blender"))


@pytest.mark.parametrize("output", ["show:out", "show:out/beauty.####.png"])
def test_the_frames_of_a_job_are_published_twice_as_one_operation(tmp_path: Path, roots: Roots, output: str) -> None:
    made = publish_of_job(wanted(tmp_path), job(output=output), roots)
    assert made.renders == (tmp_path / "out" / "beauty.%04d.png",)
    assert made.scene == tmp_path / "a.blend"
    assert publish_of_job(wanted(tmp_path), job(output=output), roots).fingerprint() == made.fingerprint()


def test_a_single_frame_is_published_by_its_name(tmp_path: Path, roots: Roots) -> None:
    made = publish_of_job(wanted(tmp_path), job(frames="2"), roots)
    assert made.renders[0].name in ("beauty.0002.png", "beauty.%04d.png")


@pytest.mark.parametrize("status", ["running", "failed", "cancelled", "lost", "queued"])
def test_a_job_that_has_not_succeeded_publishes_nothing(tmp_path: Path, roots: Roots, status: str) -> None:
    with pytest.raises(JobConflict):
        publish_of_job(wanted(tmp_path), job(status=status), roots)


def test_frames_that_are_not_there_are_named(tmp_path: Path, roots: Roots) -> None:
    with pytest.raises(RenderInvalid, match="4-5"):
        publish_of_job(wanted(tmp_path), job(frames="1-5"), roots)
    with pytest.raises(RenderInvalid):
        publish_of_job(wanted(tmp_path), job(output="show:empty"), roots)
    with pytest.raises(RenderInvalid):
        publish_of_job(wanted(tmp_path), job(output=None), roots)


def test_frames_of_a_scene_that_was_changed_since_are_not_published_with_it(tmp_path: Path, roots: Roots) -> None:
    scene = tmp_path / "a.blend"
    scene.write_text("as submitted")
    made = job(scene_digest=hash_bytes(scene.read_bytes()))
    assert publish_of_job(wanted(tmp_path), made, roots).renders
    scene.write_text("as saved since")
    with pytest.raises(JobConflict, match="changed after"):
        publish_of_job(wanted(tmp_path), made, roots)
    scene.write_text("as submitted")
    assert publish_of_job(wanted(tmp_path), made, roots).renders
