"""What will be published, as a tree with small pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from Qt import QtCore, QtGui, QtWidgets

from onepiece_hosts.panels import words
from onepiece_hosts.panels.qt import pictures, theme
from onepiece_hosts.panels.qt.parts import named

# More rows than this are counted, not shown.
_MOST = 2000


class ItemTree(QtWidgets.QTreeWidget):
    """Two columns: what it is, and how much of it there is."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Any = None
        self._left = _MOST
        named(self, "What will be published", "Scene, renders, caches and previews of this publish")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setIconSize(pictures.size())
        self.setIndentation(14)
        self.setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QtWidgets.QHeaderView.ResizeMode.ResizeToContents)

    def show_items(self, items: Sequence[Mapping[str, Any]]) -> None:
        if items is self._shown:
            return
        self._shown, self._left = items, _MOST
        self.clear()
        for item in items:
            self._add(self.invisibleRootItem(), item, 0)

    def _add(self, parent: Any, item: Mapping[str, Any], depth: int) -> None:
        self._left -= 1
        if self._left < 0:
            if self._left == -1:
                parent.addChild(QtWidgets.QTreeWidgetItem(["…"]))
            return
        told = theme.colours(self.palette())
        row = QtWidgets.QTreeWidgetItem([str(item["label"]), told_of(item)])
        path = str(item.get("path") or "")
        row.setToolTip(0, path or str(item["label"]))
        right = int(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
        row.setData(1, QtCore.Qt.ItemDataRole.TextAlignmentRole, right)
        row.setForeground(1, QtGui.QBrush(QtGui.QColor(told.error if item.get("missing") else told.faint)))
        if item.get("missing_frames"):
            row.setToolTip(1, f"Missing: {item['missing_frames']}")
        if path:
            kind = path.rpartition(".")[2] if "." in path.rpartition("/")[2] else str(item["role"])
            picture = pictures.read(item.get("thumbnail"))
            row.setIcon(0, picture or pictures.placeholder(kind, told.faint))
        if not item.get("is_included", True):
            row.setForeground(0, QtGui.QBrush(QtGui.QColor(told.faint)))
            row.setText(1, row.text(1) or "left out")
        parent.addChild(row)
        for child in item.get("children") or ():
            self._add(row, child, depth + 1)
        # What is only used, and may be much, is folded to begin with.
        row.setExpanded(depth == 0 and item["role"] != "reference")


def told_of(item: Mapping[str, Any]) -> str:
    """The frames, how many files, or what is missing of them."""
    if item.get("missing"):
        return f"{item['missing']} missing"
    if item.get("frames"):
        return str(item["frames"])
    return words.plural(item["files"], "file") if item.get("children") and item.get("files") else ""
