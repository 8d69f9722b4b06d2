"""Pictures of Maya's viewport: a thumbnail, a playblast. They need a window."""

from __future__ import annotations

import os
import sys

from maya import cmds

from onepiece_hosts.errors import HostError
from onepiece_hosts.maya.asked import number
from onepiece_hosts.patterns import forward

_COMPRESSIONS = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg"}
# What playblast can write without anything installed besides Maya.
_MOVIES = {"win32": "avi", "darwin": "avfoundation"}


def thumbnail(path: str, width: int) -> None:
    """The viewport at the current frame, in the shape of the render."""
    compression = _COMPRESSIONS.get(os.path.splitext(path)[1].lower())
    if compression is None:
        raise HostError("host.picture_kind", f"{path} is neither a PNG nor a JPEG.", path=path)
    shape = number("defaultResolution.height") / max(1.0, number("defaultResolution.width"))
    try:
        cmds.playblast(
            frame=[int(cmds.currentTime(query=True))],
            format="image",
            compression=compression,
            completeFilename=path,
            widthHeight=(width, max(1, round(width * shape))),
            percent=100,
            viewer=False,
            showOrnaments=False,
            offScreen=True,
            forceOverwrite=True,
        )
    except RuntimeError as error:
        raise HostError("host.picture_failed", "Maya cannot take a picture.", str(error).strip()) from error


def playblast(path: str, first: int, last: int) -> str:
    """A movie of the viewport; Maya chooses the extension of what it can write on this system."""
    try:
        made = cmds.playblast(
            startTime=first,
            endTime=last,
            format=_MOVIES.get(sys.platform, "movie"),
            filename=os.path.splitext(path)[0],
            percent=100,
            viewer=False,
            showOrnaments=False,
            offScreen=True,
            forceOverwrite=True,
        )
    except RuntimeError as error:
        raise HostError("host.picture_failed", "Maya cannot make a playblast.", str(error).strip()) from error
    if not made:
        raise HostError("host.picture_failed", "The playblast was stopped.")
    return forward(made)
