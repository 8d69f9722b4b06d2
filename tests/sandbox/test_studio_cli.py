"""``onepiece sandbox`` as a shell and another program see it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.report import SandboxReport
from tests.conftest import Run

NEEDED = {
    "ONEPIECE_SHOTGRID_URL",
    "ONEPIECE_SHOTGRID_SCRIPT",
    "ONEPIECE_SHOTGRID_KEY",
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "my studio"  # the space must survive every shell
    sandbox.down(tmp_path / "my studio", grace_seconds=0)


def test_a_studios_day(onepiece: Run, folder: Path):
    started = onepiece("sandbox", "up", "--json", "--dir", folder)
    assert (started.returncode, started.stderr) == (0, "")
    told = json.loads(started.stdout)
    assert told["schema"] == "onepiece.sandbox.1"
    assert told["env"].keys() >= NEEDED
    pids = [server["pid"] for server in told["servers"]]
    assert all(psutil.pid_exists(pid) for pid in pids)

    assert json.loads(onepiece("sandbox", "env", "--json", "--dir", folder).stdout)["env"] == told["env"]
    assert "is running" in onepiece("sandbox", "status", "--dir", folder).stdout

    ended = json.loads(onepiece("sandbox", "down", "--json", "--dir", folder).stdout)["ended"]
    assert sorted(ended) == sorted(pids)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert "No sandbox was running" in onepiece("sandbox", "down", "--dir", folder).stdout

    asked = onepiece("sandbox", "env", "--json", "--dir", folder)
    assert (asked.returncode, asked.stdout) == (13, "")
    error = json.loads(asked.stderr)["error"]
    assert error["code"] == "sandbox.down"
    assert f"--dir '{folder}'" in error["hint"]


def test_a_shell_takes_the_variables_with_eval(studio: SandboxReport, env: dict[str, str]):
    lines = f'eval "$(onepiece sandbox env --dir {studio.dir})"; env -0'
    production = {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "production"}
    done = subprocess.run(["sh", "-ec", lines], env={**env, **production}, capture_output=True, check=True)
    seen = dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if line)
    assert studio.env.items() <= seen.items()
    assert not production.keys() & seen.keys()


def test_powershell_gets_lines_of_its_own(studio: SandboxReport, onepiece: Run):
    lines = onepiece("sandbox", "env", "--dir", studio.dir, "--shell", "powershell").stdout.splitlines()
    assert f"$env:AWS_ENDPOINT_URL = '{studio.env['AWS_ENDPOINT_URL']}'" in lines
    assert "Remove-Item Env:AWS_PROFILE -ErrorAction SilentlyContinue" in lines


def test_without_a_folder_it_lives_with_the_users_data(onepiece: Run, env: dict[str, str]):
    home = Path(env["XDG_DATA_HOME"]) / "onepiece" / "sandbox"
    try:
        told = json.loads(onepiece("sandbox", "up", "--json").stdout)
        assert Path(told["dir"]) == home
        shown = onepiece("--config-profile", "sandbox", "profile", "--json")
        assert told["env"]["ONEPIECE_SHOTGRID_URL"] in shown.stdout
        assert told["env"]["ONEPIECE_SHOTGRID_KEY"] not in shown.stdout
    finally:
        sandbox.down(home, grace_seconds=0)


def test_a_missing_extra_is_named(env: dict[str, str], folder: Path, tmp_path: Path):
    """Python takes a module that is None for one that is not installed."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['uvicorn'] = None\n")
    done = subprocess.run(
        ["onepiece", "sandbox", "up", "--dir", str(folder)],
        env={**env, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "uvicorn" in done.stderr
    assert 'pip install "onepiece-pipeline[sandbox]"' in done.stderr
    assert not folder.exists()


@pytest.mark.parametrize("command", ["status", "env", "reset"])
def test_commands_that_need_a_sandbox_say_how_to_start_one(command: str, onepiece: Run, folder: Path):
    done = onepiece("sandbox", command, "--dir", folder)
    assert done.returncode == 13
    assert done.stdout == ""
    assert "onepiece sandbox up --dir" in done.stderr
    assert not folder.exists()


@pytest.mark.parametrize("starts", [10, pytest.param(300, marks=[pytest.mark.torture, pytest.mark.timeout(1200)])])
def test_an_interrupted_start_leaves_nothing(env: dict[str, str], folder: Path, starts: int):
    """Ctrl-C while the servers start: as soon as the first one is there, and soon after."""
    marks = {f"-dir={folder / 'objects'}", f"--dir={folder / 'shotgrid'}"}
    for start in range(starts):
        (folder / "logs" / "objects.log").unlink(missing_ok=True)
        command = ["onepiece", "sandbox", "up", "--dir", str(folder)]
        process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        _share_one_cpu(process.pid)  # what it starts begins late
        deadline = time.monotonic() + 60
        while not (folder / "logs" / "objects.log").exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(start % 12 * 0.0004)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in errors
        assert not [p for p in psutil.process_iter() if p.is_running() and marks & set(_arguments(p))]


def _share_one_cpu(pid: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {min(os.sched_getaffinity(pid))})


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
