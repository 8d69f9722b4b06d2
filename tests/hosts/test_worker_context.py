"""The worker of a whole installation, asked by the client of a host, against the sandbox."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_hosts.worker import Worker
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.test_worker import Answers, MainThread, ask


class Panel:
    """Asks one worker and waits for the answers."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.main_thread = MainThread()
        command = [str(Path(sys.executable).with_name("onepiece")), "worker"]
        self.worker = Worker(command, self.main_thread.work.put, environ)

    def answers(self, method: str, **params: Any) -> Answers:
        return ask(self.worker, self.main_thread, method, **params)

    def __call__(self, method: str, **params: Any) -> Any:
        found = self.answers(method, **params)
        assert not found.errors, found.errors[0].as_report()
        return found.results[0]


@pytest.fixture(scope="module")
def environ(studio: SandboxReport, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    state = tmp_path_factory.mktemp("state")
    return {
        **studio.env,
        "PATH": "/usr/bin:/bin",
        "ONEPIECE_STATE_DIR": str(state),
        "LOGNAME": "elif",
        "HOME": str(state),
    }


@pytest.fixture(scope="module")
def panel(environ: dict[str, str]) -> Iterator[Panel]:
    opened = Panel(environ)
    yield opened
    opened.worker.close()


def names(told: dict[str, Any]) -> list[str]:
    return [item["name"] for item in told["items"]]


@pytest.fixture(scope="module")
def show(panel: Panel) -> dict[str, Any]:
    return next(item for item in panel("context.projects")["items"] if item["code"] == "FG")


def test_the_hierarchy_is_walked_from_the_project_to_the_task(panel: Panel, show: dict[str, Any]) -> None:
    below = panel("context.children", parent=show)["items"]
    assert {"EP01", "EP02", "ep010", "giant", "sled"} <= {item["name"] for item in below}
    assert "ep010_sc02" not in {item["name"] for item in below}
    episode = next(item for item in below if item["name"] == "ep010")
    sequence = panel("context.children", parent=episode)["items"][1]
    assert sequence["name"] == "ep010_sc02"
    shots = panel("context.children", parent=sequence)
    assert names(shots) == ["ep010_sc02_0010", "ep010_sc02_0020", "ep010_sc02_0030"]
    tasks = panel("context.tasks", entity=shots["items"][0])
    assert names(tasks) == ["layout", "anim", "lighting", "comp"]
    assert tasks["items"][3]["assignees"][0]["name"] == "Elif Kaya"


def test_the_second_time_the_answer_is_at_hand(panel: Panel, show: dict[str, Any]) -> None:
    panel("context.children", parent=show)
    assert panel("context.children", parent=show)["from_cache"] is True


def test_my_tasks_are_those_of_the_artist(panel: Panel) -> None:
    mine = panel("context.my_tasks")["items"]
    assert mine
    assert {item["name"] for item in mine} == {"comp"}


def test_a_search_finds_shots_and_assets(panel: Panel, show: dict[str, Any]) -> None:
    assert sorted(names(panel("context.search", text="SC02_0010", project=show))) == [
        "EP01_sc02_0010",
        "ep010_sc02_0010",
    ]
    assert names(panel("context.search", text="gla", project=show)) == ["glacier"]
    assert panel.answers("context.search", text=" ").errors[0].code == "onepiece.usage"


def test_a_path_tells_its_context(panel: Panel) -> None:
    guessed = panel("context.guess", path="/projects/FG/work/FG_ep010_sc02_0010_comp_v004.nk")
    assert (guessed["project"]["name"], guessed["entity"]["name"], guessed["task"]["name"]) == (
        "Frost Giant",
        "ep010_sc02_0010",
        "comp",
    )
    assert (guessed["version"], guessed["scene_name"]) == (4, "FG_ep010_sc02_0010_comp_v004")
    assert panel("context.guess", path="/tmp/untitled.blend")["project"] is None


def test_a_change_on_the_site_reaches_the_panel(panel: Panel, show: dict[str, Any], studio: SandboxReport) -> None:
    import shotgun_api3

    sg = shotgun_api3.Shotgun(
        studio.env["ONEPIECE_SHOTGRID_URL"], studio.env["ONEPIECE_SHOTGRID_SCRIPT"], studio.env["ONEPIECE_SHOTGRID_KEY"]
    )
    panel("context.children", parent=show)
    asset = sg.create("Asset", {"code": "made_outside", "project": {"type": "Project", "id": show["id"]}})
    end = time.monotonic() + 60
    while "made_outside" not in names(panel("context.children", parent=show)) and time.monotonic() < end:
        time.sleep(0.2)
        sg.update("Asset", asset["id"], {"description": str(end - time.monotonic())})  # after its first look, too
    told = panel("context.children", parent=show)
    sg.delete("Asset", asset["id"])
    assert "made_outside" in names(told)
    assert told["from_cache"] is True


def test_a_site_that_is_away_leaves_what_was_seen(panel: Panel, environ: dict[str, str], show: dict[str, Any]) -> None:
    known = panel("context.children", parent=show)
    away = Panel({**environ, "ONEPIECE_TRACKER_TIMEOUT_SECONDS": "1"})
    assert names(away("context.children", parent=show)) == names(known)
    away.worker.close()
