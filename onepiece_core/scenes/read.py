"""Read a scene by its extension."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

from onepiece_core.errors import InputMissing, InputUnreadable
from onepiece_core.scenes.blender import read_blender
from onepiece_core.scenes.facts import Bytes, SceneFacts
from onepiece_core.scenes.houdini import read_houdini
from onepiece_core.scenes.maya import read_maya
from onepiece_core.scenes.nuke import read_nuke
from onepiece_core.scenes.usd import read_usda
from onepiece_core.shown import shown

_TEXTS: dict[str, Callable[[Iterable[str]], SceneFacts]] = {
    ".ma": read_maya,
    ".nk": read_nuke,
    ".nknc": read_nuke,
    ".usda": read_usda,
}
_BYTES: dict[str, Callable[[Bytes], SceneFacts]] = {
    ".hip": read_houdini,
    ".hiplc": read_houdini,
    ".hipnc": read_houdini,
}
# What is larger takes too much memory to be worth a summary.
_MAX_COMPRESSED_BYTES = 64 << 20


def read_scene(path: Path) -> SceneFacts | None:
    """The facts of a scene; None when only its application can read it (.mb, compressed .blend) or it is damaged.

    Raises InputMissing, InputUnreadable.
    """
    suffix = path.suffix.lower()
    try:
        if not path.is_file():
            raise InputMissing(f"{shown(path)}: there is no such file", path=shown(path))
        if suffix in _TEXTS:
            with path.open(encoding="utf-8", errors="surrogateescape") as lines:
                return _TEXTS[suffix](lines)
        if suffix in (*_BYTES, ".blend") and path.stat().st_size:
            # Mapped: a scene of gigabytes must not fill the memory.
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _BYTES[suffix](data) if suffix in _BYTES else _blend(data)
    except OSError as cause:
        raise InputUnreadable(f"{shown(path)}: {cause.strerror}", path=shown(path)) from cause
    return None


def _blend(data: Bytes) -> SceneFacts | None:
    if data[:2] == b"\x1f\x8b":
        import gzip
        import zlib

        if len(data) > _MAX_COMPRESSED_BYTES:
            return None
        try:
            data = gzip.decompress(data[:])
        except (OSError, EOFError, zlib.error):
            return None
    if data[:7] != b"BLENDER":
        return None
    try:
        return read_blender(data)
    except (ValueError, struct.error, IndexError, KeyError, StopIteration, OverflowError):
        return None
