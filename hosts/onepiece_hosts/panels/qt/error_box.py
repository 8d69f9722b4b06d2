"""What went wrong: the message, what to do next, and the details for whoever helps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from Qt import QtWidgets

from onepiece_hosts.errors import HostError
from onepiece_hosts.panels.qt.parts import button, copy, frame, label, row


class ErrorBox(QtWidgets.QWidget):
    """Hidden while there is no error. ``dismissed`` is called when the artist has read it."""

    def __init__(self, dismissed: Callable[[], None]) -> None:
        super().__init__()
        self._error: HostError | None = None
        self.message, self.hint = label("", "error", is_wrapped=True), label("", "faint", is_wrapped=True)
        self.copy = button("Copy Details", "Copy the details for whoever helps you", self._copy)
        self.dismiss = button("Dismiss", "Hide this message", dismissed)
        layout = QtWidgets.QVBoxLayout()
        layout.addWidget(self.message)
        layout.addWidget(self.hint)
        layout.addLayout(row(None, self.copy, self.dismiss))
        outer = QtWidgets.QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame("alert", layout))
        self.hide()

    def show_error(self, error: HostError | None) -> None:
        self._error = error
        self.setVisible(error is not None)
        if error is not None:
            self.message.setText(error.message)
            self.hint.setText(error.hint or "")
            self.hint.setVisible(bool(error.hint))

    def _copy(self) -> None:
        if self._error is not None:
            copy(as_text(self._error.as_report()))


def as_text(told: Any) -> str:
    """For the clipboard."""
    return json.dumps(told, indent=2, ensure_ascii=False, default=str)
