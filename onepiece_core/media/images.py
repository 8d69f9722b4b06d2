"""PNG, JPEG, TIFF and DPX: size, and whether the end is there."""

from __future__ import annotations

import struct

from onepiece_core.media._reader import Reader
from onepiece_core.media.facts import Kind, MediaFacts

_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_PNG_CHANNELS = {0: ("Y",), 2: ("R", "G", "B"), 3: ("R", "G", "B"), 4: ("Y", "A"), 6: ("R", "G", "B", "A")}
# Some writers and cameras append notes to a complete picture.
_TAIL_BYTES = 64 << 10
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_TIFF_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


def probe_png(reader: Reader) -> MediaFacts:
    head = reader.at(0, 33, "the header")
    if head[12:16] != b"IHDR":
        raise reader.invalid("it is a PNG without a header")
    width, height, depth, colour = struct.unpack(">IIBB", head[16:26])
    if _PNG_END not in reader.tail(_TAIL_BYTES):
        raise reader.truncated("its end is missing")
    return _facts(reader, "png", (width, height), _PNG_CHANNELS.get(colour, ()), f"uint{depth}")


def probe_jpeg(reader: Reader) -> MediaFacts:
    offset = 2
    while True:
        marker = reader.at(offset, 4, "the header")
        if marker[0] != 0xFF:
            raise reader.invalid("it is a damaged JPEG")
        if marker[1] in (0xFF, *_JPEG_BARE):
            offset += 1 if marker[1] == 0xFF else 2
            continue
        if marker[1] in _JPEG_FRAMES:
            break
        offset += 2 + int.from_bytes(marker[2:], "big")
    depth, height, width, count = struct.unpack(">BHHB", reader.at(offset + 4, 6, "the header"))
    if b"\xff\xd9" not in reader.tail(_TAIL_BYTES):
        raise reader.truncated("its end is missing")
    return _facts(reader, "jpeg", (width, height), ("Y",) if count == 1 else ("R", "G", "B"), f"uint{depth}")


def probe_dpx(reader: Reader) -> MediaFacts:
    order = ">" if reader.at(0, 4, "the header") == b"SDPX" else "<"
    data_offset, size = (
        struct.unpack(f"{order}I", reader.at(4, 4, "the header"))[0],
        struct.unpack(f"{order}I", reader.at(16, 4, "the header"))[0],
    )
    width, height = struct.unpack(f"{order}II", reader.at(772, 8, "the header"))
    descriptor, depth = reader.at(800, 1, "the header")[0], reader.at(803, 1, "the header")[0]
    if size != 0xFFFFFFFF and size > reader.size_bytes:
        raise reader.truncated(f"{size - reader.size_bytes} bytes are missing", missing_bytes=size - reader.size_bytes)
    if data_offset > reader.size_bytes:
        raise reader.truncated("its picture is missing")
    channels = {6: ("Y",), 50: ("R", "G", "B"), 51: ("R", "G", "B", "A")}.get(descriptor, ())
    return _facts(reader, "dpx", (width, height), channels, f"uint{depth}")


def probe_tiff(reader: Reader) -> MediaFacts:
    head = reader.at(0, 16 if reader.size_bytes >= 16 else 8, "the header")
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(f"{order}H", head[2:4])[0] == 43
    offset = struct.unpack_from(f"{order}{'Q' if big else 'I'}", head, 8 if big else 4)[0]
    tags = _tiff_tags(reader, order, offset, big=big)
    for starts, counts in ((273, 279), (324, 325)):
        for start, count in zip(tags.get(starts, ()), tags.get(counts, ()), strict=False):
            if start + count > reader.size_bytes:
                raise reader.truncated("a part of its picture is missing")
    width, height = (tags.get(tag, (0,))[0] for tag in (256, 257))
    count = tags.get(277, (1,))[0]
    channels = {1: ("Y",), 2: ("Y", "A"), 3: ("R", "G", "B"), 4: ("R", "G", "B", "A")}.get(count, ())
    depth, is_float = tags.get(258, (1,))[0], tags.get(339, (1,))[0] == 3
    pixel_type = {16: "half", 32: "float"}.get(depth) if is_float else f"uint{depth}"
    return _facts(reader, "tiff", (width, height), channels, pixel_type)


def _tiff_tags(reader: Reader, order: str, offset: int, *, big: bool) -> dict[int, tuple[int, ...]]:
    width, head, entry = (8, 8, 20) if big else (4, 2, 12)
    count = struct.unpack(f"{order}{'Q' if big else 'H'}", reader.at(offset, head, "the directory"))[0]
    table = reader.at(offset + head, count * entry, "the directory")
    tags: dict[int, tuple[int, ...]] = {}
    for index in range(count):
        raw = table[index * entry : (index + 1) * entry]
        tag, kind = struct.unpack_from(f"{order}HH", raw)
        number = struct.unpack_from(f"{order}{'Q' if big else 'I'}", raw, 4)[0]
        size = _TIFF_SIZES.get(kind, 1) * number
        value = raw[4 + width : 4 + width + size]
        if size > width:
            value = reader.at(struct.unpack(f"{order}{'Q' if big else 'I'}", raw[-width:])[0], size, "the directory")
        if kind in _TIFF_INTEGERS and number:
            tags[tag] = struct.unpack(f"{order}{number}{_TIFF_INTEGERS[kind]}", value)
    return tags


def _facts(
    reader: Reader, kind: Kind, size: tuple[int, int], channels: tuple[str, ...], pixel_type: str | None
) -> MediaFacts:
    width, height = size
    if not width or not height:
        raise reader.invalid("it has no pixels")
    return MediaFacts(kind, reader.size_bytes, width, height, channels, pixel_type)
