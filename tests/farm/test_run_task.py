"""One task in an OpenJD session: what its end says, what its log holds, and that nothing of it is left."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.job_file import job_from_json, job_to_json
from onepiece_core.farm.run_task import TaskEnd, run_task
from tests.support.local_jobs import shell_job
from tests.support.processes import runs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "task.log"


def run(job: FarmJob, log: Path, index: int = 0, **more: Any) -> TaskEnd:
    told = {"on_progress": lambda _percent, _message: None, "cancelled": lambda: False, **more}
    return run_task(job, index, log=log, work_dir=job.directory / "work", **told)


def with_action(job: FarmJob, **action: Any) -> FarmJob:
    (step,) = job.template["steps"]
    return replace(job, template={**job.template, "steps": [{**step, "script": {"actions": {"onRun": action}}}]})


def test_the_output_of_a_task_is_its_log_and_its_folder_is_gone(tmp_path: Path, log: Path) -> None:
    job = shell_job("job", "echo frame $1 of $SHOT; echo oops >&2", tmp_path, tasks=3, environment={"SHOT": "0010"})
    assert run(job, log, index=2) == TaskEnd("succeeded", 0, "")
    assert "frame 3 of 0010\noops\n" in log.read_text()
    assert list((tmp_path / "work").iterdir()) == []


def test_progress_and_status_are_told_as_they_come(tmp_path: Path, log: Path) -> None:
    told: list[tuple[float | None, str]] = []
    script = "echo openjd_progress: 12.5; echo openjd_status: tile 3; echo openjd_progress: 100"
    run(shell_job("job", script, tmp_path), log, on_progress=lambda percent, message: told.append((percent, message)))
    assert (12.5, "") in told
    assert (12.5, "tile 3") in told
    assert any(percent == 100 for percent, _ in told)


def test_output_that_is_no_text_is_kept_and_stops_nothing(tmp_path: Path, log: Path) -> None:
    assert run(shell_job("job", r"printf 'a\377\376b\n'; echo end", tmp_path), log).state == "succeeded"
    assert "\nend\n" in log.read_text()


def test_a_command_that_is_not_there_is_a_failure_that_names_it(tmp_path: Path, log: Path) -> None:
    job = with_action(shell_job("job", "", tmp_path), command="no-such-renderer-anywhere")
    end = run(job, log)
    assert end.state == "failed"
    assert "no-such-renderer-anywhere" in log.read_text() + end.message


def test_a_template_of_an_unknown_version_is_a_failure_that_says_so(tmp_path: Path, log: Path) -> None:
    job = shell_job("job", "true", tmp_path)
    end = run(replace(job, template={**job.template, "specificationVersion": "jobtemplate-2099-01"}), log)
    assert end.state == "failed"
    assert "2099" in end.message


def test_a_timeout_of_the_template_ends_the_task(tmp_path: Path, log: Path) -> None:
    job = with_action(shell_job("job", "", tmp_path), command="sleep", args=["600"], timeout=1)
    end = run(job, log)
    assert end.state == "failed"
    assert "too long" in end.message


def test_a_polite_renderer_may_tidy_up_before_it_is_killed(tmp_path: Path, log: Path) -> None:
    script = (
        f"trap 'sleep 0.3; touch {tmp_path}/tidy; exit 1' TERM; touch {tmp_path}/begun; while :; do sleep 0.05; done"
    )
    job = with_action(
        shell_job("job", "", tmp_path),
        command="sh",
        args=["-c", script],
        cancelation={"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 20},
    )
    end = run(job, log, cancelled=(tmp_path / "begun").exists)
    assert end.state == "cancelled"
    assert (tmp_path / "tidy").exists()


def test_what_fails_leaves_no_child_behind(tmp_path: Path, log: Path) -> None:
    child = f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 600' >/dev/null 2>&1 &"
    script = f"{child} while [ ! -s {tmp_path}/pid ]; do sleep 0.02; done; exit 3"
    assert run(shell_job("job", script, tmp_path), log).exit_code == 3
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 30
    while runs(pid):
        assert time.monotonic() < deadline


def test_environments_of_a_template_are_entered_before_the_task_and_left_after(tmp_path: Path, log: Path) -> None:
    job = shell_job("job", f"echo $LICENCE >> {tmp_path}/order", tmp_path)
    environment = {
        "name": "licence",
        "script": {
            "actions": {
                "onEnter": {
                    "command": "sh",
                    "args": ["-c", f"echo in >> {tmp_path}/order; echo openjd_env: LICENCE=42"],
                },
                "onExit": {"command": "sh", "args": ["-c", f"echo out >> {tmp_path}/order"]},
            }
        },
    }
    (step,) = job.template["steps"]
    steps = [{**step, "stepEnvironments": [{**environment, "name": "second"}]}]
    template = {**job.template, "jobEnvironments": [environment], "steps": steps}
    assert run(replace(job, template=template), log).state == "succeeded"
    assert (tmp_path / "order").read_text().split() == ["in", "in", "42", "out", "out"]


def test_an_environment_of_variables_alone_is_the_tasks(tmp_path: Path, log: Path) -> None:
    job = shell_job("job", "echo colours: $OCIO", tmp_path)
    template = {**job.template, "jobEnvironments": [{"name": "colour", "variables": {"OCIO": "aces.ocio"}}]}
    assert run(replace(job, template=template), log).state == "succeeded"
    assert "colours: aces.ocio" in log.read_text()


def test_an_environment_that_cannot_be_entered_fails_the_task(tmp_path: Path, log: Path) -> None:
    job = shell_job("job", f"touch {tmp_path}/ran", tmp_path)
    enter = {"command": "sh", "args": ["-c", "echo no licence; exit 9"]}
    environment = {"name": "licence", "script": {"actions": {"onEnter": enter}}}
    end = run(replace(job, template={**job.template, "jobEnvironments": [environment]}), log)
    assert end.state == "failed"
    assert "licence" in end.message
    assert "no licence" in log.read_text()
    assert not (tmp_path / "ran").exists()


def test_a_job_as_json_is_the_same_job(tmp_path: Path) -> None:
    job = shell_job("job", "true", tmp_path, tasks=3, depends_on=("other",), timeout_seconds=5, environment={"A": "ä"})
    assert job_from_json(job_to_json(job)) == job
