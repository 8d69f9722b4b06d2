"""Menus and header buttons for Blender: ``onepiece_menus.py``, for a ``scripts/startup`` folder.

The menu that our add-on brings is left to it: it reads the same tools. What stands here are the other menus, and the
shelves as buttons at the end of the top bar.
"""

from __future__ import annotations

from typing import Any

from onepiece_shelves.model import Shelves, Tool
from onepiece_shelves.pictures import Look

HOST = "blender"
_LOOK = Look()
OWN_MENU = "OnePiece"  # drawn by the add-on
_CODE = """

def _draw_tools(layout, tools):
    if not hasattr(bpy.types, "ONEPIECE_OT_tool"):
        return  # the add-on is switched off
    for tool in tools:
        if tool["starts_group"]:
            layout.separator()
        layout.operator("onepiece.tool", text=tool["label"]).tool = tool["id"]


def _menu(number, label, tools):
    def draw(self, context):
        _draw_tools(self.layout, tools)

    name = "ONEPIECE_MT_shelf_%d" % number
    return type(name, (bpy.types.Menu,), {"bl_idname": name, "bl_label": label, "draw": draw})


def _draw_menus(self, context):
    for number in range(len(MENUS)):
        self.layout.menu("ONEPIECE_MT_shelf_%d" % number)


def _draw_shelves(self, context):
    if context.region.alignment == "RIGHT":
        for _, tools in SHELVES:
            _draw_tools(self.layout.row(align=True), tools)


def register():
    for number, (label, tools) in enumerate(MENUS):
        bpy.utils.register_class(_menu(number, label, tools))
    bpy.types.TOPBAR_MT_editor_menus.append(_draw_menus)
    bpy.types.TOPBAR_HT_upper_bar.append(_draw_shelves)


def unregister():
    bpy.types.TOPBAR_HT_upper_bar.remove(_draw_shelves)
    bpy.types.TOPBAR_MT_editor_menus.remove(_draw_menus)
    for number in range(len(MENUS)):
        bpy.utils.unregister_class(getattr(bpy.types, "ONEPIECE_MT_shelf_%d" % number))
"""


def menu_data(shelves: Shelves) -> dict[str, list[tuple[str, list[dict[str, Any]]]]]:
    """``menus`` and ``shelves``: name and tools of each."""
    menus = {name: tools for name, tools in shelves.menus(HOST).items() if name != OWN_MENU}
    return {"menus": _listed(menus), "shelves": _listed(shelves.shelves(HOST))}


def export(shelves: Shelves, look: Look = _LOOK) -> dict[str, str]:  # noqa: ARG001 - Blender draws its own icons
    """File name -> text."""
    data = menu_data(shelves)
    head = '"""The tools of OnePiece in Blender, written by ``onepiece shelves export``."""\n\nimport bpy\n\n'
    tables = f"MENUS = {data['menus']!a}\nSHELVES = {data['shelves']!a}\n"
    return {"onepiece_menus.py": head + tables + _CODE}


def _listed(places: dict[str, tuple[Tool, ...]]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(name, [_entry(tool, index) for index, tool in enumerate(tools)]) for name, tools in places.items()]


def _entry(tool: Tool, index: int) -> dict[str, Any]:
    return {"id": tool.id, "label": tool.label, "starts_group": tool.starts_group and index > 0}
