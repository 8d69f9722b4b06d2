"""Pictures of the panels for the docs: ``python -m tests.hosts.qt.pictures FOLDER [light]``, with any Qt."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from Qt import QtCore, QtGui, __binding__

from onepiece_hosts.panels.qt.parts import PICTURE
from onepiece_server.sandbox import studio as sandbox
from tests.hosts.paper_host import PaperHost
from tests.hosts.qt.broken_host import BrokenHost, add_rates, everything_found
from tests.hosts.qt.desk import Desk, application, darken, real, run_until, scripted
from tests.hosts.qt.hands import card, checked, chosen_shot, press, publishing
from tests.hosts.qt.scripted import NAME
from tests.support.media import write_exr


def main(target: Path, *, is_light: bool) -> None:
    app = application()
    app.setStyle("Fusion")
    if not is_light:
        darken(app)
    ending = f"{__binding__.lower()}-{'light' if is_light else 'dark'}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _paint(folder / "beauty.png")
        (folder / "errors").touch()
        desk = _desk(folder)
        panel = checked(desk)
        card(panel, "maya.missing_reference").reason.setText("x")
        press(card(panel, "maya.missing_reference"), "Ignore…")
        card(panel, "maya.missing_reference").reason.setText("the rock is not in this shot")
        press(card(panel, "maya.missing_reference"), "Ignore")
        run_until(lambda: panel.items.row("beauty").data(0, PICTURE))
        panel.comment.setPlainText("Sky replaced, second pass on the edges.")
        _grab(panel, target / f"publish-{ending}.png")
        _grab(chosen_shot(desk), target / f"open-{ending}.png")
        recover, about = desk.show("recover"), desk.show("about")
        run_until(lambda: recover.run.isEnabled() and about.values["User"].text())
        _grab(recover, target / f"recover-{ending}.png")
        _grab(about, target / f"about-{ending}.png")
        desk.leave()
        (folder / "errors").unlink()
        desk = _desk(folder)
        panel = publishing(desk)
        _grab(panel, target / f"progress-{ending}.png")
        (folder / "go").touch()
        run_until(lambda: panel.pages.currentIndex() == 2)
        _grab(panel, target / f"result-{ending}.png")
        desk.leave()
        _checks(folder / "real", target / f"checks-{ending}.png")


def _checks(folder: Path, target: Path) -> None:
    """Everything wrong at once, over the real worker: one finding fixed, one ignored."""
    work = folder / "FG/ep010/sc02/0010/comp/work"
    (work / "renders").mkdir(parents=True)
    for frame in range(1001, 1004):
        write_exr(work / "renders" / f"güzellik.{frame}.exr", seed=frame)
    (folder / "onepiece.toml").write_text(
        f'[publish]\nbucket = "studio-prod-data"\n[roots.projects]\nlinux = "{folder}"\n'
    )
    studio = sandbox.up(folder / "studio")
    try:
        add_rates(studio)
        home = {"HOME": str(folder), "ONEPIECE_STATE_DIR": str(folder / "state"), "PATH": "/usr/bin:/bin"}
        host = BrokenHost(work / "kaba kompozit, üçüncü deneme v001.nk", f"{work}/renders/güzellik.%04d.exr")
        desk = Desk(real(), {**studio.env, **home, "LOGNAME": "elif"}, host)
        panel = everything_found(desk)
        press(card(panel, "scene.range"), "Fix")
        run_until(lambda: panel.model.state == "ready" and "scene.range" not in str(panel.model.findings))
        press(card(panel, "scene.fps"), "Ignore…")
        card(panel, "scene.fps").reason.setText("Çekim 25 fps geldi; Deniz agreed to it on Tuesday")
        press(card(panel, "scene.fps"), "Ignore")
        _grab(panel, target)
        desk.leave()
    finally:
        sandbox.down(folder / "studio", grace_seconds=0)


def _desk(folder: Path) -> Desk:
    host = PaperHost((folder / f"{NAME}.nk").as_posix(), problems=[["disabled_write", "Write2"]])
    host.label = "Nuke"
    return Desk(scripted(folder), host=host)


def _paint(path: Path) -> None:
    """A mountain in the evening, as the worker would have made it small."""
    image = QtGui.QImage(320, 180, QtGui.QImage.Format.Format_RGB32)
    painter = QtGui.QPainter(image)
    sky = QtGui.QLinearGradient(0, 0, 0, 180)
    for place, colour in ((0.0, "#1d3557"), (0.6, "#a8602f"), (1.0, "#e8b86d")):
        sky.setColorAt(place, QtGui.QColor(colour))
    painter.fillRect(image.rect(), sky)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(QtGui.QColor("#141c26"))
    corners = ((0, 180), (0, 130), (90, 60), (150, 120), (220, 40), (320, 140), (320, 180))
    painter.drawPolygon(QtGui.QPolygonF([QtCore.QPointF(*corner) for corner in corners]))
    painter.end()
    image.save(str(path))


def _grab(panel: Any, path: Path) -> None:
    for _ in range(3):  # what was asked for meanwhile is drawn
        panel.redraw()
        waiting = [False]
        panel.session.host.call_later(lambda told=waiting: told.__setitem__(0, True))
        run_until(lambda told=waiting: told[0])
    panel.draw()
    application().processEvents()
    assert panel.grab().save(str(path))


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_light="light" in sys.argv[2:])
