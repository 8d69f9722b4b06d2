"""The small parts that all panels are made of: labels, buttons, a line to type in, one redraw for many changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from Qt import QtCompat, QtCore, QtGui, QtWidgets

from onepiece_hosts.panels.qt import pictures

# Of a row: the file that its picture was read from.
PICTURE = QtCore.Qt.ItemDataRole.UserRole + 1
# Changes that come within this time are drawn together.
_REDRAW_MS = 30


class Redraw:
    """Called for every change; draws once the event loop comes round. Harmless after the window has gone."""

    def __init__(self, parent: Any, draw: Callable[[], None]) -> None:
        self._timer = QtCore.QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REDRAW_MS)
        self._timer.timeout.connect(draw)

    def __call__(self) -> None:
        if QtCompat.isValid(self._timer) and not self._timer.isActive():
            self._timer.start()


class Lazy:
    """Small pictures of the rows of a tree that are on the screen, as they come.

    Args:
        find: the picture's file for a row; None while there is none, and then it is asked for.
    """

    def __init__(self, tree: Any, find: Callable[[Any], str | None]) -> None:
        self._tree, self._find = tree, find
        self._read: dict[str, Any] = {}
        self.look = Redraw(tree, self._look)
        tree.verticalScrollBar().valueChanged.connect(lambda _: self.look())
        tree.itemExpanded.connect(lambda _: self.look())

    def _look(self) -> None:
        """Ask from the last row to the first: the newest question is answered first."""
        for row in reversed(list(self._on_screen())):
            path = self._find(row)
            if path is None or row.data(0, PICTURE) == path:
                continue
            if path not in self._read:
                self._read[path] = pictures.read(path)
            was_blocked = self._tree.blockSignals(True)  # nobody has pressed anything
            if self._read[path] is not None:
                row.setIcon(0, self._read[path])
            row.setData(0, PICTURE, path)
            self._tree.blockSignals(was_blocked)

    def _on_screen(self) -> Iterator[Any]:
        height = self._tree.viewport().height()
        row = self._tree.itemAt(QtCore.QPoint(2, 2))
        while row is not None and self._tree.visualItemRect(row).top() < height:
            yield row
            row = self._tree.itemBelow(row)


class Line(QtWidgets.QLineEdit):
    """One line that keeps Enter and Escape to itself: neither presses a button of the window."""

    entered = QtCore.Signal()
    left = QtCore.Signal()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        keys = QtCore.Qt.Key
        if event.key() in (keys.Key_Return, keys.Key_Enter):
            self.entered.emit()
            event.accept()
        elif event.key() == keys.Key_Escape and (self.text() or self.property("isInline")):
            self.left.emit()
            event.accept()
        else:
            super().keyPressEvent(event)


def label(text: str = "", role: str = "", *, is_wrapped: bool = False) -> Any:
    """Plain text always: what comes from a scene is never read as markup."""
    made = QtWidgets.QLabel(text)
    made.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(is_wrapped)
    if is_wrapped:
        made.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        made.setMinimumWidth(10)
    return made


def button(text: str, tip: str, pressed: Callable[[], Any], role: str = "") -> Any:
    """Enter presses it when it has the focus."""
    made = QtWidgets.QPushButton(text)
    made.setProperty("role", role)
    made.setAutoDefault(False)
    made.clicked.connect(lambda *_: pressed())
    return named(made, text.replace("&", "").rstrip("…"), tip)


def named(widget: Any, name: str, tip: str) -> Any:
    """What a screen reader says of it, and what the mouse tells."""
    widget.setAccessibleName(name)
    widget.setAccessibleDescription(tip)
    widget.setToolTip(tip)
    return widget


def row(*widgets: Any) -> Any:
    """Side by side; None pushes what follows to the right."""
    made = QtWidgets.QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    _fill(made, widgets)
    return made


def column(*widgets: Any, margin: int = 0) -> Any:
    """One below the other; None pushes what follows down."""
    made = QtWidgets.QVBoxLayout()
    made.setContentsMargins(margin, margin, margin, margin)
    _fill(made, widgets)
    return made


def frame(role: str, layout: Any) -> Any:
    made = QtWidgets.QFrame()
    made.setProperty("role", role)
    layout.setContentsMargins(10, 8, 10, 8)
    made.setLayout(layout)
    return made


def page(layout: Any) -> Any:
    """A widget around a layout."""
    made = QtWidgets.QWidget()
    made.setLayout(layout)
    return made


def clear(layout: Any) -> None:
    """Take everything out; it is deleted when the event loop comes round."""
    while layout.count():
        item = layout.takeAt(0)
        if item.widget() is not None:
            item.widget().hide()
            item.widget().deleteLater()
        elif item.layout() is not None:
            clear(item.layout())


def copy(text: str) -> None:
    QtWidgets.QApplication.clipboard().setText(text)


def _fill(layout: Any, widgets: Any) -> None:
    for one in widgets:
        if one is None:
            layout.addStretch(1)
        elif isinstance(one, QtWidgets.QLayout):
            layout.addLayout(one)
        else:
            layout.addWidget(one)
