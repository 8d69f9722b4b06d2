"""Small real media files, made without any library, so that every test can afford them."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path


def write_exr(path: Path, *, seed: int | str = 0, width: int = 32, height: int = 16) -> Path:
    """A sound uncompressed half-float RGB EXR (OpenEXR file layout, scan lines)."""
    noise = random.Random(seed)

    def attribute(name: str, kind: str, value: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value

    half, linear, sampling = 1, 0, (1, 1)
    channels = b"".join(name + b"\0" + struct.pack("<iB3xii", half, linear, *sampling) for name in (b"B", b"G", b"R"))
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    head = struct.pack("<ii", 20000630, 2) + b"".join(
        (
            attribute("channels", "chlist", channels + b"\0"),
            attribute("compression", "compression", b"\0"),
            attribute("dataWindow", "box2i", box),
            attribute("displayWindow", "box2i", box),
            attribute("lineOrder", "lineOrder", b"\0"),
            attribute("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
            attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
            attribute("screenWindowWidth", "float", struct.pack("<f", 1.0)),
            b"\0",
        )
    )
    line_bytes = width * 3 * 2
    first = len(head) + 8 * height
    offsets = struct.pack(f"<{height}Q", *(first + y * (8 + line_bytes) for y in range(height)))
    lines = b"".join(
        struct.pack("<ii", y, line_bytes) + struct.pack(f"<{width * 3}e", *(noise.random() for _ in range(width * 3)))
        for y in range(height)
    )
    path.write_bytes(head + offsets + lines)
    return path


def write_png(path: Path, *, seed: int | str = 0, width: int = 48, height: int = 27) -> Path:
    """A sound 8-bit RGB PNG."""
    noise = random.Random(seed)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + noise.randbytes(width * 3) for _ in range(height))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path
