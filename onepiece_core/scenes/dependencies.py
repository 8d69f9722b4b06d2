"""What a scene uses, and what of it is missing."""

from __future__ import annotations

import os
import re
from pathlib import Path

from onepiece_core.rules.facts import Dependency
from onepiece_core.scenes.read import read_scene

# A frame number or tile, in every spelling of the applications.
_NUMBER = re.compile(r"%0?\d*d|#+|\$F\d?|\$\{F\d?\}|@+|<UDIM>|<udim>|<f>|<frame0?\d*>", re.ASCII)
_UNKNOWN = re.compile(r"[$\[\]<>`]|^~|^\w{2,}://|%[A-Za-z]")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")


def find_dependencies(scene: Path) -> tuple[Dependency, ...] | None:
    """Each file that ``scene`` refers to; None when the scene cannot be read without its application.

    Variables are not expanded, but for the scene's own folder (``//``, ``$HIP``): nobody knows them here, so
    ``is_there`` is None. Raises InputMissing, InputUnreadable.
    """
    facts = read_scene(scene)
    if facts is None:
        return None
    return tuple(Dependency(reference, _is_there(reference, scene.parent)) for reference in facts.references)


def _is_there(reference: str, folder: Path) -> bool | None:
    text = reference.replace("\\", "/")
    if text.startswith("//"):  # Blender: beside the scene
        text = text[2:]
    elif text.startswith(("$HIP/", "${HIP}/")):
        text = text.partition("/")[2]
    parts = _NUMBER.split(text)
    if any(_UNKNOWN.search(part) for part in parts) or (os.name != "nt" and _DRIVE.match(text)):
        return None
    # Maya writes paths from its project, the folder above ``scenes``.
    bases = (folder, folder.parent)
    return any(_exists(base, parts) for base in bases)


def _exists(base: Path, parts: list[str]) -> bool:
    try:
        if len(parts) == 1:
            return (base / parts[0]).exists()
        path = base / "\0".join(parts)  # no name holds a NUL: it marks the number
        pattern = re.compile(r"-?\d+".join(re.escape(part) for part in path.name.split("\0")))
        if "\0" in str(path.parent):
            return False
        with os.scandir(path.parent) as entries:
            return any(pattern.fullmatch(entry.name) for entry in entries)
    except (OSError, ValueError):
        return False
