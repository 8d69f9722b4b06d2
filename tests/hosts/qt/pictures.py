"""Pictures of the panels for the docs: ``python -m tests.hosts.qt.pictures FOLDER [light]``, with any Qt."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from Qt import QtCore, QtGui, __binding__

from tests.hosts.paper_host import PaperHost
from tests.hosts.qt.desk import Desk, application, darken, run_until, scripted
from tests.hosts.qt.hands import card, checked, chosen_shot, press, publishing
from tests.hosts.qt.scripted import NAME


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
