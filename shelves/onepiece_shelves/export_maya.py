"""Shelves for Maya: one ``shelf_NAME.mel`` each, for a folder on MAYA_SHELF_PATH."""

from __future__ import annotations

import re

from onepiece_shelves.calls import call_of
from onepiece_shelves.model import Shelves, Tool
from onepiece_shelves.pictures import Look

HOST = "maya"
_LOOK = Look()
# The word that stands on a button without a picture.
_NO_PICTURE = "commandButton.png"
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def export(shelves: Shelves, look: Look = _LOOK) -> dict[str, str]:
    """File name -> text."""
    files = {}
    names: set[str] = set()
    for name, tools in shelves.shelves(HOST).items():
        safe = _unused(_identifier(name), names)
        names.add(safe)
        files[f"shelf_{safe}.mel"] = _shelf(safe, tools, look)
    return files


def quoted(text: str) -> str:
    """``text`` as a string of MEL. MEL knows no escape for a control character but these; the others become spaces."""
    kept = "".join(_ESCAPES.get(c, c if c.isprintable() else " ") for c in text)
    return f'"{kept}"'


def _shelf(name: str, tools: tuple[Tool, ...], look: Look) -> str:
    lines = [f"global proc shelf_{name} () {{"]
    for index, tool in enumerate(tools):
        if tool.starts_group and index:
            lines.append('    separator -width 12 -height 35 -style "shelf" -horizontal 0;')
        lines += _button(tool, look)
    return "\n".join([*lines, "}", ""])


def _button(tool: Tool, look: Look) -> list[str]:
    picture = look.picture(tool.icon)
    options = {
        "-label": quoted(tool.label),
        "-annotation": quoted(tool.tooltip or tool.label),
        "-image": quoted(picture or _NO_PICTURE),
        "-style": quoted("iconOnly"),
        "-width": "35",
        "-height": "34",
        "-sourceType": quoted("python"),
        "-command": quoted(call_of(tool, HOST)),
    }
    if picture is None:
        options["-imageOverlayLabel"] = quoted(tool.label[:6])
    return ["    shelfButton", *(f"        {option} {value}" for option, value in options.items()), "    ;"]


def _identifier(name: str) -> str:
    """Names of Maya's windows are ASCII letters, digits and _."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def _unused(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
