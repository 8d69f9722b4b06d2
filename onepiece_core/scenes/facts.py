"""What a scene file tells without its application."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from fractions import Fraction

# The content of a file, read or mapped.
Bytes = bytes | mmap.mmap


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
