"""The OnePiece menu in the top bar, from the tools of the shelves."""

from __future__ import annotations

from typing import Any, NamedTuple

from onepiece_hosts import commands
from onepiece_hosts.errors import HostError

MENU = "ONEPIECE_MT_menu"
OPERATOR = "onepiece.tool"


class Tool(NamedTuple):
    """One entry of the menu."""

    id: str
    label: str
    tooltip: str


# What the menu holds where the shelves cannot be read.
TOOLS = (
    Tool("publish", "Publish...", "Freeze this scene's version, upload it and register it"),
    Tool("open_shot", "Open Shot...", "Find a workfile of a shot or asset and open it"),
    Tool("save_next", "Save Next Version", "Save this scene under the next free version; never overwrites"),
    Tool("recover", "Recover...", "Finish publishes that were interrupted"),
    Tool("about", "About", "Which OnePiece this is, and what it is connected to"),
)
_ICONS = {
    "publish": "EXPORT",
    "open_shot": "FILE_FOLDER",
    "save_next": "FILE_TICK",
    "recover": "RECOVER_LAST",
    "about": "INFO",
}


def find_tools() -> tuple[Tool, ...]:
    """Those of the shelves for Blender."""
    return TOOLS


class ToolOperator:
    """Carries a tool out."""

    bl_idname = OPERATOR
    bl_label = "OnePiece"
    bl_options = {"INTERNAL"}
    desk: Any
    tool: str

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        return next((one.tooltip for one in find_tools() if one.id == properties.tool), "OnePiece")

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
        for tool in find_tools():
            if tool.id in {"save_next", "about"}:
                self.layout.separator()
            entry = self.layout.operator(OPERATOR, text=tool.label, icon=_ICONS.get(tool.id, "NONE"))
            entry.tool = tool.id


def draw_in_bar(bar: Any, _context: Any) -> None:
    """Blender's own menus, then ours."""
    bar.layout.menu(MENU)
