"""Workfiles through the worker: lists by the tracker's shots, locks for as long as the host is open."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.test_worker_context import Panel


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    """A root with two workfiles of one shot."""
    folder = tmp_path / "projects" / "FG" / "ep010" / "sc02" / "0010" / "comp" / "work"
    folder.mkdir(parents=True)
    for version in (1, 2):
        path = folder / f"FG_ep010_sc02_0010_comp_v00{version}.nk"
        path.write_text("Root {\n first_frame 1001\n last_frame 1010\n}\n")
        os.utime(path, (1_000_000 + version, 1_000_000 + version))
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "comp start.nk").write_text("Root {\n}\n")
    (templates / "any.nk").write_text("Root {\n}\n")
    (templates / "light.ma").write_text('requires maya "2026";\n')
    (tmp_path / "onepiece.toml").write_text(
        f'[roots.projects]\nlinux = "{tmp_path / "projects"}"\n'
        '[workfiles.templates.nuke]\ncomp = "templates/comp start.nk"\n"*" = "templates/any.nk"\n'
        '[workfiles.templates.maya]\nlight = "templates/light.ma"\nanim = "templates/gone.ma"\n'
    )
    return folder


@pytest.fixture
def environ(studio: SandboxReport, tmp_path: Path, projects: Path) -> dict[str, str]:
    told = {"ONEPIECE_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    return {**studio.env, **told, "ONEPIECE_PROJECT_ROOT": str(tmp_path)}


@pytest.fixture
def panel(environ: dict[str, str]) -> Iterator[Panel]:
    opened = Panel(environ)
    yield opened
    opened.worker.close()


def shot_of(panel: Panel) -> dict[str, Any]:
    found = panel("context.search", text="ep010_sc02_0010")["items"]
    return next(item for item in found if item["type"] == "Shot")


def test_the_workfiles_of_a_shot_come_newest_first(panel: Panel, projects: Path) -> None:
    shot = shot_of(panel)
    for step in (None, "Compositing"):
        told = panel("workfiles.list", entity=shot, step=step)
        assert [item["version"] for item in told["items"]] == [2, 1]
        assert told["items"][0]["path"] == str(projects / "FG_ep010_sc02_0010_comp_v002.nk")
    assert panel("workfiles.list", entity=shot, step="Lighting")["items"] == []


def test_the_next_version_is_one_that_nobody_has(panel: Panel, projects: Path) -> None:
    told = panel("workfiles.next", path=str(projects / "FG_ep010_sc02_0010_comp_v001.nk"))
    assert (Path(told["path"]).name, told["version"]) == ("FG_ep010_sc02_0010_comp_v003.nk", 3)


def test_the_templates_of_a_step_come_before_those_of_any(panel: Panel) -> None:
    shot = shot_of(panel)
    told = panel("workfiles.templates", entity=shot, step="Compositing", dcc="nuke")["items"]
    assert [(item["id"], item["name"], item["is_missing"]) for item in told] == [
        ("nuke/comp", "comp start", False),
        ("nuke/*", "any", False),
    ]
    every = panel("workfiles.templates", entity=shot, step=None)["items"]
    assert [item["id"] for item in every] == ["maya/anim", "maya/light", "nuke/comp", "nuke/*"]
    assert every[0]["is_missing"]


def test_a_new_workfile_is_a_copy_of_its_template_and_never_one_that_is_there(panel: Panel, projects: Path) -> None:
    asked = {"entity": shot_of(panel), "step": "Compositing", "template": "nuke/comp"}
    made = panel("workfiles.new", **asked)
    assert (made["path"], made["version"]) == (str(projects / "FG_ep010_sc02_0010_comp_v003.nk"), 3)
    assert Path(made["path"]).read_text() == "Root {\n}\n"
    named = panel("workfiles.new", **asked, name="cleanplate")
    assert named["path"] == str(projects / "FG_ep010_sc02_0010_cleanplate_v001.nk")
    listed = panel("workfiles.list", entity=asked["entity"], step=None)["items"]
    assert made["path"] in [item["path"] for item in listed]


def test_a_new_workfile_that_cannot_be_says_why(panel: Panel) -> None:
    shot = shot_of(panel)

    def refused(**asked: Any) -> Any:
        return panel.answers("workfiles.new", entity=shot, **asked).errors[0]

    assert refused(step="Compositing", template="nuke/nowhere").code == "workfile.template_missing"
    assert refused(step="Animation", template="maya/anim").code == "workfile.template_missing"
    assert "task" in refused(step=None, template="nuke/*").hint
    assert refused(step="Compositing", template="nuke/comp", name="../x").code == "naming.invalid"


def test_a_lock_keeps_others_away_until_the_host_is_closed(
    panel: Panel, environ: dict[str, str], projects: Path
) -> None:
    path = str(projects / "FG_ep010_sc02_0010_comp_v002.nk")
    held = panel("workfiles.lock", path=path, steal=False)
    other = Panel(environ)
    refused = other.answers("workfiles.lock", path=path, steal=False).errors[0]
    assert (refused.code, held["is_stale"]) == ("workfile.locked", False)
    assert panel("workfiles.list", entity=shot_of(panel), step=None)["items"][0]["lock"]["pid"] == held["pid"]
    panel.worker.close()
    end = time.monotonic() + 20
    while other.answers("workfiles.lock", path=path, steal=False).errors and time.monotonic() < end:
        time.sleep(0.1)
    assert other("workfiles.lock", path=path, steal=False)["pid"] != held["pid"]
    other.worker.close()


def test_a_host_that_was_killed_holds_nothing_that_cannot_be_stolen(
    panel: Panel, environ: dict[str, str], projects: Path
) -> None:
    path = str(projects / "FG_ep010_sc02_0010_comp_v002.nk")
    panel("workfiles.lock", path=path, steal=False)
    assert panel.worker.hello is not None
    os.kill(panel.worker.hello["pid"], signal.SIGKILL)
    other = Panel(environ)
    assert other("workfiles.lock", path=path, steal=True)["is_stale"] is False
    assert other("workfiles.unlock", path=path) == {"released": True}
    other.worker.close()


def test_what_was_opened_is_recent_and_the_only_one_that_stays_locked(panel: Panel, projects: Path) -> None:
    first, second = (str(projects / f"FG_ep010_sc02_0010_comp_v00{version}.nk") for version in (1, 2))
    for path in (first, second):
        panel("workfiles.lock", path=path, steal=False)
        panel("workfiles.opened", path=path, token=None)
    assert [item["path"] for item in panel("workfiles.recent")["items"]] == [second, first]
    locks = {item["path"]: item["lock"] for item in panel("workfiles.list", entity=shot_of(panel), step=None)["items"]}
    assert locks[first] is None
    assert locks[second] is not None


def test_what_makes_no_sense_is_refused(panel: Panel, projects: Path) -> None:
    for method in ("workfiles.next", "workfiles.lock", "workfiles.opened", "open_shot.plan"):
        assert panel.answers(method).errors[0].code == "onepiece.usage", method
    lost = panel.answers("workfiles.lock", path=str(projects / "lost.nk"), steal=False).errors[0]
    assert lost.code == "workfile.missing"
    nowhere = panel.answers("workfiles.list", entity={"type": "Shot", "id": 999_999}, step=None).errors[0]
    assert nowhere.code == "tracker.entity_missing"


def test_a_scene_opens_in_the_dcc_that_is_here(panel: Panel, projects: Path, tmp_path: Path) -> None:
    answers = panel.answers("open_shot.plan", path=str(projects / "FG_ep010_sc02_0010_comp_v002.nk"))
    if answers.results:
        assert answers.results[0]["dcc"] == "nuke"
    else:
        assert answers.errors[0].code == "dcc.not_found"
