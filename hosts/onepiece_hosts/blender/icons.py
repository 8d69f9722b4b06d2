"""Small pictures of files as Blender's icons."""

from __future__ import annotations

import importlib
from typing import Any

import bpy

# Pictures that are kept; when more have been looked at, all are read again.
_MOST = 400


class Icons:
    """Made of pictures on this machine, once each."""

    def __init__(self) -> None:
        self._made: Any = None

    def icon(self, path: str | None) -> int:
        """For ``icon_value``; 0 where there is no picture."""
        if path is None or bpy.app.background:
            return 0
        if self._made is None or (len(self._made) > _MOST and path not in self._made):
            self.end()
            self._made = importlib.import_module("bpy.utils.previews").new()
        if path not in self._made:
            self._made.load(path, path, "IMAGE")
        return int(self._made[path].icon_id)

    def end(self) -> None:
        """Blender complains of those that are left."""
        if self._made is not None:
            self._made.close()
            self._made = None
