"""Blender dies in the middle of a publish: the package arrives all the same, and is registered once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.gui.artist import install, worker_command
from tests.hosts.gui.shot import artists_environment, make_scene
from tests.hosts.test_worker_context import Panel
from tests.support.studio import shotgrid_of

SCRIPT = Path(__file__).parents[1] / "hosts" / "in_blender" / "publish.py"
NAME = "FG_ep010_sc02_0010_comp_v077"
FRAMES = 400

pytestmark = pytest.mark.skipif(shutil.which("blender") is None, reason="blender is not installed")


def read_until_files_are_copied(blender: subprocess.Popen[str]) -> str:
    """The operation of a publish that is in its middle."""
    assert blender.stdout is not None
    seen = []
    for line in blender.stdout:
        seen.append(line)
        if line.startswith("TOLD "):
            told: dict[str, Any] = json.loads(line[5:])
            progress = told["progress"] or {}
            if told["operation"] and progress.get("phase") == "stage" and 0 < progress["done"] < FRAMES:
                return str(told["operation"])
    raise AssertionError("".join(seen))


def test_a_publish_survives_the_blender_that_asked_for_it(
    env: dict[str, str], studio: SandboxReport, tmp_path: Path
) -> None:
    environ = artists_environment(env, studio)
    scene = make_scene(tmp_path / "work", NAME, environ, FRAMES)
    install(tmp_path / "installed", worker_command())
    command = ["blender", "--background", "--factory-startup", str(scene), "--python", str(SCRIPT)]
    blender = subprocess.Popen(
        [*command, "--", str(tmp_path / "installed" / "install.json")],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    operation = read_until_files_are_copied(blender)
    os.killpg(blender.pid, signal.SIGKILL)  # with whatever it holds; the worker leads a session of its own
    blender.wait()

    panel = Panel(environ)
    answers = panel.answers("publish.attach", operation=operation)
    listed = panel("publish.list")["items"]
    panel.worker.close()

    assert not answers.errors, answers.errors[0].as_report()
    package = Path(answers.results[0]["package"])
    assert len(list(package.rglob("*.exr"))) == FRAMES
    assert (package / "manifest.json").is_file()
    assert [(item["operation"], item["state"]) for item in listed] == [(operation, "finished")]
    versions = shotgrid_of(studio).find("Version", [["code", "is", NAME]], ["code"])
    assert [version["id"] for version in versions] == [answers.results[0]["tracker"]["version_id"]]
