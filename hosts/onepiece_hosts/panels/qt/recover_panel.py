"""The recover panel: publishes that were interrupted on this machine, and finishing them."""

from __future__ import annotations

from typing import Any

from Qt import QtWidgets

from onepiece_hosts.panels import words
from onepiece_hosts.panels.qt.error_box import ErrorBox
from onepiece_hosts.panels.qt.parts import button, column, label, named, row
from onepiece_hosts.panels.qt.progress import bar
from onepiece_hosts.panels.qt.window import Window
from onepiece_hosts.panels.recover_model import RecoverModel
from onepiece_hosts.session import HostSession


class RecoverPanel(Window):
    """One for each host."""

    def __init__(self, session: HostSession, parent: Any = None) -> None:
        self.model = RecoverModel(session.worker)
        super().__init__(session, parent, "Recover", 560, 380)
        self.model.on_change = self.redraw
        self._shown: Any = None
        self.title = label("Interrupted publishes", "title")
        self.state = label("", "faint", is_wrapped=True)
        self.list = named(QtWidgets.QTreeWidget(), "Publishes", "What was interrupted, and what became of it")
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setColumnCount(2)
        self.list.header().setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
        self.list.header().setStretchLastSection(False)
        self.bar, self.error = bar("Recover"), ErrorBox(self._dismiss)
        self.run = button("Finish Them", "Finish all publishes that were interrupted", self.model.run, "primary")
        self.run.setDefault(True)
        leave = button("Close", "Close this panel; what runs goes on", self.close)
        foot = row(None, leave, self.run)
        self.setLayout(column(self.title, self.state, self.list, self.bar, self.error, foot, margin=14))
        self.draw()

    def ask(self) -> None:
        if not self.model.is_running:
            self.model.open()

    def draw(self) -> None:
        model = self.model
        self.state.setText(_state(model))
        self.bar.setVisible(model.is_running)
        share = words.share(model.progress)
        self.bar.setRange(0, 0 if share is None else 1000)
        self.bar.setValue(round((share or 0.0) * 1000))
        self.run.setEnabled(bool(model.items) and not model.is_running)
        now = ([_row(one, "interrupted") for one in model.items or ()], [_row(one) for one in model.recovered or ()])
        if now != self._shown:
            self._shown = now
            self.list.clear()
            self.list.addTopLevelItems([QtWidgets.QTreeWidgetItem(list(one)) for one in [*now[1], *now[0]]])
        self.error.show_error(model.error)

    def _dismiss(self) -> None:
        self.model.error = None
        self.redraw()


def _row(item: dict[str, Any], state: str = "") -> tuple[str, str]:
    name = item.get("name") or item.get("scene_name") or item["operation"]
    return str(name), state or str(item.get("outcome") or item.get("state") or "")


def _state(model: RecoverModel) -> str:
    if model.is_running:
        return "Finishing what was interrupted…"
    if model.items is None:
        return "" if model.error else "Asking…"
    if not model.items:
        return "Nothing is interrupted: every publish of this machine is complete."
    count = len(model.items)
    return "One publish was interrupted." if count == 1 else f"{count} publishes were interrupted."
