"""Maya ASCII scenes (.ma): the few statements that matter are found among millions of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

from onepiece_core.scenes.facts import References, SceneFacts, frame, rate, span
from onepiece_core.scenes.windows import Windows, hits, islands

_VERSION = re.compile(rb'\nrequires maya "([^"\n]{1,64})"')
_UNIT = re.compile(rb"\ncurrentUnit [^\n;]*-t(?:ime)? ([\w.]{1,32})")
# Over several lines, of which the later ones are indented.
_FILE_STATEMENT = re.compile(rb'\nfile -r(?:[^";\n]++|\n(?=[ \t])|"(?:[^"\\\n]++|\\.)*+")*+;')
_QUOTED = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
# A value with a folder in it; or a bracket, after which a long value is written in pieces.
_STRINGS = re.compile(rb'-type "string" (?:"([^"\\/]*+(?=[/\\])(?:[^"\\]++|\\.)*+)"|\()', re.DOTALL)
_PIECE = re.compile(rb'\s*+\+?\s*+"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
# In the edits of a reference the whole command is a string itself.
_EDIT = re.compile(rb'-type \\"string\\" \\"([^"\\]*(?:\\\\[^"\\]*)*)\\"')
_OPTION = re.compile(rb"-(min|max|ast|aet) (-?[\d.eE+-]{1,32})")
_FILE = re.compile(rb"[/\\][^/\\\n]*\.[A-Za-z0-9]{1,8}\Z")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_UNITS = {b"film": 24, b"pal": 25, b"ntsc": 30, b"game": 15, b"show": 48, b"palf": 50, b"ntscf": 60}
_OPTIONS_BYTES = 400
# No path is longer; scripts are.
_LONGEST_BYTES = 8192
_MOST_SEEN = 100_000


def read_maya(file: BinaryIO) -> SceneFacts:
    """The facts of an ASCII scene."""
    found, seen = References(), _Seen()
    version = unit = None
    is_past_head = has_references = False
    ends: tuple[int | None, int | None] = (None, None)
    windows = Windows(file)
    for data in windows:
        if not is_past_head:
            unit, is_past_head = unit or _unit(data, windows), data.find(b"\ncreateNode ") >= 0
        for start, stop in islands(data, b'"', windows):
            version = version or _version(data, start, stop)
            for path in _references(data, start, stop):
                has_references = True
                found.add(path)
            for path in _strings(data, start, stop, seen):
                found.add(path)
            for path in _edits(data, start, stop) if has_references else ():
                found.add(path)
            for at in hits(data, b"playbackOptions", start, stop):
                ends = maya_options(bytes(data[at : at + _OPTIONS_BYTES])) or ends
    told = version.decode("utf-8", "replace") if version else None
    return SceneFacts("maya", told, *ends, maya_rate(unit), found.all())


def maya_rate(unit: bytes | None) -> Fraction | None:
    """``film`` is 24, ``ntscf`` 60, ``23.976fps`` what it says."""
    if unit is None:
        return None
    return rate(_UNITS.get(unit) or unit.removesuffix(b"fps").removesuffix(b"df"))


def is_file(value: bytes) -> bool:
    """Whether a text looks like the path of a file: it has a folder and an extension."""
    return (b"/" in value or b"\\" in value) and _FILE.search(value) is not None


def _version(data: bytearray, start: int, stop: int) -> bytes | None:
    for at in hits(data, b"\nrequires maya ", start - 1, stop):
        if match := _VERSION.match(data, at):
            return match[1]
    return None


def _unit(data: bytearray, window: Windows) -> bytes | None:
    """It stands in no quotes, but before the first node."""
    for at in hits(data, b"\ncurrentUnit ", window.start - 1, window.stop):
        if match := _UNIT.match(data, at):
            return match[1]
    return None


def _references(data: bytearray, start: int, stop: int) -> Iterator[bytes]:
    for at in hits(data, b"\nfile -r", start - 1, stop):
        if match := _FILE_STATEMENT.match(data, at):
            yield from (_plain(path) for path in _QUOTED.findall(match[0])[-1:])


class _Seen:
    """Values that were looked at already: a texture stands in many nodes."""

    def __init__(self) -> None:
        self._values: set[bytes] = set()

    def new(self, values: list[bytes]) -> set[bytes]:
        fresh = set(values) - self._values
        if len(self._values) < _MOST_SEEN:
            self._values |= fresh
        return fresh


def _strings(data: bytearray, start: int, stop: int, seen: _Seen) -> Iterator[bytes]:
    """The values of string attributes that name a file."""
    # One expression over all: a scene may have a million of them, and a step of Python for each is too much.
    values = _STRINGS.findall(data, start, stop + _LONGEST_BYTES)
    for value in seen.new(values):
        if is_file(value):
            yield _plain(value)
    if b"" in values:
        for at in hits(data, b'-type "string" (', start, stop):
            if is_file(value := _in_pieces(data, at + len(b'-type "string" ('))):
                yield _plain(value)


def _edits(data: bytearray, start: int, stop: int) -> Iterator[bytes]:
    for at in hits(data, b'-type \\"string\\"', start, stop):
        if (match := _EDIT.match(data, at)) and is_file(match[1]):
            yield _plain(_plain(match[1]))


def _in_pieces(data: bytearray, at: int) -> bytes:
    value = b""
    while len(value) <= _LONGEST_BYTES and (piece := _PIECE.match(data, at)):
        value, at = value + piece[1], piece.end()
    return value


def maya_options(text: bytes) -> tuple[int | None, int | None] | None:
    """The animation's ends, else the playback's, of a text that starts with or holds ``playbackOptions``."""
    options = text[text.find(b"playbackOptions") :].partition(b";")[0]
    told = {name: frame(value) for name, value in _OPTION.findall(options)}
    for names in ((b"ast", b"aet"), (b"min", b"max")):
        ends = span(told.get(names[0]), told.get(names[1]))
        if ends[0] is not None:
            return ends
    return None


def _plain(value: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value
