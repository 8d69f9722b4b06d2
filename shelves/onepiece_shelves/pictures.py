"""The pictures of tools: ours by name, a studio's by path."""

from __future__ import annotations

import os
import re

ICONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "icons")
THEMES = ("dark", "light")  # of the host's window, not of the picture
SIZES = (32, 64)

_OURS = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_ENDINGS = (".png", ".svg")


def find_picture(icon: str, folder: str = "", theme: str = "dark", size: int = 32) -> str | None:
    """The file of a tool's icon, or None when there is none.

    Args:
        icon: the name of one of ours, or the path of a .png or .svg below or beside ``folder``.
        folder: what a relative path starts at.
        theme: of the host's window.
        size: in pixels, one of SIZES; only ours have several.
    """
    if _OURS.fullmatch(icon):
        path = os.path.join(ICONS, f"{icon}_{theme}_{size}.png")
    elif icon.lower().endswith(_ENDINGS):
        path = os.path.join(folder, icon)
    else:
        return None
    try:
        return os.path.abspath(path).replace("\\", "/") if os.path.isfile(path) else None
    except ValueError:  # a null byte
        return None
