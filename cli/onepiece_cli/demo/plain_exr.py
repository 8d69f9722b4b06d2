"""Sound EXR frames without any library: what the demo publishes where nothing can make pictures."""

from __future__ import annotations

import math
import struct
from pathlib import Path

# OpenEXR's file layout: magic number, version, attributes, a table of line offsets, one block a line.
_MAGIC, _VERSION = 20000630, 2
_HALF = 1


def write_plain_frame(path: Path, width: int, height: int, *, phase: float) -> None:
    """Write an uncompressed half-float RGB gradient to ``path``; ``phase`` (0 to 1) moves it."""
    head = _header(width, height)
    block = 8 + width * 3 * 2
    offsets = struct.pack(f"<{height}Q", *(len(head) + 8 * height + y * block for y in range(height)))
    lines = b"".join(struct.pack("<ii", y, block - 8) + _line(y / height, width, phase) for y in range(height))
    path.write_bytes(head + offsets + lines)


def _line(y: float, width: int, phase: float) -> bytes:
    """Blue, green, red: channels stand in the order of their names."""
    wave = [0.5 + 0.5 * math.sin(6.28 * (x / width + phase)) for x in range(width)]
    blue = [0.25 + 0.5 * y] * width
    green = [0.1 + 0.4 * y * value for value in wave]
    red = [0.05 + 0.3 * value * value for value in wave]
    return struct.pack(f"<{width * 3}e", *blue, *green, *red)


def _header(width: int, height: int) -> bytes:
    channels = b"".join(name + struct.pack("<iB3xii", _HALF, 0, 1, 1) for name in (b"B\0", b"G\0", b"R\0"))
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    attributes = (
        ("channels", "chlist", channels + b"\0"),
        ("compression", "compression", b"\0"),
        ("dataWindow", "box2i", box),
        ("displayWindow", "box2i", box),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
    )
    told = b"".join(
        f"{name}\0{kind}\0".encode() + struct.pack("<i", len(value)) + value for name, kind, value in attributes
    )
    return struct.pack("<ii", _MAGIC, _VERSION) + told + b"\0"
