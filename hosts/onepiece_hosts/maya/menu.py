"""The OnePiece menu in Maya's main window, from the tools of the shelves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from maya import cmds, mel

from onepiece_shelves.model import Tool

Run = Callable[[str], None]


def build(tools: Sequence[Tool], run: Run) -> None:
    """One menu for each name that tools ask for; one of the same name from before goes."""
    window = str(mel.eval("$onepiece = $gMainWindow"))
    for number, name in enumerate(dict.fromkeys(tool.menu for tool in tools if tool.menu)):
        menu = f"onepiece_menu_{number}"
        if cmds.menu(menu, exists=True):
            cmds.deleteUI(menu, menu=True)
        cmds.menu(menu, label=name, parent=window, tearOff=True)
        _fill(menu, [tool for tool in tools if tool.menu == name], run)


def _fill(menu: str, tools: Sequence[Tool], run: Run) -> None:
    for index, tool in enumerate(tools):
        if tool.starts_group and index:
            cmds.menuItem(divider=True, parent=menu)
        # Maya gives a command the state of a check box that is none.
        command: Any = partial(_without, run, tool.id)
        cmds.menuItem(label=tool.label, annotation=tool.tooltip, parent=menu, command=command)


def _without(run: Run, tool: str, *_: Any) -> None:
    run(tool)
