"""Maya binary scenes (.mb): IFF groups whose headers are followed; of their content only texts are read.

The 32-bit form (FOR4) has ids and lengths of four bytes, the 64-bit form (FOR8, since Maya 2014) of eight, the id in
the first four. A group's type takes four bytes in both, and what follows is aligned from there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from onepiece_core.scenes.facts import Bytes, References, SceneFacts, span
from onepiece_core.scenes.maya import is_file, maya_options, maya_rate

_GROUPS = frozenset((b"FOR4", b"LIS4", b"FOR8", b"LIS8"))
_DEEPEST = 32
_LONGEST_BYTES = 64 << 10


class _Chunk(NamedTuple):
    """``group`` is the type of the innermost group around it."""

    kind: bytes
    group: bytes
    start: int
    size: int


def read_maya_binary(data: Bytes) -> SceneFacts | None:
    """The facts of a binary scene, as far as it is whole; None when it is none."""
    kind = bytes(data[:4])
    if kind not in (b"FOR4", b"FOR8"):
        return None
    head = 8 if kind == b"FOR4" else 16
    if bytes(data[head : head + 4]) != b"Maya":
        return None
    found = References()
    told: dict[bytes, bytes] = {}
    ends: tuple[int | None, int | None] = (None, None)
    for chunk in _chunks(data, is_wide=head == 16):
        if chunk.kind in (b"VERS", b"TUNI") and chunk.group == b"HEAD":
            told.setdefault(chunk.kind, _text(data, chunk).rstrip(b"\0 "))
        elif chunk.kind == b"FREF":
            found.add(_text(data, chunk).partition(b"\0")[0])
        elif chunk.kind == b"STR ":
            # The attribute's name, a byte of flags, the value.
            value = _text(data, chunk).partition(b"\0")[2][1:].partition(b"\0")[0]
            if b"playbackOptions" in value:
                ends = maya_options(value) or ends
            elif is_file(value):
                found.add(value)
    version = told.get(b"VERS")
    text = version.decode("utf-8", "replace")[:64] if version else None
    return SceneFacts("maya", text, *span(*ends), maya_rate(told.get(b"TUNI")), found.all())


def _chunks(data: Bytes, *, is_wide: bool) -> Iterator[_Chunk]:
    """Every chunk that is no group, as far as the file is whole."""
    head, align = (16, 8) if is_wide else (8, 4)
    size_of = struct.Struct(">8xQ" if is_wide else ">4xI")
    at, base, group = 0, 0, b""
    # Where the groups around us end, how they are called, and from where their content is aligned.
    around: list[tuple[int, bytes, int]] = [(len(data), b"", 0)]
    while True:
        while at + head > around[-1][0]:
            end, _, _ = around.pop()
            if not around:
                return
            _, group, base = around[-1]
            at = _aligned(end, base, align)
        kind, (size,) = bytes(data[at : at + 4]), size_of.unpack_from(data, at)
        start, end = at + head, at + head + size
        if end > around[-1][0]:
            return  # cut short, or damaged
        if kind in _GROUPS and size >= 4 and len(around) < _DEEPEST:
            group, base, at = bytes(data[start : start + 4]), start + 4, start + 4
            around.append((end, group, base))
            continue
        yield _Chunk(kind, group, start, size)
        at = _aligned(end, base, align)


def _aligned(at: int, base: int, align: int) -> int:
    return at + (base - at) % align


def _text(data: Bytes, chunk: _Chunk) -> bytes:
    return bytes(data[chunk.start : chunk.start + min(chunk.size, _LONGEST_BYTES)])
