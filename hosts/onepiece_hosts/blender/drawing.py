"""Small pieces that every page draws with."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import bpy

from onepiece_hosts.errors import HostError

PRESS = "onepiece.press"
# A letter of Blender's interface font at scale 1, and what a panel keeps for its edges, in pixels.
_LETTER, _EDGES = 6.6, 54
_ICON_LETTERS = 4
SEVERITIES = {"error": "CANCEL", "warning": "ERROR", "info": "INFO"}


def letters(context: Any) -> int:
    """How many letters fit into a line of the sidebar."""
    preferences = bpy.context.preferences
    scale = preferences.system.ui_scale if preferences else 1.0
    return max(16, int((context.region.width / scale - _EDGES) / _LETTER))


def text(layout: Any, words: str, width: int, icon: str = "NONE") -> None:
    """A paragraph: Blender's labels do not wrap."""
    column = layout.column(align=True)
    column.scale_y = 0.82
    room = max(8, width - (_ICON_LETTERS if icon != "NONE" else 0))
    lines = textwrap.wrap(_breakable(words, room), room) or [""]
    for number, line in enumerate(lines):
        if icon == "NONE":
            column.label(text=line)
        else:
            column.label(text=line, icon=icon if number == 0 else "BLANK1")


def _breakable(words: str, room: int) -> str:
    """Names and paths that are longer than a line may be broken after their separators."""
    pieces = []
    for word in words.split():
        parts = re.findall(r"[^_/.]*[_/.]?", word) if len(word) > room else [word]
        line = ""
        for part in parts:
            if line and len(line) + len(part) > room:
                pieces.append(line)
                line = ""
            line += part
        pieces.append(line)
    return " ".join(pieces)


def shorten(words: str, width: int) -> str:
    """The end counts: numbers and versions stand there."""
    return words if len(words) <= width else f"{words[: width // 3]}…{words[len(words) - (width - width // 3 - 1) :]}"


def press(layout: Any, button: str, label: str = "", icon: str = "NONE", row: str = "", **look: Any) -> None:
    """A button; what it does is in ``buttons``."""
    made = layout.operator(PRESS, text=label, icon=icon, **look)
    made.button, made.row = button, row


def bar(layout: Any, inputs: Any, name: str, share: float, label: str) -> None:
    """How far something is; ``name`` is the property of ``inputs`` that tells the same."""
    if hasattr(layout, "progress"):  # from 4.0 on
        layout.progress(factor=share, type="BAR", text=f"{label} {share:.0%}")
    else:
        layout.prop(inputs, name, text=label, slider=True)


def error_box(layout: Any, error: HostError, width: int) -> None:
    """What went wrong, what to do next, and the details for whoever helps."""
    box = layout.box()
    row = box.row()
    row.alert = True
    row.label(text="This did not work", icon="ERROR")
    text(box, error.message, width)
    if error.hint:
        text(box, error.hint, width, "RIGHTARROW_THIN")
    press(box, "copy_error", "Copy Details", "COPYDOWN")
