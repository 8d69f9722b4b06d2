"""A picture of what the scene viewer shows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import hou

from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.host import Resolution

if TYPE_CHECKING:
    from hou import SceneViewer

_EXTENSIONS = (".png", ".jpg", ".jpeg")


def thumbnail(path: str, width: int, shape: Resolution | None) -> None:
    """The first scene viewer at the current frame, in the shape of the render."""
    if os.path.splitext(path)[1].lower() not in _EXTENSIONS:
        raise HostError("host.picture_kind", f"{path} is neither a PNG nor a JPEG.", path=path)
    found = hou.ui.paneTabOfType(hou.paneTabType.SceneViewer)
    if found is None:
        raise Unsupported("Houdini", "take a picture without a scene viewer")
    viewer = cast("SceneViewer", found)
    # A copy: the artist's own settings stay.
    settings = viewer.flipbookSettings().stash()
    settings.output(path)
    settings.outputToMPlay(False)
    settings.frameRange((hou.frame(), hou.frame()))
    settings.useResolution(True)
    height = round(width * shape.height / shape.width) if shape and shape.width else round(width * 9 / 16)
    settings.resolution((width, max(1, height)))
    try:
        viewer.flipbook(viewer.curViewport(), settings)
    except hou.OperationFailed as error:
        raise HostError("host.picture_failed", "Houdini cannot take a picture.", str(error).strip()) from error
