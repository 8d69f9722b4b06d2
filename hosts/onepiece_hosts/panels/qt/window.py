"""What every panel's window has: it appears at once, Escape and the close button hide it, it follows the palette."""

from __future__ import annotations

from typing import Any

from Qt import QtCore, QtGui, QtWidgets

from onepiece_hosts.errors import HostError
from onepiece_hosts.panels.qt import theme
from onepiece_hosts.panels.qt.parts import Redraw
from onepiece_hosts.session import HostSession


class Window(QtWidgets.QDialog):
    """A panel. Subclasses build their widgets, then fill :meth:`ask` and :meth:`draw`."""

    def __init__(self, session: HostSession, parent: Any, title: str, width: int, height: int) -> None:
        super().__init__(parent)
        self.session = session
        self._is_dark: bool | None = None
        self.setWindowTitle(f"OnePiece: {title}")
        self.setAccessibleName(f"OnePiece {title}")
        self.setWindowFlags(QtCore.Qt.WindowType.Window)
        self.resize(width, height)
        self.redraw = Redraw(self, self.draw)
        self._dress()

    def appear(self) -> None:
        """Come to the front, and ask for what is shown unless it is on the screen already."""
        was_hidden = not self.isVisible()
        self.setWindowState(self.windowState() & ~QtCore.Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        if was_hidden:
            QtCore.QTimer.singleShot(0, self._begin)

    def ask(self) -> None:
        """It has appeared: send the questions."""

    def draw(self) -> None:
        """Something has changed."""

    def open_url(self, url: str) -> HostError | None:
        """A page in the artist's browser."""
        if QtGui.QDesktopServices.openUrl(QtCore.QUrl(url)):
            return None
        return HostError("host.no_browser", f"No browser opens {url}.", url=url)

    def open_folder(self, path: str) -> HostError | None:
        """A folder in the artist's file browser."""
        if not QtCore.QFileInfo(path).isDir():
            return HostError("host.folder_missing", f"There is no folder {path}.", path=path)
        if QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(path)):
            return None
        return HostError("host.no_browser", f"No program opens {path}.", path=path)

    def changeEvent(self, event: QtCore.QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange:
            self._dress()

    def _begin(self) -> None:
        self.ask()
        self.draw()

    def _dress(self) -> None:
        is_dark = theme.is_dark(self.palette())
        if is_dark != self._is_dark:
            self._is_dark = is_dark
            self.setStyleSheet(theme.stylesheet(self.palette(), QtGui.QFontInfo(self.font()).pixelSize()))
