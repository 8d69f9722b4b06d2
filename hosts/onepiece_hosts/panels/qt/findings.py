"""The checks: one card for each finding, with what can be done about it."""

from __future__ import annotations

from typing import Any

from Qt import QtCore, QtWidgets

from onepiece_hosts.panels import publish_model, words
from onepiece_hosts.panels.publish_model import Finding, PublishModel
from onepiece_hosts.panels.qt.parts import Line, button, clear, column, frame, label, named, row

# More cards than this are counted, not shown.
_MOST = 100
_WORDS = {"error": "Error", "warning": "Warning", "info": "Note"}


class Findings(QtWidgets.QWidget):
    """The list, with how the checks stand above it."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Any = None
        self.cards: list[Card] = []
        self.head = label("", "head")
        self._list = column(margin=0)
        self._list.setSpacing(6)
        self._area = QtWidgets.QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        inside = QtWidgets.QWidget()
        inside.setLayout(column(self._list, None))
        self._area.setWidget(inside)
        named(self._area, "Checks", "What the checks have found in the scene")
        self.setLayout(column(self.head, self._area))

    def show_model(self, model: PublishModel) -> None:
        self.head.setText(state_of(model))
        shown = [(one, model.reason_of(one)) for one in model.findings]
        if shown == self._shown:
            return
        self._shown = shown
        self.cards = [self._kept(model, *one) or Card(model, one[0]) for one in shown[:_MOST]]
        for card in self.cards:
            self._list.removeWidget(card)
        clear(self._list)
        for card in self.cards:
            self._list.addWidget(card)
        if len(shown) > _MOST:
            self._list.addWidget(label(f"and {len(shown) - _MOST} more", "faint"))

    def _kept(self, model: PublishModel, finding: Finding, reason: str) -> Card | None:
        """The card that shows just that: a reason that is being typed in it stays."""
        wanted = (model, finding, reason)
        return next((card for card in self.cards if card.shown == wanted), None)


def state_of(model: PublishModel) -> str:
    """One line."""
    if model.state == publish_model.COLLECTING:
        return f"Reading the scene: {words.plural(model.files_read, 'file')}"
    if model.state == publish_model.CHECKING:
        return "Checking…"
    if model.facts is None or (model.error is not None and not model.findings):
        return "Not checked"
    count = sum(1 for one in model.findings if not model.is_ignored(one))
    return words.plural(count, "finding") if count else "All checks passed"


class Card(QtWidgets.QWidget):
    """One finding."""

    def __init__(self, model: PublishModel, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        self.shown = (model, finding, model.reason_of(finding))
        self._model = model
        self.buttons, self.asked = QtWidgets.QWidget(), QtWidgets.QWidget()
        self.reason: Any = Line()
        told = _ignored(self) if model.is_ignored(finding) else _open(self)
        outer = column(frame("card", told))
        self.setLayout(outer)

    def ask_reason(self) -> None:
        """Show the line for the reason, where the artist types at once."""
        self.asked.show()
        self.buttons.hide()
        self.reason.setFocus()

    def ignore(self) -> None:
        if self.reason.text().strip():
            self._model.ignore(self.finding, self.reason.text())
        else:
            self.reason.setFocus()

    def keep(self) -> None:
        """Not ignored after all."""
        self.asked.hide()
        self.buttons.show()

    def unignore(self) -> None:
        self._model.unignore(self.finding)

    def select(self) -> None:
        self._model.select(self.finding)

    def fix(self) -> None:
        self._model.fix(self.finding)

    @property
    def why(self) -> str:
        return self._model.reason_of(self.finding)


def _open(card: Any) -> Any:
    finding, made = card.finding, QtWidgets.QVBoxLayout()
    made.setSpacing(4)
    severity = str(finding["severity"])
    made.addWidget(label(_WORDS.get(severity, severity), severity))
    made.addWidget(label(words.sentence(str(finding["message"])), is_wrapped=True))
    if finding.get("hint"):
        made.addWidget(label(str(finding["hint"]), "faint", is_wrapped=True))
    buttons: list[Any] = []
    if finding.get("nodes"):
        buttons.append(button("Select", "Select in the scene what this is about", card.select))
    if finding.get("fix"):
        buttons.append(button("Fix", "Repair this in the scene, and check again", card.fix))
    if finding.get("may_ignore"):
        buttons.append(button("Ignore…", "Publish in spite of this; asks for a reason, which stays", card.ask_reason))
    card.buttons.setLayout(row(*buttons, None))
    card.buttons.setVisible(bool(buttons))
    made.addWidget(card.buttons)
    named(card.reason, "Reason", "Why this publish may go on in spite of it; it stays with the publish")
    card.reason.setProperty("isInline", True)
    card.reason.setPlaceholderText("Why may it be published like this?")
    card.reason.entered.connect(card.ignore)
    card.reason.left.connect(card.keep)
    keep = button("Back", "Do not ignore this", card.keep)
    card.asked.setLayout(row(card.reason, button("Ignore", "Ignore this for the reason given", card.ignore), keep))
    card.asked.hide()
    made.addWidget(card.asked)
    return made


def _ignored(card: Any) -> Any:
    made = QtWidgets.QVBoxLayout()
    made.setSpacing(4)
    made.addWidget(label(words.sentence(str(card.finding["message"])), "faint", is_wrapped=True))
    back = button("Take Back", "Take this finding seriously again", card.unignore)
    told = row(label(f"Ignored: {card.why}", "faint", is_wrapped=True), back)
    told.setStretch(0, 1)
    made.addLayout(told)
    return made
