"""Real Blender on a real Slurm, through the command that people type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.render.test_blender import scene
from tests.support.slurm import slurm_cluster

__all__ = ["scene"]  # the fixture


def test_ten_frames_in_two_chunks_with_progress_and_a_sheet(scene: Path, tmp_path: Path) -> None:
    with slurm_cluster() as cluster:
        (tmp_path / "onepiece.toml").write_text(
            f'[roots.show]\nlinux = "{scene.parent}"\n[farms.slurm]\nconf = "{cluster.conf}"\n'
        )
        environ = {**os.environ, "ONEPIECE_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}
        words = [
            "submit",
            "--dcc",
            "blender",
            "--scene",
            "show:box.blend",
            "--frames",
            "1-10",
            "--chunk-size",
            "5",
            "--output",
            "show:slurm",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "onepiece_cli", "render", *words, "--farm", "slurm", "--wait", "--json"],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told = json.loads(done.stdout)
        assert "onepiece:" in cluster.ask("squeue", "-h", "--states=all", "-o", "%k")
    assert (told["farm"], told["status"], told["counts"]) == ("slurm", "succeeded", {"succeeded": 2})
    assert len([path for path in (scene.parent / "slurm").iterdir() if path.suffix == ".png"]) == 10
