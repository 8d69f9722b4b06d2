"""The job of real Blender on this machine's farm."""

from __future__ import annotations

from pathlib import Path

from tests.render.test_blender import job_of, scene
from tests.support.local_farms import local_farm
from tests.support.local_jobs import wait_for_end, whole_log

__all__ = ["scene"]  # the fixture


def test_workers_render_both_chunks(scene: Path, tmp_path: Path) -> None:
    job = job_of(scene, output="show:farm/f.####.png")
    with local_farm(tmp_path / "farm") as farm:
        farm.submit(job)
        assert wait_for_end(farm, job.id)[job.id].state == "succeeded"
        assert [task.frames for task in farm.list_tasks(job.id)] == ["1-5", "6-10"]
        assert "openjd_progress: 100" in whole_log(farm, job.id, 1)
    assert len(list((scene.parent / "farm").glob("f.*.png"))) == 10
