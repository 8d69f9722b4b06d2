"""What a scene uses, and what of it is missing."""

from __future__ import annotations

import os
import re
from pathlib import Path

from onepiece_core.rules.facts import Dependency
from onepiece_core.scenes.facts import SceneFacts
from onepiece_core.scenes.read import read_scene

# A frame number or tile, in every spelling of the applications.
_NUMBER = re.compile(r"%0?\d*d|#+|\$F\d?|\$\{F\d?\}|@+|<UDIM>|<udim>|<f>|<frame0?\d*>", re.ASCII)
_UNKNOWN = re.compile(r"[$\[\]<>`]|^~|^\w{2,}://|%[A-Za-z]")
# A name with more of them is a trap, not a sequence.
_MOST_NUMBERS = 3
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")


def find_dependencies(scene: Path) -> tuple[Dependency, ...] | None:
    """Each file that ``scene`` refers to; None when the scene cannot be read without its application.

    Variables are not expanded, but for the scene's own folder (``//``, ``$HIP``): nobody knows them here, so
    ``is_there`` is None. Raises InputMissing, InputUnreadable.
    """
    facts = read_scene(scene)
    return None if facts is None else dependencies_of(facts, scene)


def dependencies_of(facts: SceneFacts, scene: Path) -> tuple[Dependency, ...]:
    """Each file that the facts of ``scene`` name, looked for on the disk."""
    folders = _Folders()
    return tuple(Dependency(each, _is_there(each, scene.parent, folders)) for each in facts.references)


class _Folders:
    """The names in folders that sequences lie in: a folder is read once, however many sequences it holds."""

    def __init__(self) -> None:
        self._names: dict[Path, str] = {}

    def has(self, folder: Path, pattern: str) -> bool:
        if folder not in self._names:
            try:
                self._names[folder] = "\0".join(["", *os.listdir(folder), ""])  # noqa: PTH208 - names are enough
            except OSError:
                self._names[folder] = ""
        return re.search(f"\0(?:{pattern})(?=\0)", self._names[folder]) is not None


def _is_there(reference: str, folder: Path, folders: _Folders) -> bool | None:
    text = reference.replace("\\", "/")
    if text.startswith("//"):  # Blender: beside the scene
        text = text[2:]
    elif text.startswith(("$HIP/", "${HIP}/")):
        text = text.partition("/")[2]
    parts = _NUMBER.split(text)
    if (
        len(parts) > _MOST_NUMBERS + 1
        or any(_UNKNOWN.search(part) for part in parts)
        or (os.name != "nt" and _DRIVE.match(text))
    ):
        return None
    # Maya writes paths from its project, the folder above ``scenes``.
    bases = (folder, folder.parent)
    return any(_exists(base, parts, folders) for base in bases)


def _exists(base: Path, parts: list[str], folders: _Folders) -> bool:
    try:
        if len(parts) == 1:
            return (base / parts[0]).exists()
        path = base / "\0".join(parts)  # no name holds a NUL: it marks the number
        if "\0" in str(path.parent):
            return False
        return folders.has(path.parent, r"-?\d+".join(re.escape(part) for part in path.name.split("\0")))
    except (OSError, ValueError):
        return False
