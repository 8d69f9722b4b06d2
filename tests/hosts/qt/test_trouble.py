"""The Qt panels when something is wrong around them: each says what, and what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onepiece_hosts.panels.qt.publish_panel import RESULT
from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.paper_host import PaperHost
from tests.hosts.qt.desk import ROOT, Desk, real, run_until
from tests.hosts.qt.hands import checked, chosen_shot, click, exactly, publishing
from tests.support.studio import shotgrid_of

# Root may write everything, unless this one right is taken from it.
_ANYBODY = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.fixture
def whole(scene: PaperHost, studio: SandboxReport) -> PaperHost:
    """A scene that nothing is wrong with."""
    fields = ("sg_cut_in", "sg_cut_out", "sg_head_in", "sg_tail_out")
    shot = shotgrid_of(studio).find_one("Shot", [["code", "is", "ep010_sc02_0010"]], fields)
    scene.scene["range"] = [shot[name] for name in fields]
    scene.save()
    return scene


def published_as(studio: SandboxReport, scene: PaperHost) -> list[Any]:
    found: list[Any] = shotgrid_of(studio).find("Version", [["code", "is", Path(scene.path or "").stem]])
    return found


def ended(panel: Any) -> bool:
    return bool(panel.pages.currentIndex() == RESULT or panel.error.isVisible())


def told(panel: Any) -> str:
    """What the error box says."""
    run_until(panel.error.isVisible)
    return f"{panel.error.message.text()} {panel.error.hint.text()}"


def down_to(panel: Any, *names: str) -> None:
    for name in names:
        run_until(lambda n=name: panel.places.findItems(n, exactly()))
        panel.places.setCurrentItem(panel.places.findItems(name, exactly())[0])


# Two panels at once


def test_two_panels_of_one_process_publish_a_scene_once(
    studio_desk: Desk, environ: dict[str, str], whole: PaperHost, studio: SandboxReport
):
    other = Desk(real(), environ, PaperHost(whole.path, outputs=whole.scene["outputs"]))
    other.host.scene.update(whole.scene)
    panels = [checked(studio_desk), checked(other)]
    for panel in panels:
        run_until(panel.go.isEnabled)
    for panel in panels:
        click(panel.go)
    run_until(lambda: all(ended(panel) for panel in panels))
    assert any(panel.pages.currentIndex() == RESULT for panel in panels)
    for panel in panels:
        assert panel.pages.currentIndex() == RESULT or panel.model.error.hint
    assert len(published_as(studio, whole)) == 1
    other.leave()


def test_two_processes_publish_a_scene_once(
    studio_desk: Desk, environ: dict[str, str], whole: PaperHost, studio: SandboxReport
):
    command = [sys.executable, "-m", "tests.hosts.qt.second", str(whole.path), whole.scene["outputs"][0]]
    kept = {key: os.environ[key] for key in ("PYTHONPATH", "QT_PREFERRED_BINDING") if key in os.environ}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env={**environ, **kept}, **pipes) as second:
        panel = checked(studio_desk)
        run_until(panel.go.isEnabled)
        assert second.stdout is not None
        assert second.stdout.readline() == "ready\n"
        click(panel.go)
        output, _ = second.communicate("go\n", timeout=60)
    run_until(lambda: ended(panel))
    theirs = json.loads(output)
    assert theirs["result"] or panel.pages.currentIndex() == RESULT
    assert theirs["result"] or theirs["error"]["hint"]
    assert panel.pages.currentIndex() == RESULT or panel.model.error.hint
    assert len(published_as(studio, whole)) == 1


# The worker


def of_another_version() -> list[str]:
    start = f"import sys; sys.path[:0] = {[str(ROOT), str(ROOT / 'hosts')]!r}; sys.argv = ['x', 'other']"
    return [sys.executable, "-c", f"{start}; from tests.hosts.workers import main; main()"]


@pytest.mark.parametrize("command", [["/nowhere/onepiece", "worker"], of_another_version()], ids=["missing", "other"])
def test_a_worker_that_does_not_fit_is_told_in_every_panel(command: list[str]):
    desk = Desk(command)
    publish, opening, recover = desk.show("publish"), desk.show("open_shot"), desk.show("recover")
    assert "dcc install" in told(publish)
    assert "dcc install" in told(recover)
    run_until(lambda: "dcc install" in opening.left_note.text())
    assert not publish.go.isEnabled()
    desk.leave()


def test_after_the_worker_was_killed_the_next_question_starts_another(desk: Desk):
    opening, panel = chosen_shot(desk), publishing(desk)
    first = desk.session.worker.hello
    desk.kill_worker()
    assert "Recover" in told(panel)
    click(panel.again)
    run_until(lambda: desk.session.worker.hello != first and panel.go.isEnabled())
    opening.places.setCurrentItem(opening.places.findItems("ep010_sc02_0020", exactly())[0])
    run_until(lambda: opening.files.topLevelItemCount() == 4)


# The site


def test_without_shotgrid_the_panels_go_on_from_memory_and_say_so(
    fresh_studio: SandboxReport, environ: dict[str, str], whole: PaperHost
):
    environ = {**environ, **fresh_studio.env}
    before = Desk(real(), environ, whole)
    run_until(checked(before).go.isEnabled)
    down_to(before.show("open_shot"), "Frost Giant", "ep010", "ep010_sc02", "ep010_sc02_0010")
    run_until(lambda: before.panels[1].files.topLevelItemCount() == 1)
    before.leave()
    sandbox.down(Path(fresh_studio.dir), grace_seconds=0)
    settings = Path(environ["HOME"], "onepiece.toml")
    settings.write_text(f"{settings.read_text()}[tracker]\nattempts = 1\n")  # else it is asked for half a minute
    after = Desk(real(), environ, whole)
    panel, opening = checked(after), after.show("open_shot")
    assert "ep010_sc02_0010" in panel.place.text()
    down_to(opening, "Frost Giant", "ep010", "ep010_sc02", "ep010_sc02_0010")
    run_until(lambda: opening.files.topLevelItemCount() == 1)
    opening.search.setText("giant")  # nobody has asked that before
    run_until(lambda: "cannot be reached" in opening.left_note.text())
    run_until(lambda: opening.offline.label.isVisible() and panel.offline.label.isVisible())
    assert "from memory" in opening.offline.label.text()
    after.leave()


# Files and folders


def test_a_saved_request_is_published_from_the_shell(studio_desk: Desk, whole: PaperHost, environ: dict[str, str]):
    panel = checked(studio_desk)
    run_until(panel.later.isEnabled)
    click(panel.later)
    saved = Path(whole.path or "").with_suffix(".publish.json")
    run_until(lambda: saved.name in panel.why_not.text())
    command = [sys.executable, "-m", "onepiece_cli", "dcc", "publish", "--request", str(saved), "--dry-run", "--json"]
    done = subprocess.run(command, env=environ, cwd=saved.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scene_name"] == saved.name.partition(".")[0]


def test_a_workfile_that_has_vanished_is_told_and_the_list_is_read_again(studio_desk: Desk, whole: PaperHost):
    panel = studio_desk.show("open_shot")
    down_to(panel, "Frost Giant", "ep010", "ep010_sc02", "ep010_sc02_0010")
    run_until(lambda: panel.files.topLevelItemCount() == 1)
    Path(whole.path or "").unlink()
    click(panel.open_button)
    assert Path(whole.path or "").name in told(panel)
    run_until(lambda: panel.files.topLevelItemCount() == 0)


def test_a_folder_that_may_only_be_read_is_named(environ: dict[str, str], whole: PaperHost, tmp_path: Path):
    settings = tmp_path / "onepiece.toml"
    (tmp_path / "slate.nk").write_text("{}")
    settings.write_text(f'{settings.read_text()}[workfiles.templates.nuke]\n"*" = "slate.nk"\n')
    work = Path(whole.path or "").parent
    desk = Desk([*_ANYBODY, *real()], environ, whole)
    panel, opening = checked(desk), desk.show("open_shot")
    down_to(opening, "Frost Giant", "ep010", "ep010_sc02", "ep010_sc02_0010", "comp")
    run_until(lambda: opening.files.topLevelItemCount() == 1)
    run_until(panel.go.isEnabled)
    work.chmod(0o500)
    work.parent.chmod(0o500)
    try:
        click(opening.new_button)
        run_until(opening.new.go.isEnabled)
        click(opening.new.go)
        assert str(work) in told(opening)
        click(opening.error.dismiss)
        run_until(lambda: not opening.error.isVisible())
        click(opening.open_button)
        assert str(work) in told(opening)
        assert "open without a lock" in told(opening)
        run_until(panel.go.isEnabled)  # another scene is open now, and is checked
        click(panel.go)
        assert str(work.parent) in told(panel)
        assert panel.model.error.hint
    finally:
        work.parent.chmod(0o755)
        work.chmod(0o755)
        desk.leave()
