"""An artist at the Qt panels: a host on paper, a worker, and the event loop that runs until something is so."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from Qt import QtCore, QtGui, QtWidgets

from onepiece_hosts.installation import Installation
from onepiece_hosts.panels.qt.show import install
from onepiece_hosts.session import HostSession
from onepiece_hosts.worker import Worker
from tests.hosts.paper_host import PaperHost

ROOT = Path(__file__).parents[3]
_PATHS = [str(ROOT / part) for part in ("", "hosts", "shelves")]


def application() -> Any:
    return QtWidgets.QApplication.instance() or QtWidgets.QApplication(["onepiece"])


def run_until(is_so: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came"
        QtCore.QCoreApplication.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.002)


def scripted(folder: Path) -> list[str]:
    """PYTHONPATH is stripped on the way, as it has to be."""
    start = f"import sys; sys.path[:0] = {_PATHS!r}; sys.argv = ['x', {str(folder)!r}]"
    return [sys.executable, "-c", f"{start}; from tests.hosts.qt.scripted import main; main()"]


def real() -> list[str]:
    return [str(Path(sys.executable).with_name("onepiece")), "worker"]


class Desk:
    """One host session with its panels."""

    def __init__(
        self, command: list[str], environ: dict[str, str] | None = None, host: PaperHost | None = None
    ) -> None:
        application()
        self.host = host or PaperHost()
        self.session = HostSession(self.host, Installation("/nowhere", "1.0", tuple(command)))
        self.session.worker = Worker(command, self.host.call_later, environ or dict(os.environ))
        install(self.session)
        self.panels: list[Any] = []

    def show(self, name: str) -> Any:
        panel = self.session.show[name](self.session)
        self.panels.append(panel)
        return panel

    def kill_worker(self) -> None:
        assert self.session.worker.hello is not None
        os.kill(self.session.worker.hello["pid"], 9)

    def leave(self) -> None:
        self.session.worker.close()
        for panel in self.panels:
            panel.close()
            panel.deleteLater()


def darken(app: Any) -> None:
    """A palette as the DCCs have it."""
    app.setStyle("Fusion")
    palette = QtGui.QPalette()
    role = QtGui.QPalette.ColorRole
    for kind, colour in (
        (role.Window, "#2b2d30"),
        (role.WindowText, "#dcdee2"),
        (role.Base, "#242628"),
        (role.AlternateBase, "#2b2d30"),
        (role.Text, "#dcdee2"),
        (role.Button, "#3a3d41"),
        (role.ButtonText, "#dcdee2"),
        (role.Highlight, "#2f5f8f"),
        (role.HighlightedText, "#ffffff"),
        (role.ToolTipBase, "#3a3d41"),
        (role.ToolTipText, "#dcdee2"),
        (role.PlaceholderText, "#85888e"),
    ):
        palette.setColor(kind, QtGui.QColor(colour))
    for kind in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, kind, QtGui.QColor("#75787e"))
    app.setPalette(palette)
