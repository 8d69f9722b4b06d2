"""What an artist's hands and eyes do at the Qt panels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from Qt import QtCore, QtGui, QtTest, QtWidgets

from onepiece_hosts.panels.qt.publish_panel import PROGRESS
from tests.hosts.qt.desk import Desk, run_until


def checked(desk: Desk) -> Any:
    panel = desk.show("publish")
    run_until(lambda: panel.findings.head.text().endswith(("passed", "finding", "findings")))
    return panel


def publishing(desk: Desk) -> Any:
    panel = checked(desk)
    click(panel.go)
    run_until(lambda: panel.pages.currentIndex() == PROGRESS and "3 of 5" in texts(panel.progress))
    return panel


def texts(widget: Any) -> list[str]:
    return [one.text() for one in widget.findChildren(QtWidgets.QLabel)]


def press(widget: Any, name: str) -> None:
    (found,) = [one for one in widget.findChildren(QtWidgets.QPushButton) if one.text() == name]
    click(found)


def click(widget: Any, at: Any = None) -> None:
    QtWidgets.QApplication.processEvents()  # what was made just now appears
    assert widget.isVisible(), widget.accessibleName()
    assert widget.isEnabled(), widget.accessibleName()
    QtTest.QTest.mouseClick(widget, QtCore.Qt.MouseButton.LeftButton, pos=at or widget.rect().center())


def box_of(panel: Any, item_id: str) -> Any:
    """Where an item's check box is on the screen."""
    tree = panel.items
    row = tree.row(item_id)
    style = QtWidgets.QStyleOptionViewItem()
    style.rect = tree.visualItemRect(row)
    style.features = QtWidgets.QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    style.checkState = row.checkState(0)
    found = tree.style().subElementRect(QtWidgets.QStyle.SubElement.SE_ItemViewItemCheckIndicator, style, tree)
    return found.center()


def card(panel: Any, rule: str) -> Any:
    return next(one for one in panel.findings.cards if one.finding["rule"] == rule)


def child(item: Any, text: str) -> Any:
    return next(one for one in (item.child(n) for n in range(item.childCount())) if one.text(0) == text)


def paint(path: Path) -> None:
    image = QtGui.QImage(320, 180, QtGui.QImage.Format.Format_RGB32)
    image.fill(QtGui.QColor("#ff00ff"))
    image.save(str(path))


def has_picture(row: Any) -> bool:
    """The tile shows what :func:`paint` has painted."""
    return row.icon(0).pixmap(48, 27).toImage().pixelColor(24, 13) == QtGui.QColor("#ff00ff")


def chosen_shot(desk: Desk) -> Any:
    panel = desk.show("open_shot")
    names = ("Frost Giant", "ep010", "ep010_sc02", "ep010_sc02_0010")
    for depth, name in enumerate(names):
        run_until(lambda n=name: panel.places.findItems(n, exactly()))
        panel.places.setCurrentItem(panel.places.findItems(name, exactly())[0])
        run_until(lambda d=depth: len(panel.model.path) == d + 1)
    run_until(lambda: panel.files.topLevelItemCount() == 4)
    return panel


def exactly() -> Any:
    flags = QtCore.Qt.MatchFlag
    return flags.MatchExactly | flags.MatchRecursive
