"""What will be published, as a tree with check boxes and small pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from Qt import QtCore, QtGui, QtWidgets

from onepiece_hosts.panels import words
from onepiece_hosts.panels.publish_model import Item, PublishModel
from onepiece_hosts.panels.qt import pictures, theme
from onepiece_hosts.panels.qt.parts import Lazy, named

# More rows than this are counted, not shown.
_MOST = 2000
_CHECK = QtCore.Qt.ItemDataRole.CheckStateRole


class ItemTree(QtWidgets.QTreeWidget):
    """Two columns: what it is, and how much of it there is. The check box, or the space bar, leaves an item out."""

    def __init__(self) -> None:
        super().__init__()
        self._model: PublishModel | None = None
        self._shown: Any = None
        self._rows: dict[str, Any] = {}
        self._tiles: dict[str, Any] = {}
        named(self, "What will be published", "Scene, renders, caches and previews; without its check it stays out")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setIconSize(pictures.size())
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        self.setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
        self.itemChanged.connect(self._pressed)
        self._pictures = Lazy(self, self._picture)

    def show_model(self, model: PublishModel) -> None:
        if model is not self._model or model.items is not self._shown:
            self._model, self._shown = model, model.items
            self.blockSignals(True)
            self._fill(model.items)
            self.blockSignals(False)
        self._pictures.look()

    def row(self, item_id: str) -> Any:
        """The row of an item, None where it is not shown."""
        return self._rows.get(item_id)

    def _fill(self, items: Sequence[Item]) -> None:
        ids = [item["id"] for item, _ in _walk(items)]
        if ids[:_MOST] != list(self._rows):  # else only what is told of them has changed: nothing moves
            self._build(items, len(ids))
        for item, _ in _walk(items):
            if item["id"] in self._rows:
                self._tell(self._rows[item["id"]], item)

    def _build(self, items: Sequence[Item], count: int) -> None:
        opened = {name: row.isExpanded() for name, row in self._rows.items()}
        self.clear()
        self._rows = {}
        parents: list[Any] = [self.invisibleRootItem()]
        for item, depth in _walk(items):
            if len(self._rows) >= _MOST:
                break
            row = self._rows[item["id"]] = QtWidgets.QTreeWidgetItem([str(item["label"])])
            del parents[depth + 1 :]
            parents[depth].addChild(row)
            parents.append(row)
            # What is only used, and may be much, is folded to begin with.
            row.setExpanded(opened.get(item["id"], depth == 0 and item["role"] != "reference"))
        if count > _MOST:
            self.addTopLevelItem(QtWidgets.QTreeWidgetItem([f"and {count - _MOST} more"]))

    def _tell(self, row: Any, item: Item) -> None:
        assert self._model is not None
        told, path = theme.colours(self.palette()), str(item.get("path") or "")
        is_included, can_toggle = self._model.is_included(item), self._model.can_toggle(item)
        row.setData(0, QtCore.Qt.ItemDataRole.UserRole, item)
        row.setText(0, str(item["label"]))
        row.setText(1, told_of(item) or ("" if is_included else "left out"))
        row.setToolTip(0, path or str(item["label"]))
        row.setToolTip(1, f"Missing: {item['missing_frames']}" if item.get("missing_frames") else "")
        right = int(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
        row.setData(1, QtCore.Qt.ItemDataRole.TextAlignmentRole, right)
        row.setForeground(1, QtGui.QBrush(QtGui.QColor(told.error if item.get("missing") else told.faint)))
        plain = self.palette().color(QtGui.QPalette.ColorRole.Text)
        row.setForeground(0, QtGui.QBrush(plain if is_included else QtGui.QColor(told.faint)))
        row.setData(0, _CHECK, _state(self._model, item) if can_toggle else None)
        if path and row.icon(0).isNull():
            row.setIcon(0, self._tile(path, str(item["role"]), told.faint))

    def _tile(self, path: str, role: str, colour: str) -> Any:
        kind = path.rpartition(".")[2] if "." in path.rpartition("/")[2] else role
        if kind not in self._tiles:
            self._tiles[kind] = pictures.placeholder(kind, colour)
        return self._tiles[kind]

    def _picture(self, row: Any) -> Any:
        item = row.data(0, QtCore.Qt.ItemDataRole.UserRole)
        return self._model.picture(item) if item and self._model is not None else None

    def _pressed(self, row: Any, _column: int) -> None:
        item, has_box = row.data(0, QtCore.Qt.ItemDataRole.UserRole), row.data(0, _CHECK) is not None
        if item and has_box and self._model is not None and row.checkState(0) != _state(self._model, item):
            self._model.toggle(item["id"])


def told_of(item: Item) -> str:
    """The frames, how many files, or what is missing of them."""
    if item.get("missing"):
        return f"{item['missing']} missing"
    if item.get("frames"):
        return str(item["frames"])
    return words.plural(item["files"], "file") if item.get("children") and item.get("files") else ""


def _walk(items: Sequence[Item], depth: int = 0) -> Iterator[tuple[Item, int]]:
    for item in items:
        yield item, depth
        yield from _walk(item.get("children") or (), depth + 1)


def _state(model: PublishModel, item: Item) -> Any:
    """Of a check box: a group may be in by half."""
    chosen = [model.is_included(one) for one, _ in _walk([item]) if not one.get("children") and model.can_toggle(one)]
    states = QtCore.Qt.CheckState
    return states.Checked if all(chosen) else states.PartiallyChecked if any(chosen) else states.Unchecked
