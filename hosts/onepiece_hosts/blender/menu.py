"""The OnePiece menu in the top bar, from the tools of the shelves."""

from __future__ import annotations

from typing import Any

from onepiece_hosts import commands
from onepiece_hosts.errors import HostError

MENU = "ONEPIECE_MT_menu"
OPERATOR = "onepiece.tool"


_ICONS = {
    "publish": "EXPORT",
    "open_shot": "FILE_FOLDER",
    "save_next": "FILE_TICK",
    "recover": "RECOVER_LAST",
    "about": "INFO",
}


class ToolOperator:
    """Carries a tool out."""

    bl_idname = OPERATOR
    bl_label = "OnePiece"
    bl_options = {"INTERNAL"}
    desk: Any
    tool: str

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        return next((one.tooltip for one in cls.desk.tools if one.id == properties.tool), "OnePiece")

    def execute(self, _context: Any) -> set[str]:
        session = self.desk.session
        try:
            commands.run(self.tool, session)
        except HostError as error:
            session.tell(error)
        return {"FINISHED"}


class Menu:
    """OnePiece"""

    bl_idname = MENU
    bl_label = "OnePiece"
    layout: Any
    desk: Any

    def draw(self, _context: Any) -> None:
        for tool in self.desk.tools:
            if tool.menu != self.bl_label:
                continue
            if tool.starts_group:
                self.layout.separator()
            entry = self.layout.operator(OPERATOR, text=tool.label, icon=_ICONS.get(tool.id, "NONE"))
            entry.tool = tool.id


def draw_in_bar(bar: Any, _context: Any) -> None:
    """Blender's own menus, then ours."""
    bar.layout.menu(MENU)
