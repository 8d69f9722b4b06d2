"""Blender files (.blend): blocks of structures whose layout is described in the file itself ("SDNA")."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from onepiece_core.scenes.facts import Bytes, SceneFacts

_ARRAY = re.compile(r"\[(\d+)\]")
_PATH_BYTES = 1024  # FILE_MAX: only paths are that long
_MOST_NAMES = 1_000_000
_MOST_BLOCKS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Block:
    code: bytes
    structure: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class _Field:
    kind: str
    name: str
    offset: int
    size: int


class _File:
    """A whole file in memory, its header understood."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        if data[7:9].isdigit():  # 5.0 and later: BLENDER17-01v0500
            self.head_bytes, self.pointer_bytes, self.order, self.is_large = int(data[7:9]), 8, "<", True
            self.version = data[13:17].decode("latin-1")
        else:
            self.head_bytes, self.pointer_bytes = 12, 8 if data[7:8] == b"-" else 4
            self.order, self.is_large = ("<" if data[8:9] == b"v" else ">"), False
            self.version = data[9:12].decode("latin-1")
        self.blocks = list(islice(self._blocks(), _MOST_BLOCKS))
        dna = next(block for block in self.blocks if block.code == b"DNA1")
        self.structures = _read_dna(self, dna)

    def _blocks(self) -> Iterator[_Block]:
        at = self.head_bytes
        layout = (
            f"{self.order}4siQqq" if self.is_large else f"{self.order}4si{'Q' if self.pointer_bytes == 8 else 'I'}ii"
        )
        head = struct.calcsize(layout)
        while True:
            code, *numbers = struct.unpack_from(layout, self.data, at)
            size, structure = (numbers[2], numbers[0]) if self.is_large else (numbers[0], numbers[2])
            if code == b"ENDB":
                return
            if size < 0 or at + head + size > len(self.data):
                raise ValueError("a block ends beyond the end of the file")
            # Nearly all blocks are DATA, which nobody here asks for.
            if code != b"DATA":
                yield _Block(code.rstrip(b"\0"), structure, at + head, size)
            at += head + size

    def fields(self, block: _Block) -> dict[str, _Field]:
        return self.structures[block.structure][1]

    def fields_of(self, kind: str) -> dict[str, _Field]:
        return next(fields for name, fields in self.structures if name == kind)


def read_blender(data: Bytes) -> SceneFacts:
    """The facts of an uncompressed file. Raises ValueError, struct.error, ... when it is damaged."""
    file = _File(data)
    major, minor = int(file.version[:-2]), int(file.version[-2:])
    first, last, fps = _range(file)
    references = tuple(sorted({path for block in file.blocks for path in _paths(file, block)}))
    return SceneFacts("blender", f"{major}.{minor}", first, last, fps, references)


def _paths(file: _File, block: _Block) -> Iterator[str]:
    if len(block.code) != 2 or block.code in (b"SC", b"WM", b"SR"):
        return  # what is rendered and shown, not what is used
    fields = file.fields(block)
    for field in fields.values():
        plain = field.name.partition("[")[0]
        if plain not in ("filepath", "name") or field.size < _PATH_BYTES or _is_packed(file, block, fields):
            continue
        raw = file.data[block.start + field.offset : block.start + field.offset + field.size]
        if text := raw.partition(b"\0")[0].decode("utf-8", "surrogateescape"):
            yield text


def _is_packed(file: _File, block: _Block, fields: dict[str, _Field]) -> bool:
    """Whether the bytes of the file are inside the scene."""
    for name in ("*packedfile", "packedfiles"):
        if name in fields:
            at = block.start + fields[name].offset
            if any(file.data[at : at + file.pointer_bytes]):
                return True
    return False


def _range(file: _File) -> tuple[int | None, int | None, Fraction | None]:
    scene = next((block for block in file.blocks if block.code == b"SC"), None)
    if scene is None:
        return None, None, None
    render = file.fields_of("RenderData")
    base = scene.start + file.fields(scene)["r"].offset

    def number(name: str) -> int:
        field = render[name]
        return int(
            struct.unpack_from(f"{file.order}{'i' if field.size == 4 else 'h'}", file.data, base + field.offset)[0]
        )

    divisor = struct.unpack_from(f"{file.order}f", file.data, base + render["frs_sec_base"].offset)[0]
    fps = Fraction(number("frs_sec")) / Fraction(divisor).limit_denominator(1001) if divisor else None
    return number("sfra"), number("efra"), fps


def _read_dna(file: _File, dna: _Block) -> list[tuple[str, dict[str, _Field]]]:
    data, order, at = file.data, file.order, dna.start + 8  # SDNA NAME
    last = dna.start + dna.size

    def texts(at: int) -> tuple[list[str], int]:
        (count,) = struct.unpack_from(f"{order}i", data, at)
        at += 4
        found: list[str] = []
        for _ in range(count):
            end = data.find(b"\0", at, last)
            if end < 0 or len(found) > _MOST_NAMES:
                raise ValueError("a name has no end")
            found.append(data[at:end].decode("latin-1"))
            at = end + 1
        return found, at + (-(at - dna.start)) % 4

    names, at = texts(at)
    types, at = texts(at + 4)  # TYPE
    sizes = struct.unpack_from(f"{order}{len(types)}h", data, at + 4)  # TLEN
    at += 4 + 2 * len(types)
    at += (-(at - dna.start)) % 4 + 4  # STRC
    (count,) = struct.unpack_from(f"{order}i", data, at)
    at += 4
    structures = []
    for _ in range(count):
        kind, length = struct.unpack_from(f"{order}hh", data, at)
        pairs = struct.unpack_from(f"{order}{2 * length}h", data, at + 4)
        at += 4 + 4 * length
        members = [(types[pairs[i]], sizes[pairs[i]], names[pairs[i + 1]]) for i in range(0, 2 * length, 2)]
        structures.append((types[kind], _lay_out(members, file.pointer_bytes)))
    return structures


def _lay_out(members: list[tuple[str, int, str]], pointer_bytes: int) -> dict[str, _Field]:
    fields, offset = {}, 0
    for kind, size, name in members:
        each = pointer_bytes if name.startswith(("*", "(")) else size
        for length in _ARRAY.findall(name):
            each *= int(length)
        fields[name.partition("[")[0]] = _Field(kind, name, offset, each)
        offset += each
    return fields
