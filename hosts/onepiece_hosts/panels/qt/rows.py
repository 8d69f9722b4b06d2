"""The lists of the open-shot panel: places as a tree, tasks and found shots as lists, workfiles as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Qt import QtCore, QtGui, QtWidgets

from onepiece_hosts.panels import words
from onepiece_hosts.panels.open_model import OpenModel, Row, Rows
from onepiece_hosts.panels.qt import pictures, theme
from onepiece_hosts.panels.qt.parts import Lazy, named

_DATA = QtCore.Qt.ItemDataRole.UserRole


class PlaceTree(QtWidgets.QTreeWidget):
    """One path is unfolded at a time; a shot's tasks are below it."""

    def __init__(self, choose: Callable[[int, Row], None], choose_task: Callable[[Row], None]) -> None:
        super().__init__()
        self._choose, self._choose_task = choose, choose_task
        self._shown: Any = None
        named(self, "Places", "Projects, episodes, sequences, shots and their tasks")
        self.setHeaderHidden(True)
        self.setIndentation(14)
        self.itemSelectionChanged.connect(self._selected)
        self.itemExpanded.connect(self._expanded)

    def show_model(self, model: OpenModel) -> None:
        lists = [*model.levels, model.tasks]
        now = [(rows.items, rows.chosen and _key(rows.chosen), rows.is_busy and not rows.items) for rows in lists]
        if now == self._shown:
            return
        self._shown = now
        place = self.verticalScrollBar().value()
        self.blockSignals(True)
        self.clear()
        self._add(self.invisibleRootItem(), model, 0)
        self.blockSignals(False)
        self.verticalScrollBar().setValue(place)

    def _add(self, parent: Any, model: OpenModel, level: int) -> None:
        rows = model.levels[level]
        for one in rows.items:
            item = QtWidgets.QTreeWidgetItem([str(one["name"])])
            item.setData(0, _DATA, (level, one))
            item.setToolTip(0, str(one["type"]))
            kinds = QtWidgets.QTreeWidgetItem.ChildIndicatorPolicy
            item.setChildIndicatorPolicy(kinds.ShowIndicator)
            parent.addChild(item)
            if rows.chosen is None or _key(one) != _key(rows.chosen):
                continue
            if level + 1 < len(model.levels):
                self._add(item, model, level + 1)
            else:
                self._add_tasks(item, model)
            item.setExpanded(True)
            if model.tasks.chosen is None and level == len(model.path) - 1:
                self.setCurrentItem(item)

    def _add_tasks(self, parent: Any, model: OpenModel) -> None:
        told = theme.colours(self.palette())
        for task in model.tasks.items:
            item = QtWidgets.QTreeWidgetItem([str(task["name"])])
            item.setData(0, _DATA, (None, task))
            item.setToolTip(0, "Task")
            item.setForeground(0, QtGui.QBrush(QtGui.QColor(told.info)))
            parent.addChild(item)
            if task is model.tasks.chosen:
                self.setCurrentItem(item)

    def _selected(self) -> None:
        for item in self.selectedItems()[:1]:
            level, one = item.data(0, _DATA)
            if level is None:
                self._choose_task(one)
            else:
                self._choose(level, one)

    def _expanded(self, item: Any) -> None:
        if not item.childCount():
            self.setCurrentItem(item)


class FlatList(QtWidgets.QTreeWidget):
    """A list of tasks, or of shots and assets."""

    def __init__(self, name: str, tip: str, choose: Callable[[Row], None]) -> None:
        super().__init__()
        self._choose = choose
        self._shown: Any = None
        named(self, name, tip)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setColumnCount(2)
        self.header().setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
        self.header().setStretchLastSection(False)
        self.itemSelectionChanged.connect(self._selected)

    def show_rows(self, rows: Rows, chosen: Row | None) -> None:
        if rows.items is self._shown:
            return
        self._shown = rows.items
        told = theme.colours(self.palette())
        self.blockSignals(True)
        self.clear()
        for one in rows.items:
            parent = (one.get("parent") or {}).get("name") or ""
            item = QtWidgets.QTreeWidgetItem([words.BETWEEN.join(part for part in (parent, str(one["name"])) if part)])
            item.setText(1, str(one.get("status") or one["type"]))
            item.setForeground(1, QtGui.QBrush(QtGui.QColor(told.faint)))
            item.setToolTip(0, item.text(0))
            item.setData(0, _DATA, one)
            self.addTopLevelItem(item)
            if one is chosen:
                self.setCurrentItem(item)
        self.blockSignals(False)

    def _selected(self) -> None:
        for item in self.selectedItems()[:1]:
            self._choose(item.data(0, _DATA))


class WorkfileTable(QtWidgets.QTreeWidget):
    """Version, name, who, when, comment and whose it is at the moment; the newest first."""

    COLUMNS = ("Version", "Name", "Who", "When", "Comment", "Open by")

    def __init__(
        self, changed: Callable[[], None], activated: Callable[[], None], picture: Callable[[Row], str | None]
    ) -> None:
        super().__init__()
        self._shown: Any = None
        named(self, "Workfiles", "The workfiles, the newest first; Enter opens one")
        self.setColumnCount(len(self.COLUMNS))
        self.setHeaderLabels(list(self.COLUMNS))
        self.setRootIsDecorated(False)
        self.setAllColumnsShowFocus(True)
        self.setAlternatingRowColors(False)
        self.setIconSize(pictures.size())
        self.setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
        self.header().setStretchLastSection(False)
        for number in range(len(self.COLUMNS)):
            kinds = QtWidgets.QHeaderView.ResizeMode
            self.header().setSectionResizeMode(number, kinds.Stretch if number in (1, 4) else kinds.ResizeToContents)
        self.itemSelectionChanged.connect(changed)
        self.itemActivated.connect(lambda *_: activated())
        self._pictures = Lazy(self, lambda row: picture(row.data(0, _DATA)))

    @property
    def chosen(self) -> Row | None:
        """The workfile that is selected."""
        items = self.selectedItems()
        return items[0].data(0, _DATA) if items else None

    def show_rows(self, rows: Rows, now: float) -> None:
        self._pictures.look()
        if rows.items is self._shown:
            return
        kept = self.chosen
        self._shown = rows.items
        self.blockSignals(True)
        self.clear()
        for file in rows.items:
            self._add(file, now)
        found = [number for number, file in enumerate(rows.items) if kept and file["path"] == kept["path"]]
        if rows.items:
            self.setCurrentIndex(self.model().index(found[0] if found else 0, 0))
        self.blockSignals(False)

    def _add(self, file: Row, now: float) -> None:
        told, lock = theme.colours(self.palette()), file.get("lock")
        path = str(file["path"])
        name = path.replace("\\", "/").rpartition("/")[2]
        version = f"v{file['version']:03d}" if file.get("version") is not None else ""
        when = words.ago(file.get("modified_at"), now)
        holder = f"{lock['user']} on {lock['host']}" if lock else ""
        texts = [version, name, str(file.get("user") or ""), when, str(file.get("comment") or ""), holder]
        item = QtWidgets.QTreeWidgetItem(texts)
        item.setData(0, _DATA, file)
        item.setToolTip(1, f"{path}\n{words.size(file.get('size_bytes'))}".rstrip())
        item.setToolTip(4, texts[4])
        for number, colour in ((2, told.faint), (3, told.faint), (5, told.warning)):
            item.setForeground(number, QtGui.QBrush(QtGui.QColor(colour)))
        self.addTopLevelItem(item)


def _key(row: Row) -> tuple[Any, Any]:
    return row["type"], row["id"]
