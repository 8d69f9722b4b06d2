"""A publish that runs: each step with how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Qt import QtCore, QtWidgets

from onepiece_hosts.panels.publish_model import PublishModel
from onepiece_hosts.panels.qt.parts import button, clear, frame, label, named, row
from onepiece_hosts.panels.qt.question import Question
from onepiece_hosts.panels.steps import DONE, RUNNING, Steps

_MARKS = {DONE: "✓", RUNNING: "▸"}


class ProgressPage(QtWidgets.QWidget):
    """``asked`` is called when the artist presses Cancel, ``meant`` when that is meant, ``kept`` when not."""

    def __init__(
        self, host_label: str, asked: Callable[[], None], meant: Callable[[], None], kept: Callable[[], None]
    ) -> None:
        super().__init__()
        self._meant, self._kept = meant, kept
        self.title = label("Publishing", "title", is_wrapped=True)
        self.whole = bar("The whole publish")
        self.percent = label("", "faint")
        self.item = label("", "faint", is_wrapped=True)
        self.warnings = QtWidgets.QVBoxLayout()
        self._warned = 0
        self.cancel = button("Cancel…", "Stop this publish: nothing of it stays", asked)
        self.question = Question()
        note = f"You can go on working, close this panel, or {host_label}: the publish goes on."
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.title)
        layout.addLayout(row(self.whole, self.percent))
        layout.addWidget(frame("card", self._steps()))
        layout.addWidget(self.item)
        layout.addLayout(self.warnings)
        layout.addStretch(1)
        layout.addWidget(self.question)
        layout.addWidget(label(note, "faint", is_wrapped=True))
        layout.addLayout(row(None, self.cancel))

    def show_model(self, model: PublishModel) -> None:
        name = (model.request or {}).get("scene_name")
        self.title.setText(f"Publishing {name}" if name else "Publishing")
        self._ask(model)
        share = model.steps.share()
        self.whole.setValue(round(share * 1000))
        self.percent.setText(f"{share:.0%}")
        self.item.setText(model.steps.item)
        for told, (mark, name_of, part, amount) in zip(model.steps.rows(), self._rows):
            mark.setText(_MARKS.get(told.state, "·"))
            name_of.setEnabled(told.state != "waiting")
            amount.setText(told.amount)
            part.setRange(0, 1000 if told.share is not None else 0)
            part.setValue(round((told.share or 0.0) * 1000))
        if len(model.warnings) != self._warned:
            self._warned = len(model.warnings)
            clear(self.warnings)
            for warning in model.warnings:
                self.warnings.addWidget(label(str(warning["message"]), "warning", is_wrapped=True))

    def _ask(self, model: PublishModel) -> None:
        self.cancel.setEnabled(not model.is_cancel_asked and not model.is_stopping)
        self.cancel.setText("Stopping…" if model.is_stopping else "Cancel…")
        if not model.is_cancel_asked:
            self.question.hide()
        elif not self.question.isVisibleTo(self):
            text = "Stop this publish? What was copied and uploaded of it is taken away again."
            answers = [("Stop Publish", "Nothing of this publish stays", self._meant)]
            self.question.ask(text, answers, back="Keep Going", left=self._kept)

    def _steps(self) -> Any:
        grid = QtWidgets.QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(2, 1)
        self._rows: list[Any] = []
        for number, told in enumerate(Steps().rows()):
            mark, name, part, amount = label("·"), label(told.label), bar(told.label), label("", "faint")
            mark.setFixedWidth(14)
            amount.setMinimumWidth(110)
            amount.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight)
            self._rows.append((mark, name, part, amount))
            for place, widget in enumerate(self._rows[-1]):
                grid.addWidget(widget, number, place)
        return grid


def bar(name: str) -> Any:
    """In thousandths."""
    made = named(QtWidgets.QProgressBar(), name, f"How far: {name}")
    made.setRange(0, 1000)
    made.setTextVisible(False)
    return made
