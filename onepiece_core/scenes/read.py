"""Read a scene by its extension. Nothing in it is executed, and any bytes are survived."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from onepiece_core.errors import InputMissing, InputUnreadable
from onepiece_core.scenes.blender import read_blender
from onepiece_core.scenes.facts import Bytes, SceneFacts
from onepiece_core.scenes.houdini import read_houdini
from onepiece_core.scenes.maya import read_maya
from onepiece_core.scenes.maya_binary import read_maya_binary
from onepiece_core.scenes.nuke import read_nuke
from onepiece_core.scenes.unpacked import unpacked
from onepiece_core.scenes.usd import read_usda
from onepiece_core.shown import shown

_SEARCHED: dict[str, Callable[[BinaryIO], SceneFacts]] = {
    ".ma": read_maya,
    ".nk": read_nuke,
    ".nknc": read_nuke,
    ".usda": read_usda,
    ".hip": read_houdini,
    ".hiplc": read_houdini,
    ".hipnc": read_houdini,
}


def read_scene(path: Path) -> SceneFacts | None:
    """The facts of a scene; None when only its application can read it, or it is damaged.

    Raises InputMissing, InputUnreadable.
    """
    suffix = path.suffix.lower()
    try:
        if not path.is_file():
            raise InputMissing(f"{shown(path)}: there is no such file", path=shown(path))
        if suffix in _SEARCHED:
            with path.open("rb", buffering=0) as file:
                return _searched(file, _SEARCHED[suffix])
        if suffix in _MAPPED:
            with path.open("rb") as file:
                return _mapped(file, _MAPPED[suffix])
    except OSError as cause:
        raise InputUnreadable(f"{shown(path)}: {cause.strerror}", path=shown(path)) from cause
    return None


def _searched(file: BinaryIO, read: Callable[[BinaryIO], SceneFacts]) -> SceneFacts | None:
    plain = unpacked(file)
    if plain is None:
        return None
    with plain:
        return read(plain)


def _mapped(file: BinaryIO, read: Callable[[Bytes], SceneFacts | None]) -> SceneFacts | None:
    plain = unpacked(file)
    if plain is None:
        return None
    with plain:
        if plain.seek(0, 2) == 0:  # nothing to map
            return None
        # Mapped: a scene of gigabytes must not fill the memory.
        with mmap.mmap(plain.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return read(data)


def _blend(data: Bytes) -> SceneFacts | None:
    if data[:7] != b"BLENDER":
        return None
    try:
        return read_blender(data)
    except (ValueError, struct.error, IndexError, KeyError, StopIteration, OverflowError):
        return None


_MAPPED: dict[str, Callable[[Bytes], SceneFacts | None]] = {".mb": read_maya_binary, ".blend": _blend}
