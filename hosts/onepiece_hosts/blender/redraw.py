"""Redraws our panels, and only them, at most some times a second."""

from __future__ import annotations

import bpy

# The editors that have our sidebar.
SPACES = ("VIEW_3D", "IMAGE_EDITOR", "NODE_EDITOR", "SEQUENCE_EDITOR", "CLIP_EDITOR")
_EVERY_SECONDS = 0.1


class Redraw:
    """Call it whenever something to be drawn has changed."""

    def __init__(self) -> None:
        self._is_due = False
        self._is_ended = False

    def __call__(self) -> None:
        if not self._is_due and not self._is_ended:
            self._is_due = True
            bpy.app.timers.register(self._draw, first_interval=_EVERY_SECONDS, persistent=True)

    def end(self) -> None:
        self._is_ended = True
        if bpy.app.timers.is_registered(self._draw):
            bpy.app.timers.unregister(self._draw)

    def _draw(self) -> None:
        self._is_due = False
        tag_sidebars()


def tag_sidebars() -> None:
    """The sidebars alone: drawing a 3D scene again for our sake would hold the artist up."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type in SPACES:
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
