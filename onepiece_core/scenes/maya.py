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
# Up to the next quote, which may be escaped: values that may name a file, and the range of the animation. Empty where
# a list of texts begins.
_ROUGHLY = re.compile(rb'pe "string(?:" "((?:playbackOptions |[^"\\/]*+[/\\])[^"]*+)"|Array" )')
_EXACTLY = re.compile(rb'pe "string" "([^"\\/]*+(?=[/\\])(?:[^"\\]++|\\.)*+)"', re.DOTALL)
_LIST = re.compile(rb'-type "stringArray" \d++((?:\s*+"(?:[^"\\]++|\\.)*+")*+)', re.DOTALL)
_BRACKET = b'-type "string" ('
_PIECE = re.compile(rb'\s*+\+?\s*+"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
# In the edits of a reference the whole command is a string itself.
_EDIT = re.compile(rb'-type \\"string\\" \\"([^"\\]*(?:\\\\[^"\\]*)*)\\"')
_OPTION = re.compile(rb"-(min|max|ast|aet) (-?[\d.eE+-]{1,32})")
_FILE = re.compile(rb"[/\\][^/\\\n]*\.[A-Za-z0-9]{1,8}\Z")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
_UNITS = {b"film": 24, b"pal": 25, b"ntsc": 30, b"game": 15, b"show": 48, b"palf": 50, b"ntscf": 60}
# No path is longer; scripts are.
_LONGEST_BYTES = 8192
_MOST_SEEN, _LONGEST_SEEN_BYTES = 100_000, 512


def read_maya(file: BinaryIO) -> SceneFacts:
    """The facts of an ASCII scene."""
    found, head, body = References(), _Head(), _Body()
    windows = Windows(file)
    for data in windows:
        if not head.is_over:
            head.read(data, windows, found)
        for start, stop in islands(data, b'"', windows):
            body.read(data, start, stop, found)
            if head.has_references:
                _read_edits(data, start, stop, found)
    version = head.version.decode("utf-8", "replace") if head.version else None
    return SceneFacts("maya", version, *body.ends, maya_rate(head.unit), found.all())


def maya_rate(unit: bytes | None) -> Fraction | None:
    """``film`` is 24, ``ntscf`` 60, ``23.976fps`` what it says."""
    if unit is None:
        return None
    return rate(_UNITS.get(unit) or unit.removesuffix(b"fps").removesuffix(b"df"))


def is_file(value: bytes) -> bool:
    """Whether a text looks like the path of a file: it has a folder and an extension."""
    return b"\n" not in value and _FILE.search(value) is not None


class _Head:
    """What stands before the first node: Maya writes the references, the version and the units there."""

    def __init__(self) -> None:
        self.is_over = self.has_references = False
        self.version: bytes | None = None
        self.unit: bytes | None = None

    def read(self, data: bytearray, window: Windows, found: References) -> None:
        start, stop = window.start - 1, window.stop
        self.version = self.version or _first(_VERSION, data, hits(data, b"\nrequires maya ", start, stop))
        self.unit = self.unit or _first(_UNIT, data, hits(data, b"\ncurrentUnit ", start, stop))
        for at in hits(data, b"\nfile -r", start, stop):
            if match := _FILE_STATEMENT.match(data, at):
                self.has_references = True
                for path in _QUOTED.findall(match[0])[-1:]:
                    found.add(_plain(path))
        self.is_over = data.find(b"\ncreateNode ", start, stop) >= 0


def _first(pattern: re.Pattern[bytes], data: bytearray, places: Iterator[int]) -> bytes | None:
    return next((match[1] for at in places if (match := pattern.match(data, at))), None)


class _Body:
    """The values of string attributes that name a file, and of the script that sets the range."""

    def __init__(self) -> None:
        # Values that were looked at already: a texture stands in many nodes.
        self._seen: set[bytes] = set()
        self.ends: tuple[int | None, int | None] = (None, None)

    def read(self, data: bytearray, start: int, stop: int, found: References) -> None:
        # One simple expression over all: a scene may have a million of them, and a step of Python for each is too much.
        end = stop + _LONGEST_BYTES
        values = self._fresh(_ROUGHLY.findall(data, start, end))
        if [value for value in values if not self._take(value, found)]:
            for value in self._fresh(_EXACTLY.findall(data, start, end)):
                _add(value, found)
        if b"" in values:
            for texts in _LIST.findall(data, start, end):
                for value in _QUOTED.findall(texts):
                    _add(value, found)
        # After a bracket a long value is written in pieces.
        if data.find(b"(", start, stop + len(_BRACKET)) >= 0:
            for at in hits(data, _BRACKET, start, stop):
                _add(_in_pieces(data, at + len(_BRACKET)), found)

    def _fresh(self, values: list[bytes]) -> list[bytes]:
        return [value for value in dict.fromkeys(values) if value not in self._seen]

    def _take(self, value: bytes, found: References) -> bool:
        """False for a value that was cut at a quote in it: an odd number of backslashes stands before that."""
        if value.endswith(b"\\") and (len(value) - len(value.rstrip(b"\\"))) % 2:
            return False
        if len(self._seen) < _MOST_SEEN and 0 < len(value) <= _LONGEST_SEEN_BYTES:
            self._seen.add(value)
        if value.startswith(b"playbackOptions "):
            self.ends = maya_options(value) or self.ends
        else:
            _add(value, found)
        return True


def _read_edits(data: bytearray, start: int, stop: int, found: References) -> None:
    if data.find(b"\\", start, stop) < 0:
        return
    for at in hits(data, b'-type \\"string\\"', start, stop):
        if match := _EDIT.match(data, at):
            _add(_plain(match[1]), found)


def _add(value: bytes, found: References) -> None:
    if is_file(plain := _plain(value)):
        found.add(plain)


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
    return _ESCAPED.sub(_meant, value) if b"\\" in value else value


def _meant(escaped: re.Match[bytes]) -> bytes:
    return _MEANT.get(escaped[1], escaped[1])
