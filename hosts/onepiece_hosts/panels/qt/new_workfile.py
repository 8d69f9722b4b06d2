"""A new workfile: which template it begins with, and what it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Qt import QtWidgets

from onepiece_hosts.panels.open_model import OpenModel, Row, Rows
from onepiece_hosts.panels.qt.parts import Line, button, column, frame, label, named, row


class NewWorkfile(QtWidgets.QWidget):
    """Hidden until it is asked for. ``made`` gets the template and the name; ``changed`` when it goes."""

    def __init__(self, host_label: str, made: Callable[[Row, str], None], changed: Callable[[], None]) -> None:
        super().__init__()
        self._host_label, self._made, self._changed = host_label, made, changed
        self._shown: list[Row] | None = None
        self.menu = named(QtWidgets.QComboBox(), "Template", "What the new workfile begins with")
        self.menu.currentIndexChanged.connect(lambda _: changed())
        self.name = named(Line(), "Name", "What the scene is called besides its shot; empty: as its task")
        self.name.setProperty("isInline", True)
        self.name.setPlaceholderText("Name: as the task")
        self.name.entered.connect(self.make)
        self.name.left.connect(self.leave)
        self.note = label("", "faint", is_wrapped=True)
        self.go = button("Create and Open", "Make the first free version and open it here", self.make)
        answers = row(self.note, self.go, button("Back", "Make no new workfile", self.leave))
        answers.setStretch(0, 1)
        chosen = row(self.menu, self.name)
        chosen.setStretch(0, 1)
        chosen.setStretch(1, 1)
        self.setLayout(column(frame("card", column(label("New workfile", "head"), chosen, answers))))
        self.hide()

    def begin(self) -> None:
        self.name.clear()
        self.show()
        self.menu.setFocus()

    def leave(self) -> None:
        self.hide()
        self._changed()

    def make(self) -> None:
        template = self._chosen
        if template is not None and not template["is_missing"]:
            self.hide()
            self._made(template, self.name.text())

    def show_model(self, model: OpenModel) -> None:
        if not model.can_make_new:
            self.hide()
        templates = model.templates
        if templates.items is not self._shown:
            self._shown = templates.items
            self.menu.clear()
            self.menu.addItems([_label(one) for one in templates.items])
        template = self._chosen
        self.menu.setEnabled(bool(templates.items))
        self.go.setEnabled(template is not None and not template["is_missing"])
        self.note.setText(self._told(templates))

    @property
    def _chosen(self) -> Row | None:
        index, items = self.menu.currentIndex(), self._shown or []
        return items[index] if 0 <= index < len(items) else None

    def _told(self, templates: Rows) -> str:
        if templates.error is not None:
            return " ".join(part for part in (templates.error.message, templates.error.hint) if part)
        if templates.is_busy:
            return "Asking…"
        if not templates.items:
            return f"The settings name no template for {self._host_label} here: [workfiles.templates] in onepiece.toml."
        template: Any = self._chosen
        return f"Not there: {template['path']}" if template and template["is_missing"] else ""


def _label(template: Row) -> str:
    step = str(template.get("step") or "any step")
    return f"{template['name']} ({step})"
