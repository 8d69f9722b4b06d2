"""Pictures of the viewport: a thumbnail, a playblast. They need a window."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import bpy

from onepiece_hosts.blender.now import forward, scene
from onepiece_hosts.errors import HostError, Unsupported

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def thumbnail(path: str, width: int) -> None:
    """The viewport as it is, ``width`` pixels wide."""
    kind = _FORMATS.get(os.path.splitext(path)[1].lower())
    if kind is None:
        raise HostError("host.picture_kind", f"{path} is neither a PNG nor a JPEG.", path=path)
    render = scene().render
    height = max(1, round(width * render.resolution_y / render.resolution_x))
    settings = {"filepath": path, "resolution_x": width, "resolution_y": height, "resolution_percentage": 100}
    with _changed(render, **settings), _changed(render.image_settings, file_format=kind):
        _draw(write_still=True)


def playblast(path: str, first: int, last: int) -> str:
    """An H.264 movie of the viewport; Blender chooses the extension of the container."""
    now = scene()
    with ExitStack() as stack:
        stack.enter_context(_changed(now, frame_start=first, frame_end=last))
        stack.enter_context(_changed(now.render, filepath=path, use_file_extension=False))
        stack.enter_context(_changed(now.render.image_settings, file_format="FFMPEG"))
        stack.enter_context(_changed(now.render.ffmpeg, format="MPEG4", codec="H264"))
        _draw(animation=True)
    return forward(path)


def _draw(**options: Any) -> None:
    window, area, region = _viewport()
    with bpy.context.temp_override(window=window, area=area, region=region):
        try:
            bpy.ops.render.opengl(view_context=True, **options)
        except RuntimeError as error:
            raise HostError("host.picture_failed", "Blender cannot take a picture.", str(error).strip()) from error


def _viewport() -> tuple[Any, Any, Any]:
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                return window, area, next(region for region in area.regions if region.type == "WINDOW")
    raise Unsupported("Blender", "take a picture without a 3D viewport")


@contextmanager
def _changed(owner: Any, **values: Any) -> Iterator[None]:
    """Other settings, until the end of the block."""
    before = {name: getattr(owner, name) for name in values}
    try:
        for name, value in values.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)
