"""Says when ShotGrid is away: panels go on with what they have in memory, and the artist is to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from Qt import QtCompat, QtCore

from onepiece_hosts.panels.qt.parts import label
from onepiece_hosts.worker import Worker

# How often it is asked for while the panel is on the screen. The worker answers at once, without the site.
_EVERY_MS = 2000
_TEXT = "ShotGrid does not answer: what you see comes from memory. A publish is registered once it is back."


class Offline:
    """One for each panel; ``label`` is hidden while all is well."""

    def __init__(self, panel: Any, worker: Worker) -> None:
        self._worker = worker
        self.label: Any = label("", "warning", is_wrapped=True)
        self.label.hide()
        self._timer = QtCore.QTimer(panel)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(lambda: self._look(panel))

    def begin(self) -> None:
        self._timer.start()
        self.ask()

    def ask(self) -> None:
        self._worker.request("session.info", on_result=self._told)

    def _look(self, panel: Any) -> None:
        if not panel.isVisible():
            self._timer.stop()
        elif self._worker.is_running:  # one that has died is not started again for this
            self.ask()

    def _told(self, told: Mapping[str, Any]) -> None:
        if not QtCompat.isValid(self.label):
            return  # the host has closed its window meanwhile
        is_away = told.get("is_online") is False
        self.label.setText(_TEXT if is_away else "")
        self.label.setVisible(is_away)
