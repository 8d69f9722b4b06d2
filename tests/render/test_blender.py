"""The template of Blender in real Blender: frames in chunks, progress, errors in words, the sheet of what is there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from onepiece_core.errors import RenderInvalid
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.run_task import TaskEnd, run_task
from onepiece_core.paths import Roots
from onepiece_core.render.prepare import Ground, prepare
from onepiece_core.render.request import RenderRequest
from onepiece_core.render.sheet import rendered_frames, write_sheet

_MAKE = """
import bpy, sys
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising = 1, False
scene.render.resolution_x, scene.render.resolution_y = 32, 24
scene.frame_start, scene.frame_end = 1, 10
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1])
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    command = ["blender", "--background", "--factory-startup", "--python-expr", _MAKE, "--", str(folder / "box.blend")]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (folder / "box.blend").is_file(), made.stdout + made.stderr
    return folder / "box.blend"


def job_of(scene: Path, **fields: object) -> FarmJob:
    values = {"dcc": "blender", "scene": str(scene), "frames": "1-10", "chunk_size": 5, "output": "show:out"} | fields
    ground = Ground(Roots({"show": scene.parent}, "here"), scene.parent)
    request = RenderRequest.model_validate(values)
    return prepare(request, ground, job_id="box", farm="local", capabilities=Capabilities()).job


def run(job: FarmJob, index: int, told: list[float | None] | None = None) -> TaskEnd:
    return run_task(
        job,
        index,
        log=job.directory / "task.log",
        work_dir=job.directory / "work",
        on_progress=lambda percent, _: None if told is None else told.append(percent),
        cancelled=lambda: False,
    )


def test_ten_frames_in_two_chunks(scene: Path, tmp_path: Path) -> None:
    job, out = job_of(scene, output="show:out/beauty.%03d.jpg"), scene.parent / "out"
    told: list[float | None] = []
    assert job.tasks == ("1-5", "6-10")
    assert run(job, 0, told).state == "succeeded"
    assert [percent for percent in told if percent] == [20, 40, 60, 80, 100]
    assert [frame for frame, _ in rendered_frames(out, "1-10")] == [1, 2, 3, 4, 5]
    assert run(job, 1).state == "succeeded"
    assert sorted(path.name for path in out.iterdir()) == [f"beauty.{frame:03d}.jpg" for frame in range(1, 11)]
    assert all(path.read_bytes()[:2] == b"\xff\xd8" for path in out.iterdir())
    assert write_sheet(out / "beauty.###.jpg", "1-10", tmp_path / "sheet.jpg", title="box") == 10
    assert (tmp_path / "sheet.jpg").stat().st_size > 1000


def test_a_camera_that_is_not_there_is_said(scene: Path) -> None:
    end = run(job_of(scene, frames="1", parameters={"Camera": "nobody"}), 0)
    assert end.state == "failed"
    assert "nobody" in (scene.parent / "task.log").read_text()


def test_frames_that_cannot_be_written_are_a_failure(scene: Path) -> None:
    (scene.parent / "full").mkdir()
    (scene.parent / "full" / "a.0001.png").mkdir()
    end = run(job_of(scene, frames="1", output="show:full/a.####.png"), 0)
    assert end.state == "failed"
    assert "a.0001.png" in end.message + (scene.parent / "task.log").read_text()


def test_a_damaged_scene_is_a_failure(scene: Path) -> None:
    (scene.parent / "bad.blend").write_bytes(b"BLENDER-v304" + bytes(100))
    assert run(job_of(scene.parent / "bad.blend", frames="1", output="show:bad"), 0).state == "failed"


def test_a_sheet_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderInvalid):
        write_sheet(tmp_path / "out", "1-10", tmp_path / "sheet.jpg", title="x")


def test_a_sheet_shows_frames_of_the_job_alone(tmp_path: Path) -> None:
    for name in ("a.0001.png", "a.0002.png", "a.0099.png", "b.0001.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [frame for frame, _ in rendered_frames(tmp_path, "1-10")] == [1, 2]
    assert [path.name for _, path in rendered_frames(tmp_path / "b.####.png", "1-10")] == ["b.0001.png"]
    assert rendered_frames(tmp_path / "gone" / "x.####.png", "1-10") == []
