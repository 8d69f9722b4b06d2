"""Every check fails at once; one is fixed by its button, one is ignored with a reason that stays with the publish."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from Qt import QtWidgets

from onepiece_core.rules.host_rules import RULES
from onepiece_hosts.panels.qt.publish_panel import RESULT
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.qt.broken_host import KINDS, BrokenHost, add_rates, everything_found
from tests.hosts.qt.desk import Desk, real, run_until
from tests.hosts.qt.hands import card, click, press, texts
from tests.support.media import write_exr

REASON = "Çekim 25 fps geldi; Deniz agreed to it on Tuesday"
# These say that others could not be asked: no shot, or no bucket.
APART = {"scene.context", "scene.lacking"}


@pytest.fixture
def studio(fresh_studio: SandboxReport) -> SandboxReport:
    """A site that knows rates and resolutions, as many do in fields of their own."""
    add_rates(fresh_studio)
    return fresh_studio


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "FG/ep010/sc02/0010/comp/work"
    (folder / "renders").mkdir(parents=True)
    for frame in range(1001, 1004):
        write_exr(folder / "renders" / f"beauty.{frame}.exr", seed=f"{tmp_path} {frame}")
    (folder.parent / "publish" / "rough_v001").mkdir(parents=True)
    return folder


@pytest.fixture
def host(work: Path) -> BrokenHost:
    return BrokenHost(work / "rough_v001.nk", f"{work.as_posix()}/renders/beauty.%04d.exr")


@pytest.fixture
def broken(environ: dict[str, str], host: BrokenHost) -> Iterator[Desk]:
    desk = Desk(real(), environ, host)
    yield desk
    desk.leave()


def rules_of(panel: Any) -> set[str]:
    return {one.finding["rule"] for one in panel.findings.cards}


def test_every_rule_of_every_host_has_its_card(broken: Desk, host: BrokenHost):
    seen: set[str] = set()
    panel = everything_found(broken)
    for name in KINDS:
        host.name = name
        run_until(panel.again.isEnabled)
        click(panel.again)
        run_until(lambda n=name: panel.model.state == "ready" and panel.model.facts["host"] == n)
        panel.draw()
        seen |= rules_of(panel)
    host.begin()
    run_until(lambda: panel.model.state == "ready" and "scene.lacking" in rules_of(panel))
    seen |= rules_of(panel)
    assert {"scene.too_many_files", *seen} == {rule.id for rule in RULES}


def test_one_is_fixed_one_is_ignored_and_the_report_says_why(broken: Desk, host: BrokenHost, work: Path):
    panel = everything_found(broken)
    of_others = {rule.id for rule in RULES if rule.id.split(".")[0] in set(KINDS) - {"nuke"}}
    assert rules_of(panel) == {rule.id for rule in RULES} - of_others - APART
    assert not panel.go.isEnabled()
    press(card(panel, "scene.range"), "Fix")
    run_until(lambda: panel.model.state == "ready" and "scene.range" not in rules_of(panel))
    press(card(panel, "scene.fps"), "Ignore…")
    card(panel, "scene.fps").reason.setText(REASON)
    press(card(panel, "scene.fps"), "Ignore")
    run_until(lambda: f"Ignored: {REASON}" in texts(card(panel, "scene.fps")))
    assert not panel.go.isEnabled()
    host.repair(work / f"FG_ep010_sc02_0010_comp_v{51 + os.getpid() % 900:03}.nk")
    run_until(lambda: panel.go.isEnabled() and rules_of(panel) == {"scene.fps"})
    click(panel.go)
    run_until(lambda: panel.pages.currentIndex() == RESULT or panel.error.isVisible())
    assert panel.model.error is None
    click(panel.outcome.report)
    report = json.loads(QtWidgets.QApplication.clipboard().text())
    assert [(one["rule"], one["reason"]) for one in report["ignored"]] == [("scene.fps", REASON)]
    manifest = json.loads(Path(report["links"]["folder"], report["manifest"]).read_text())
    assert manifest["metadata"]["onepiece.ignored"] == report["ignored"]
    assert any(REASON in text for text in texts(panel.outcome))
