"""Another place for a publish: from the project down to the task, one menu beside the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Qt import QtWidgets

from onepiece_hosts.panels.open_model import OpenModel, Rows
from onepiece_hosts.panels.qt.parts import button, frame, label, named, row


class Places(QtWidgets.QWidget):
    """``taken`` is called with project, entity and task; ``left`` when nothing changes."""

    def __init__(self, model: OpenModel, taken: Callable[[Any, Any, Any], None], left: Callable[[], None]) -> None:
        super().__init__()
        self.model = model
        self._taken = taken
        self.menus: list[Any] = []
        self._shown: list[Any] = []
        self._row = QtWidgets.QVBoxLayout()
        self.use = button("Use This", "Publish there", self.take)
        told = QtWidgets.QVBoxLayout()
        told.addLayout(self._row)
        self.error = label("", "error", is_wrapped=True)
        told.addWidget(self.error)
        told.addLayout(row(None, button("Back", "Keep the place as it is", left), self.use))
        outer = QtWidgets.QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame("card", told))

    def take(self) -> None:
        path = self.model.path
        if path:
            self._taken(path[0], path[-1], self.model.tasks.chosen)

    def draw(self) -> None:
        path = self.model.path
        has_tasks = bool(path) and not path[-1].get("has_children")
        lists = [*self.model.levels, *([self.model.tasks] if has_tasks else [])]
        while len(self.menus) > len(lists):
            gone = self.menus.pop()
            gone.hide()
            gone.deleteLater()
            self._shown.pop()
        while len(self.menus) < len(lists):
            self._add()
        for number, rows in enumerate(lists):
            self._fill(number, rows, number == len(self.model.levels))
        self.use.setEnabled(bool(path) and not path[-1].get("has_children"))
        failed = next((rows.error for rows in lists if rows.error is not None), None)
        self.error.setText(failed.message if failed else "")
        self.error.setVisible(failed is not None)

    def _add(self) -> None:
        number = len(self.menus)
        menu = QtWidgets.QComboBox()
        menu.setMaxVisibleItems(24)
        menu.activated.connect(lambda index: self._choose(number, index - 1))
        self.menus.append(menu)
        self._shown.append(None)
        self._row.addWidget(menu)

    def _fill(self, number: int, rows: Rows, is_task: bool) -> None:
        menu, chosen = self.menus[number], rows.chosen
        kind = "task" if is_task else str(rows.items[0]["type"]).lower() if rows.items else "entry"
        named(menu, kind.capitalize(), f"Choose the {kind}")
        menu.setEnabled(bool(rows.items))
        now = (rows.items, rows.is_busy, chosen)
        if now == self._shown[number]:
            return
        self._shown[number] = now
        menu.clear()
        empty = "Asking…" if rows.is_busy else f"Choose {kind}…" if rows.items else "Nothing here"
        menu.addItems([empty, *(str(one["name"]) for one in rows.items)])
        menu.setCurrentIndex(rows.items.index(chosen) + 1 if chosen in rows.items else 0)

    def _choose(self, number: int, index: int) -> None:
        if number == len(self.model.levels):
            self.model.tasks.chosen = self.model.tasks.items[index] if index >= 0 else None
            self.draw()
        elif index >= 0:
            self.model.choose(number, self.model.levels[number].items[index])
