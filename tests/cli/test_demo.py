"""``onepiece demo``: what it makes is real, what it breaks is found, and nothing is left running."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import OpenImageIO as oiio
import pytest

from onepiece_core.errors import SandboxDown
from onepiece_core.media.probe import probe
from onepiece_server.sandbox import studio as sandbox


def run_demo(folder: Path, env: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onepiece_cli", "demo", "--dir", str(folder), *options],
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path):
    yield tmp_path / "the demo"
    sandbox.down(tmp_path / "the demo" / "sandbox", grace_seconds=0)


@pytest.fixture
def env_without_blender(env: dict[str, str]) -> dict[str, str]:
    return {**env, "PATH": str(Path(sys.executable).parent)}


def check_report(told: dict[str, Any], folder: Path) -> None:
    first, second = told["versions"]
    assert told["schema"] == "onepiece.demo.1"
    assert (first["schema"], first["version"], second["version"]) == ("onepiece.publish.1", 1, 2)
    frames = sorted((Path(second["package"]) / "renders").iterdir())
    unchanged = sum(frame.stat().st_size for frame in frames[:19])
    assert second["bytes_sent"] <= second["bytes_total"] - unchanged  # the server copied what had not changed
    assert [seen["found"] for seen in told["verified"]] == [[], [], [], []]
    assert told["broken"]["found"] == [f"flipped {told['flipped']}"]
    assert (folder / "broken" / first["scene_name"] / told["flipped"]).is_file()
    sheet = oiio.ImageBuf(told["picture"])
    assert sheet.spec().width > 1000, sheet.geterror()
    with pytest.raises(SandboxDown):  # unless it was asked to stay
        sandbox.env(folder / "sandbox")


@pytest.mark.skipif(shutil.which("blender") is None, reason="Blender is not installed")
def test_with_blender_a_rendered_scene_is_published(folder: Path, env: dict[str, str]):
    done = run_demo(folder, env, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    check_report(told, folder)
    assert told["made_by"] == "Blender + OpenImageIO"
    assert told["warnings"] == []
    package = Path(told["versions"][0]["package"])
    assert {path.name for path in package.iterdir()} >= {"scene", "renders", "previews", "otio", "ascmhl"}
    assert probe(next((package / "previews").iterdir())) is not None
    assert len(list((package / "renders").iterdir())) == 24


def test_without_blender_it_says_so_and_goes_on(folder: Path, env_without_blender: dict[str, str]):
    done = run_demo(folder, env_without_blender, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    check_report(told, folder)
    assert [warning["code"] for warning in told["warnings"]] == ["dcc.not_found"]

    again = run_demo(folder, env_without_blender)
    assert again.returncode == 0, again.stderr
    for line in ("sent to S3", "damage      flipped renders/", "picture", "onepiece verify s3://"):
        assert line in again.stdout
    assert "warning: Blender is not installed here" in again.stderr


def test_without_the_media_extra_it_publishes_frames_of_its_own(folder: Path, env_without_blender: dict[str, str]):
    hidden = folder.parent / "not installed"
    hidden.mkdir()
    for module in ("OpenImageIO", "av", "numpy"):
        (hidden / f"{module}.py").write_text("raise ImportError")
    done = run_demo(folder, {**env_without_blender, "PYTHONPATH": str(hidden)}, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [warning["code"] for warning in told["warnings"]] == ["dcc.not_found", "onepiece.extra_missing"]
    assert "no movie" in told["warnings"][1]["message"]
    assert (told["made_by"], told["picture"]) == ("plain Python", None)
    assert told["broken"]["found"] == [f"flipped {told['flipped']}"]
    assert (
        oiio.ImageBuf(str(folder / "broken" / told["versions"][0]["scene_name"] / told["flipped"])).spec().width == 96
    )


def test_interrupted_it_stops_the_studio_and_works_the_next_time(folder: Path, env_without_blender: dict[str, str]):
    command = [sys.executable, "-m", "onepiece_cli", "demo", "--dir", str(folder), "--json", "--events", "ndjson"]
    with subprocess.Popen(command, env=env_without_blender, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        for line in running.stderr:
            if '"stage"' in line:  # in the middle of the first publish
                running.send_signal(signal.SIGINT)
                break
        told = running.stderr.read().splitlines()
    assert running.returncode == 130
    assert json.loads(told[-1])["error"]["code"] == "operation.cancelled"
    with pytest.raises(SandboxDown):
        sandbox.env(folder / "sandbox")
    again = run_demo(folder, env_without_blender, "--json")
    assert again.returncode == 0, again.stderr
    check_report(json.loads(again.stdout), folder)


def test_a_folder_with_something_else_in_it_is_left_alone(folder: Path, env_without_blender: dict[str, str]):
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    done = run_demo(folder, env_without_blender, "--json")
    assert done.returncode == 2
    assert json.loads(done.stderr)["error"]["code"] == "onepiece.usage"
    assert os.listdir(folder) == ["thesis.txt"]


def test_kept_running_the_studio_answers_the_commands_it_shows(folder: Path, env_without_blender: dict[str, str]):
    told = json.loads(run_demo(folder, env_without_blender, "--json", "--keep").stdout)
    assert told["running"] is True
    shown = [line for line in told["commands"] if "sandbox down" not in line]
    script = "set -u\n" + "\n".join(f"{line}; echo status $?" for line in shown)
    path = os.pathsep.join((env_without_blender["PATH"], os.environ["PATH"]))
    looked = subprocess.run(
        ["bash", "-c", script],
        env={**env_without_blender, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    statuses = [line for line in looked.stdout.splitlines() if line.startswith("status")]
    assert statuses == ["status 0", "status 0", "status 0", "status 10"], looked.stderr
