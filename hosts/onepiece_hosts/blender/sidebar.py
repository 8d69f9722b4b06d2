"""Brings our page of the sidebar before the artist, and tells them single things."""

from __future__ import annotations

import sys
from typing import Any

import bpy

from onepiece_hosts.blender.redraw import SPACES, tag_sidebars
from onepiece_hosts.errors import HostError

CATEGORY = "OnePiece"
# After so long a sidebar that was asked for has been drawn, on a slow machine too.
_LOOK_SECONDS = 1.0


def bring_up(desk: Any) -> None:
    """Open the sidebar in the largest editor that has one; say where to look when it stays hidden."""
    area = _largest_area()
    if area is None:
        tell("OnePiece shows its panels in the sidebar of a 3D viewport: open one.")
        return
    space = area.spaces.active
    space.show_region_ui = True
    for region in area.regions:
        # From 4.2 on. Before, no add-on can turn to its tab: Blender shows the one that was clicked last.
        if region.type == "UI" and hasattr(region, "active_panel_category"):
            try:
                region.active_panel_category = CATEGORY
            except (AttributeError, TypeError):
                pass  # it can only be read in this version, or while the sidebar is hidden
    tag_sidebars()
    seen = desk.draws

    def look() -> None:
        if desk.draws == seen:
            tell(f"Click the tab {CATEGORY} at the right edge of the 3D viewport (N shows and hides it).")

    bpy.app.timers.register(look, first_interval=_LOOK_SECONDS)


def tell(what: str | HostError) -> None:
    """One thing for the artist, at the mouse; without a window, on the terminal."""
    error = what if isinstance(what, HostError) else None
    lines = [error.message, *([error.hint] if error.hint else [])] if error else [str(what)]
    manager = bpy.context.window_manager
    if bpy.app.background or not manager or not manager.windows:
        sys.stdout.write("OnePiece: " + " ".join(lines) + "\n")
        return

    def draw(menu: Any, _context: Any) -> None:
        for line in lines:
            menu.layout.label(text=line)

    context: Any = bpy.context
    with context.temp_override(window=manager.windows[0]):
        manager.popup_menu(draw, title="OnePiece", icon="ERROR" if error else "INFO")


def _largest_area() -> Any:
    manager = bpy.context.window_manager
    window = bpy.context.window or (manager.windows[0] if manager and manager.windows else None)
    areas = [area for area in window.screen.areas if area.type in SPACES] if window else []
    # A viewport is where everybody looks for a sidebar.
    return max(areas, key=lambda area: (area.type == "VIEW_3D", area.width * area.height), default=None)
