"""AWS's own submitter takes our job template, and its job list shows what our farm submitted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.farm.engines.deadline_cloud import open_farm
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.protocol import FarmSetup
from tests.farm.test_deadline_cloud import template, wait
from tests.support.deadline_service import FARM, QUEUE, Service, deadline_service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with deadline_service(tmp_path / "service") as running:
        yield running


def deadline(service: Service, home: Path, *words: str) -> str:
    """``deadline WORDS``, as somebody with a home of their own types it."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ONEPIECE_"))}
    environ = {**keep, **service.environ, "HOME": str(home), "DEADLINE_CLOUD_TELEMETRY_OPT_OUT": "true"}
    command = [str(Path(sys.executable).with_name("deadline")), *words]
    run = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_awss_own_tool_submits_the_template_and_lists_the_jobs(service: Service, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "template.json").write_text(json.dumps(template("echo {{Task.Param.Frame}}")))
    (tmp_path / "home").mkdir()
    where = ("--farm-id", FARM, "--queue-id", QUEUE)
    said = deadline(service, tmp_path / "home", "bundle", "submit", str(bundle), "--yes", *where, "--name", "by-aws")
    assert "job-" in said
    (theirs,) = service.farm.jobs
    farm = open_farm(FarmSetup(tmp_path / "state", service.options, service.environ))
    assert wait(farm, theirs).state == "succeeded"
    assert len(farm.list_tasks(theirs)) == 10
    ours = FarmJob("op-7", "by-onepiece", template(), {"Frames": "1-2"}, ("1", "2"), tmp_path)
    farm.submit(ours)
    listed = deadline(service, tmp_path / "home", "job", "list", *where)
    assert "by-aws" in listed
    assert "by-onepiece" in listed
