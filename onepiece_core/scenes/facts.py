"""What a scene file tells without its application."""

from __future__ import annotations

import math
import mmap
from dataclasses import dataclass
from fractions import Fraction

from onepiece_core.errors import SequenceError
from onepiece_core.frames import exact_rate

# The content of a file, read or mapped.
Bytes = bytes | mmap.mmap

# No scene has more; a file made to fill the memory may.
_MOST_REFERENCES = 200_000
_MOST_PATH_BYTES = 4096
_FURTHEST_FRAME = 10**9


@dataclass(frozen=True, slots=True)
class SceneFacts:
    """Read from the file alone; what it does not tell is None or empty.

    Attributes:
        application: ``maya``, ``nuke``, ``houdini``, ``blender``, ``usd``.
        version: of the application that saved it, as it writes it.
        first, last: the frame range, both ends included.
        fps: exact.
        references: the files it uses as they are written in it, sorted, each once.
    """

    application: str
    version: str | None = None
    first: int | None = None
    last: int | None = None
    fps: Fraction | None = None
    references: tuple[str, ...] = ()


class References:
    """Paths as they are found."""

    def __init__(self) -> None:
        self._found: set[bytes] = set()

    def add(self, path: bytes) -> None:
        if 0 < len(path) <= _MOST_PATH_BYTES and len(self._found) < _MOST_REFERENCES:
            self._found.add(path)

    def all(self) -> tuple[str, ...]:
        """Each once, sorted; bytes that are no UTF-8 as Python keeps them in file names."""
        return tuple(sorted(path.decode("utf-8", "surrogateescape") for path in self._found))


def frame(text: bytes | str | None) -> int | None:
    """A frame number as applications write it: ``1001``, ``1001.5``, ``1e3``; None for anything else."""
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return round(value) if abs(value) < _FURTHEST_FRAME else None


def rate(text: bytes | str | float | None) -> Fraction | None:
    """An exact rate; None for what is none."""
    if text is None or text == b"" or (isinstance(text, bytes | str) and len(text) > 64):
        return None
    try:
        return exact_rate(text.decode("ascii", "replace") if isinstance(text, bytes) else text)
    except SequenceError:
        return None


def span(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """Both ends or none."""
    return (first, last) if first is not None and last is not None else (None, None)
