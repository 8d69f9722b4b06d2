"""A publish asked for by a panel: it outlives the panel and its worker's host, and is found again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal
from onepiece_hosts.worker import Worker
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.test_worker import Answers
from tests.hosts.test_worker_context import Panel
from tests.support.media import write_exr, write_png
from tests.support.receivers import Hook
from tests.support.receivers import serving as receiving


@pytest.fixture
def environ(studio: SandboxReport, tmp_path: Path) -> dict[str, str]:
    state = {"ONEPIECE_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    return {**studio.env, **state}


@pytest.fixture
def panel(environ: dict[str, str]) -> Iterator[Panel]:
    opened = Panel(environ)
    yield opened
    opened.worker.close()


def request(folder: Path, name: str, frames: int = 3) -> dict[str, Any]:
    renders = folder / "renders"
    renders.mkdir()
    for frame in range(1001, 1001 + frames):
        write_exr(renders / f"{name}.{frame}.exr", seed=f"{name} {frame}")
    (folder / f"{name}.nk").write_text(f"Root {{\n name {name}.nk\n}}\n")
    write_png(folder / f"{name}.png", seed=name)
    return {
        "dcc": "nuke",
        "scene_name": name,
        "scene": str(folder / f"{name}.nk"),
        "renders": str(renders),
        "previews": str(folder / f"{name}.png"),
        "destination": str(folder / "published"),
        "bucket": "studio-prod-data",
        "show_code": "FG",
    }


def begin(panel: Panel, asked: dict[str, Any]) -> tuple[Answers, str]:
    """Start a publish and wait until its operation is known."""
    answers = Answers()
    panel.worker.request("publish.start", {"request": asked}, **answers.callbacks())
    panel.main_thread.run_until(lambda: answers.is_over or any(event == "step" for event, _ in answers.events))
    assert not answers.errors, answers.errors[0].as_report()
    return answers, next(data["operation"] for event, data in answers.events if event == "step")


def test_a_publish_tells_its_operation_its_progress_and_where_to_look(panel: Panel, tmp_path: Path) -> None:
    answers, operation = begin(panel, request(tmp_path, "FG_ep010_sc02_0010_panel_v001"))
    panel.main_thread.run_until(lambda: answers.is_over)
    result = answers.results[0]
    assert result["operation"] == operation
    assert {data["phase"] for event, data in answers.events if event == "progress"} >= {"stage", "upload"}
    assert Path(result["links"]["folder"], "manifest.json").is_file()
    assert result["links"]["shotgrid"].endswith(f"/detail/Version/{result['tracker']['version_id']}")
    listed = panel("publish.list")["items"][0]
    assert (listed["operation"], listed["state"], listed["progress"]) == (operation, "finished", None)
    assert panel("publish.attach", operation=operation)["links"] == result["links"]


def test_a_publish_that_fails_while_a_panel_is_open_is_told_by_its_worker(
    environ: dict[str, str], tmp_path: Path
) -> None:
    hook = Hook()
    with receiving(hook) as port:
        folder = tmp_path / ".config" / "onepiece"
        folder.mkdir(parents=True)
        told = f'[notify]\nwebhook_url = "http://127.0.0.1:{port}/h"\n[notify.rules.publish_failed]\n'
        (folder / "onepiece.toml").write_text(told)
        panel = Panel(environ)
        try:
            assert panel("publish.list")["items"] == []  # it is there, and so are its rules
            with closing(Journal(tmp_path / "state")) as journal:
                journal.begin("pub-1", kind="publish", fingerprint="f", name="FG_sh010", request={})
                journal.settle("pub-1", "failed", error=ErrorReport(code="storage.disk_full", message="Full"))
            assert hook.was_taken.wait(60)
        finally:
            panel.worker.close()
    assert [key for key, _ in hook.taken] == ["notify-webhook-pub-1-failed"]


def test_a_plan_changes_nothing(panel: Panel, tmp_path: Path) -> None:
    planned = panel("publish.plan", request=request(tmp_path, "FG_ep010_sc02_0010_planned_v001"))
    assert (planned["schema"], planned["files"]) == ("onepiece.publish-plan.1", 5)
    assert not (tmp_path / "published").exists()
    assert panel("publish.list")["items"] == []


def test_a_publish_goes_on_without_its_panel_and_another_panel_finds_it(
    panel: Panel, environ: dict[str, str], tmp_path: Path
) -> None:
    _, operation = begin(panel, request(tmp_path, "FG_ep010_sc02_0010_alone_v001", frames=40))
    panel.worker.close()
    other = Panel(environ)
    answers = other.answers("publish.attach", operation=operation)
    other.worker.close()
    assert answers.results[0]["scene_name"] == "FG_ep010_sc02_0010_alone_v001"
    assert answers.results[0]["tracker"]["version_id"]


def test_a_worker_that_is_killed_leaves_a_publish_that_recovers(
    panel: Panel, environ: dict[str, str], tmp_path: Path
) -> None:
    asked = request(tmp_path, "FG_ep010_sc02_0010_killed_v001", frames=40)
    answers, operation = begin(panel, asked)
    hello: Worker = panel.worker
    assert hello.hello is not None
    os.kill(hello.hello["pid"], signal.SIGKILL)
    panel.main_thread.run_until(lambda: answers.is_over)
    assert answers.errors[0].code == "worker.died"
    assert panel("publish.list")["items"][0]["state"] == "interrupted"
    again = Answers()
    panel.worker.request("publish.start", {"request": asked}, **again.callbacks())
    panel.main_thread.run_until(lambda: again.is_over)
    assert not again.errors, again.errors[0].as_report()
    assert again.results[0]["operation"] == operation


def test_what_makes_no_sense_is_refused(panel: Panel) -> None:
    assert panel.answers("publish.start", request={"dcc": "nuke"}).errors[0].code == "onepiece.usage"
    assert panel.answers("publish.start").errors[0].code == "onepiece.usage"
    assert panel.answers("publish.attach", operation="pub-nothing").errors[0].code == "publish.operation_unknown"
    assert panel.answers("publish.attach").errors[0].code == "publish.operation_unknown"
