"""``onepiece sandbox seed``: a show of production size, from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.report import SandboxReport
from tests.conftest import Run
from tests.support.studio import shotgrid_of

SIZE = ("--shots", "4", "--versions", "30")


def count(studio: SandboxReport, project: str) -> int:
    here = [["project.Project.name", "is", project]]
    return int(shotgrid_of(studio).summarize("Version", here, [{"field": "id", "type": "count"}])["summaries"]["id"])


def test_a_studio_is_filled(fresh_studio: SandboxReport, onepiece: Run, env: dict[str, str]):
    def seed(*words: object) -> subprocess.CompletedProcess[str]:
        return onepiece("sandbox", "seed", "--dir", fresh_studio.dir, *words)

    def told(*words: object) -> dict[str, Any]:
        done = seed(*words, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return dict(json.loads(done.stdout))

    planned = told(*SIZE, "--dry-run")
    assert (planned["versions"], planned["steps_done"], planned["project_id"]) == (30, 0, None)
    assert "Would make Long Winter (LW): 1 episodes" in seed(*SIZE, "--dry-run").stdout
    assert count(fresh_studio, "Long Winter") == 0

    made = told(*SIZE, "--seed", "5", "--until", "2026-03-01")
    assert made["steps_done"] == made["steps"]
    assert count(fresh_studio, "Long Winter") == 30
    assert told(*SIZE, "--seed", "5") == made, "there is nothing left to do"
    other = seed(*SIZE, "--seed", "6", "--json")
    assert (other.returncode, json.loads(other.stderr)["error"]["code"]) == (13, "sandbox.failed")

    # Ctrl-C, and once more.
    large = ("--shots", "5", "--versions", "20000", "--project", "Night Train", "--no-thumbnails")
    words = [sys.executable, "-m", "onepiece_cli", "sandbox", "seed", "--dir", fresh_studio.dir, *large]
    with subprocess.Popen([*words, "--events", "ndjson"], env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while json.loads(process.stderr.readline())["phase"] != "versions":
            pass
        process.send_signal(signal.SIGINT)
        assert "operation.cancelled" in process.stderr.read()
        assert process.wait() == 130
    again = told(*large)
    assert again["steps_done"] == again["steps"]
    assert count(fresh_studio, "Night Train") == 20_000

    sandbox.down(Path(fresh_studio.dir))
    asleep = seed(*SIZE, "--json")
    assert json.loads(asleep.stderr)["error"]["code"] == "sandbox.down"


@pytest.mark.parametrize(
    "words",
    [
        ("--shots", "0", "--versions", "1"),
        ("--shots", "1", "--versions", "-1"),
        ("--shots", "1"),
        (*SIZE, "--until", "soon"),
        (*SIZE, "--project", ""),
        (*SIZE, "--project", "x" * 101),
        (*SIZE, "--seed", str(2**63)),
    ],
)
def test_numbers_that_make_no_sense_are_refused(onepiece: Run, tmp_path: Path, words: tuple[str, ...]):
    done = onepiece("sandbox", "seed", "--dir", tmp_path / "none", "--json", *words)
    assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (2, "onepiece.usage")
