"""EXR headers and offset tables, with the standard library alone (openexr.com, "OpenEXR File Layout").

A file that was cut after its header still opens everywhere and fails only when its pixels are read. So the table
of chunks is walked and compared with the size of the file: one missing byte is found.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field
from fractions import Fraction

from onepiece_core.media._reader import Reader
from onepiece_core.media.facts import MediaFacts, Window

MAGIC = b"\x76\x2f\x31\x01"
_TILED, _MULTIPART = 0x200, 0x1000
# The flag in a timecode that counts 29.97 as 30: its numbers leave some out.
_DROP_FRAME = 1 << 6
# What writers call the colour space of the pixels, in lower case.
_COLOUR_SPACES = frozenset({"colorspace", "oiio:colorspace", "colorinteropid"})
_PIXEL_TYPES = {0: "uint", 1: "half", 2: "float"}
# Name and scan lines a chunk, by the number in the file.
_COMPRESSIONS = (
    ("none", 1),
    ("rle", 1),
    ("zips", 1),
    ("zip", 16),
    ("piz", 32),
    ("pxr24", 16),
    ("b44", 32),
    ("b44a", 32),
    ("dwaa", 32),
    ("dwab", 256),
    ("htj2k", 256),
    ("htj2k32", 32),
)


@dataclass(slots=True)
class _Part:
    """The header of one part."""

    channels: list[tuple[str, str]] = field(default_factory=list)
    compression: int = 0
    data: Window | None = None
    display: Window | None = None
    pixel_aspect: float | None = None
    fps: Fraction | None = None
    chunks: int | None = None
    tiles: tuple[int, int, int] | None = None
    kind: str = ""
    colour_space: str | None = None
    frame_number: int | None = None
    timecode: tuple[int, int, int, int] | None = None


def probe_exr(reader: Reader) -> MediaFacts:
    """The facts of a whole EXR. Raises MediaTruncated, MediaError."""
    version = int.from_bytes(reader.at(4, 4, "the header"), "little")
    if version & 0xFF != 2:
        raise reader.invalid(f"it is an EXR of version {version & 0xFF}, which nothing reads")
    parts, offset = _read_parts(reader, multipart=bool(version & _MULTIPART))
    for part in parts:
        if part.data is None or part.display is None or not part.channels:
            raise reader.invalid("its EXR header lacks channels or windows")
    _check_chunks(reader, parts, offset, version)
    first = parts[0]
    assert first.data is not None
    assert first.display is not None
    types = {kind for part in parts for _, kind in part.channels}
    return MediaFacts(
        kind="exr",
        size_bytes=reader.size_bytes,
        width=first.display[2] - first.display[0] + 1,
        height=first.display[3] - first.display[1] + 1,
        channels=tuple(name for part in parts for name, _ in part.channels),
        pixel_type=types.pop() if len(types) == 1 else "mixed",
        compression=_COMPRESSIONS[first.compression][0] if first.compression < len(_COMPRESSIONS) else "unknown",
        data_window=first.data,
        display_window=first.display,
        pixel_aspect=first.pixel_aspect,
        fps=first.fps,
        colour_space=first.colour_space,
        frame_number=first.frame_number,
        timecode=first.timecode,
    )


def _read_parts(reader: Reader, *, multipart: bool) -> tuple[list[_Part], int]:
    parts: list[_Part] = []
    offset = 8
    while True:
        part, offset, is_empty = _read_part(reader, offset)
        if not is_empty:
            parts.append(part)
        if is_empty or not multipart:
            break
    if not parts:
        raise reader.invalid("its EXR header is empty")
    return parts, offset


def _read_part(reader: Reader, offset: int) -> tuple[_Part, int, bool]:
    part, is_empty = _Part(), True
    while True:
        name, offset = _text(reader, offset)
        if not name:
            return part, offset, is_empty
        is_empty = False
        kind, offset = _text(reader, offset)
        size = int.from_bytes(reader.at(offset, 4, "the header"), "little")
        value = reader.at(offset + 4, size, "the header")
        offset += 4 + size
        try:
            _take(part, name, kind, value)
        except (struct.error, IndexError, ValueError, ZeroDivisionError) as cause:
            raise reader.invalid(f"its EXR attribute {name!r} is damaged") from cause


def _text(reader: Reader, offset: int) -> tuple[str, int]:
    # Names have at most 255 bytes.
    raw = reader.at(offset, min(256, max(1, reader.size_bytes - offset)), "the header")
    end = raw.find(b"\0")
    if end < 0:
        if offset + len(raw) >= reader.size_bytes:
            raise reader.truncated("its header ends beyond the end of the file")
        raise reader.invalid("its EXR header is damaged")
    return raw[:end].decode("latin-1"), offset + end + 1


def _take(part: _Part, name: str, kind: str, value: bytes) -> None:
    match name, kind:
        case "channels", "chlist":
            part.channels = list(_channels(value))
        case "compression", "compression":
            part.compression = value[0]
        case "dataWindow", "box2i":
            part.data = struct.unpack("<4i", value)
        case "displayWindow", "box2i":
            part.display = struct.unpack("<4i", value)
        case "pixelAspectRatio", "float":
            part.pixel_aspect = struct.unpack("<f", value)[0]
        case "framesPerSecond" | "FramesPerSecond", "rational":  # the standard's spelling, OpenImageIO's
            numerator, denominator = struct.unpack("<iI", value)
            part.fps = Fraction(numerator, denominator) if denominator else None
        case "chunkCount", "int":
            part.chunks = struct.unpack("<i", value)[0]
        case "tiles", "tiledesc":
            width, height, mode = struct.unpack("<IIB", value)
            part.tiles = (width, height, mode)
        case "type", "string":
            part.kind = value.decode("latin-1")
        case "imageCounter", "int":
            part.frame_number = struct.unpack("<i", value)[0]
        case "timeCode", "timecode":
            packed = struct.unpack("<II", value)[0]
            part.timecode = None if packed & _DROP_FRAME else _timecode(packed)
        case _, "string" if name.lower() in _COLOUR_SPACES:
            part.colour_space = value.decode("utf-8", "replace") or None


def _timecode(packed: int) -> tuple[int, int, int, int]:
    """Decimal digits of four bits each, with flags between them (SMPTE ST 12-1)."""

    def number(at: int, tens_bits: int) -> int:
        return (packed >> at & 0xF) + 10 * (packed >> at + 4 & (1 << tens_bits) - 1)

    return number(24, 2), number(16, 3), number(8, 3), number(0, 2)


def _channels(value: bytes) -> list[tuple[str, str]]:
    found, offset = [], 0
    while value[offset] != 0:
        end = value.index(b"\0", offset)
        kind = int.from_bytes(value[end + 1 : end + 5], "little")
        found.append((value[offset:end].decode("latin-1"), _PIXEL_TYPES.get(kind, "unknown")))
        offset = end + 17
    return found


def _check_chunks(reader: Reader, parts: list[_Part], offset: int, version: int) -> None:
    multipart = bool(version & _MULTIPART)
    tables: list[tuple[_Part, array[int]]] = []
    for part in parts:
        count = _chunk_count(part, reader, is_tiled=bool(version & _TILED))
        if count is None:
            return  # a compression newer than this code: nothing can be said
        table: array[int] = array("Q")
        table.frombytes(reader.at(offset, count * 8, "the table of chunks"))
        if struct.pack("=H", 1) != struct.pack("<H", 1):
            table.byteswap()
        offset += count * 8
        tables.append((part, table))
    for part, table in tables:
        missing = table.count(0)
        if missing:
            raise reader.truncated(f"{missing} of {len(table)} chunks were never written", missing_chunks=missing)
        if min(table) < offset:
            raise reader.invalid("its table of chunks is damaged")
        last = max(table)
        if last >= reader.size_bytes:
            beyond = sum(start >= reader.size_bytes for start in table)
            raise reader.truncated(f"{beyond} of {len(table)} chunks are missing", missing_chunks=beyond)
        end = _chunk_end(reader, part, last, multipart=multipart, version=version)
        if end > reader.size_bytes:
            gone = end - reader.size_bytes
            raise reader.truncated(f"{gone} bytes of its last chunk are missing", missing_bytes=gone)


def _chunk_end(reader: Reader, part: _Part, start: int, *, multipart: bool, version: int) -> int:
    start += 4 if multipart else 0
    start += 16 if _is_tiled(part, bool(version & _TILED)) else 4
    if part.kind.startswith("deep"):
        table, data, _ = struct.unpack("<3Q", reader.at(start, 24, "its last chunk"))
        return start + 24 + int(table) + int(data)
    size = int.from_bytes(reader.at(start, 4, "its last chunk"), "little", signed=True)
    if size < 0:
        raise reader.invalid("a chunk has a negative size")
    return start + 4 + size


def _is_tiled(part: _Part, by_flag: bool) -> bool:
    return part.kind in ("tiledimage", "deeptile") if part.kind else by_flag


def _chunk_count(part: _Part, reader: Reader, *, is_tiled: bool) -> int | None:
    if part.chunks is not None:
        if part.chunks < 1:
            raise reader.invalid("its EXR header counts no chunks")
        return part.chunks
    assert part.data is not None
    width, height = part.data[2] - part.data[0] + 1, part.data[3] - part.data[1] + 1
    if width < 1 or height < 1:
        raise reader.invalid("its data window is empty")
    if not _is_tiled(part, is_tiled):
        if part.compression >= len(_COMPRESSIONS):
            return None
        return -(-height // _COMPRESSIONS[part.compression][1])
    if part.tiles is None or 0 in part.tiles[:2]:
        raise reader.invalid("its EXR header tells no tile size")
    return _tile_count(width, height, part.tiles)


def _tile_count(width: int, height: int, tiles: tuple[int, int, int]) -> int:
    across, down, mode = tiles
    up = mode >> 4 == 1
    match mode & 0xF:
        case 0:
            levels = [(width, height)]
        case 1:
            depth = _depth(max(width, height), up)
            levels = [(_level(width, level, up), _level(height, level, up)) for level in range(depth)]
        case _:
            heights = [_level(height, level, up) for level in range(_depth(height, up))]
            levels = [(_level(width, level, up), each) for level in range(_depth(width, up)) for each in heights]
    return sum(-(-w // across) * -(-h // down) for w, h in levels)


def _depth(size: int, up: bool) -> int:
    """How many levels there are until one pixel is left."""
    return (size - 1).bit_length() + 1 if up else size.bit_length()


def _level(size: int, level: int, up: bool) -> int:
    return max(1, -(-size // (1 << level)) if up else size >> level)
