"""The pictures of tools: ours by name, a studio's by path."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Look:
    """How an export shows tools.

    Attributes:
        theme: of the host's window.
        icons: the folder that will hold our pictures where the export is used.
    """

    theme: str = "dark"
    icons: str = ICONS

    def picture(self, icon: str | None) -> str | None:
        """The file of a tool's icon, as an export names it."""
        found = find_picture(icon, theme=self.theme) if icon else None
        if found is not None and icon is not None and _OURS.fullmatch(icon):
            return f"{self.icons}/{os.path.basename(found)}".replace("\\", "/")
        return found
