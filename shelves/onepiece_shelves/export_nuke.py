"""Menus and toolbars for Nuke: ``onepiece_toolbars.py``, whose ``build()`` a ``menu.py`` calls."""

from __future__ import annotations

from onepiece_shelves.calls import call_of
from onepiece_shelves.model import Shelves, Tool
from onepiece_shelves.pictures import Look

HOST = "nuke"
_LOOK = Look()
_HEAD = '''"""The tools of OnePiece in Nuke's menu bar and beside its nodes, written by ``onepiece shelves export``."""

import nuke


def build():
'''


def export(shelves: Shelves, look: Look = _LOOK) -> dict[str, str]:
    """File name -> text."""
    lines = []
    for bar, places in (("Nuke", shelves.menus(HOST)), ("Nodes", shelves.shelves(HOST))):
        for name, tools in places.items():
            lines.append(f"    menu = nuke.menu({bar!a}).addMenu({label(name)!a})")
            lines += _entries(tools, look)
    return {"onepiece_toolbars.py": _HEAD + "\n".join(lines or ["    pass"]) + "\n"}


def label(text: str) -> str:
    """``text`` as an entry's name: to Nuke a slash opens a menu below, so it gets one that only looks the same."""
    return text.replace("/", "\u2215")


def _entries(tools: tuple[Tool, ...], look: Look) -> list[str]:
    lines = []
    for index, tool in enumerate(tools):
        if tool.starts_group and index:
            lines.append("    menu.addSeparator()")
        picture = look.picture(tool.icon)
        options = {"icon": picture, "tooltip": tool.tooltip}
        told = "".join(f", {name}={value!a}" for name, value in options.items() if value)
        lines.append(f"    menu.addCommand({label(tool.label)!a}, {call_of(tool, HOST)!a}{told})")
    return lines
