"""About: which version this is, and whom it works for; text to copy for whoever helps."""

from __future__ import annotations

from typing import Any

from Qt import QtWidgets, __binding__

from onepiece_hosts.errors import HostError
from onepiece_hosts.panels.qt.error_box import ErrorBox, as_text
from onepiece_hosts.panels.qt.parts import button, column, copy, label, row
from onepiece_hosts.panels.qt.window import Window
from onepiece_hosts.session import HostSession


class AboutPanel(Window):
    """One for each host."""

    def __init__(self, session: HostSession, parent: Any = None) -> None:
        self.told: dict[str, Any] | None = None
        self.failure: HostError | None = None
        super().__init__(session, parent, "About", 460, 300)
        self.text = QtWidgets.QFormLayout()
        self.values = {name: label("", is_wrapped=True) for name in ("Host", "Qt", "User", "ShotGrid", "State folder")}
        for name, value in self.values.items():
            self.text.addRow(label(name, "faint"), value)
        self.warnings = label("", "warning", is_wrapped=True)
        self.error = ErrorBox(self._dismiss)
        self.copy = button("Copy", "Copy this as text", lambda: copy(as_text(self.as_json())))
        self.leave = button("Close", "Close this panel", self.close, "primary")
        self.leave.setDefault(True)
        title = label(f"OnePiece {session.installation.version}", "title")
        foot = row(None, self.copy, self.leave)
        self.setLayout(column(title, self.text, self.warnings, None, self.error, foot, margin=14))
        self.draw()

    def as_json(self) -> dict[str, Any]:
        """What Copy copies."""
        host = self.session.host
        known = {"onepiece": self.session.installation.version, "host": host.name, "host_version": host.version()}
        return {**known, "qt": __binding__, "worker": self.told}

    def ask(self) -> None:
        self.session.worker.request("session.info", on_result=self._informed, on_error=self._failed)

    def draw(self) -> None:
        told, host = self.told or {}, self.session.host
        site = str(told.get("site") or "no site") if self.told else "Asking…"
        away = " (does not answer)" if told.get("is_online") is False else ""
        texts = (f"{host.label} {host.version()}", __binding__, str(told.get("user") or ""), site + away)
        for value, text in zip(self.values.values(), (*texts, str(told.get("state_dir") or ""))):
            value.setText(text)
        self.warnings.setText("\n".join(str(one["message"]) for one in told.get("warnings") or ()))
        self.warnings.setVisible(bool(told.get("warnings")))
        self.error.show_error(self.failure)

    def _informed(self, told: dict[str, Any]) -> None:
        self.told, self.failure = told, None
        self.redraw()

    def _failed(self, error: HostError) -> None:
        self.failure = error
        self.redraw()

    def _dismiss(self) -> None:
        self.failure = None
        self.redraw()
