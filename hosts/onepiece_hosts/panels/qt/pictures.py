"""Small pictures of what is listed: the worker makes them, until then a plain tile with the kind of file."""

from __future__ import annotations

from typing import Any

from Qt import QtCore, QtGui

WIDTH, HEIGHT = 48, 27


def size() -> Any:
    return QtCore.QSize(WIDTH, HEIGHT)


def read(path: str | None, width: int = WIDTH, height: int = HEIGHT) -> Any:
    """The icon of a picture on this machine; None when it cannot be read. Decoded at the size that is shown."""
    if not path:
        return None
    reader = QtGui.QImageReader(path)
    whole = reader.size()
    if whole.isValid():
        reader.setScaledSize(whole.scaled(width, height, QtCore.Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        return None
    tile = _tile(width, height)
    painter = QtGui.QPainter(tile)
    painter.drawImage((width - image.width()) // 2, (height - image.height()) // 2, image)
    painter.end()
    return QtGui.QIcon(tile)


def placeholder(text: str, colour: str) -> Any:
    """A rounded tile with a short word: EXR, NK."""
    tile = _tile(WIDTH, HEIGHT)
    painter = QtGui.QPainter(tile)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    ink = QtGui.QColor(colour)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(QtGui.QColor(ink.red(), ink.green(), ink.blue(), 40))
    painter.drawRoundedRect(QtCore.QRectF(1, 1, WIDTH - 2, HEIGHT - 2), 4, 4)
    painter.setPen(ink)
    font = painter.font()
    font.setPixelSize(10)
    painter.setFont(font)
    painter.drawText(QtCore.QRect(0, 0, WIDTH, HEIGHT), int(QtCore.Qt.AlignmentFlag.AlignCenter), text[:5].upper())
    painter.end()
    return QtGui.QIcon(tile)


def _tile(width: int, height: int) -> Any:
    tile = QtGui.QPixmap(width, height)
    tile.fill(QtCore.Qt.GlobalColor.transparent)
    return tile
