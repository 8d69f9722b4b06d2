"""The OnePiece menu and toolbar in Nuke, from the tools of the shelves."""

from __future__ import annotations

from collections.abc import Sequence

import nuke

from onepiece_shelves.calls import call_of
from onepiece_shelves.model import Tool


def build(tools: Sequence[Tool]) -> None:
    """Menus in the menu bar, shelves beside the nodes."""
    for bar, places in (
        ("Nuke", [(tool.menu, tool) for tool in tools]),
        ("Nodes", [(tool.shelf, tool) for tool in tools]),
    ):
        for name in dict.fromkeys(place for place, _ in places if place):
            _fill(nuke.menu(bar).addMenu(_label(name)), [tool for place, tool in places if place == name])


def _fill(menu: nuke.Menu, tools: Sequence[Tool]) -> None:
    for index, tool in enumerate(tools):
        if tool.starts_group and index:
            menu.addSeparator()
        menu.addCommand(_label(tool.label), call_of(tool, "nuke"), tooltip=tool.tooltip)


def _label(text: str) -> str:
    """To Nuke a slash opens a menu below, so it gets one that only looks the same."""
    return text.replace("/", "\u2215")
