"""The end of a Qt application: the one moment that hosts without an event for it tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def can_tell() -> bool:
    """Whether a Qt application runs here."""
    return _application() is not None


def on_quit(callback: Callable[[], None]) -> Callable[[], None]:
    """Call back when the application ends; the answer ends that. Without a Qt application nobody calls."""
    application = _application()
    if application is None:
        return lambda: None
    signal = application.aboutToQuit
    signal.connect(callback)
    stopped: list[bool] = []

    def stop() -> None:
        if not stopped:
            stopped.append(True)
            signal.disconnect(callback)

    return stop


def _application() -> Any:
    try:
        from Qt import QtCore
    except ImportError:
        return None
    return QtCore.QCoreApplication.instance()
