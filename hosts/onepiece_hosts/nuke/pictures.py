"""A picture of what the viewer shows."""

from __future__ import annotations

import os

import nuke

from onepiece_hosts.errors import HostError, Unsupported

_EXTENSIONS = (".png", ".jpg", ".jpeg")


def thumbnail(path: str, width: int) -> None:
    """The active viewer, ``width`` pixels wide. Nuke saves it as large as it is shown; Qt makes it smaller."""
    if os.path.splitext(path)[1].lower() not in _EXTENSIONS:
        raise HostError("host.picture_kind", f"{path} is neither a PNG nor a JPEG.", path=path)
    window = nuke.activeViewer()
    if window is None:
        raise Unsupported("Nuke", "take a picture without a viewer")
    try:
        window.node().capture(path)
    except RuntimeError as error:
        raise HostError("host.picture_failed", "Nuke cannot take a picture.", str(error).strip()) from error
    _scale(path, width)


def _scale(path: str, width: int) -> None:
    from Qt import QtCore, QtGui

    picture = QtGui.QImage(path)
    if picture.isNull():
        raise HostError("host.picture_failed", "The viewer has no picture.", path=path)
    mode = QtCore.Qt.TransformationMode.SmoothTransformation
    if not picture.scaledToWidth(width, mode).save(path):
        raise HostError("host.picture_failed", f"{path} cannot be written.", path=path)
