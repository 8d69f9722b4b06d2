"""The panel in the sidebar: its pages, and what registers it."""

from __future__ import annotations

from typing import Any

from onepiece_hosts.blender import open_page, other_pages, publish_page
from onepiece_hosts.blender.drawing import letters, press
from onepiece_hosts.blender.sidebar import CATEGORY

_PAGES = (
    ("publish", "Publish", "EXPORT"),
    ("open_shot", "Open", "FILE_FOLDER"),
    ("recover", "", "RECOVER_LAST"),
    ("about", "", "INFO"),
)


class Panel:
    """OnePiece"""

    bl_label = "OnePiece"
    bl_region_type = "UI"
    bl_category = CATEGORY
    desk: Any
    layout: Any

    def draw(self, context: Any) -> None:
        desk, layout, width = self.desk, self.layout, letters(context)
        desk.draws += 1
        inputs = context.window_manager.onepiece
        tabs = layout.row(align=True)
        tabs.scale_y = 1.1
        for page, label, icon in _PAGES:
            press(tabs, "page", label, icon, page, depress=desk.page == page)
        if desk.page == "publish":
            publish_page.draw(layout, desk, inputs, width)
        elif desk.page == "open_shot":
            open_page.draw(layout, desk, inputs, width)
        elif desk.page == "recover":
            other_pages.draw_recover(layout, desk, inputs, width)
        else:
            other_pages.draw_about(layout, desk, width)
