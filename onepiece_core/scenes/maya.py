"""Maya ASCII scenes (.ma), line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from onepiece_core.errors import SequenceError
from onepiece_core.frames import exact_rate
from onepiece_core.scenes.facts import SceneFacts

_VERSION = re.compile(r'^requires maya "([^"]+)"')
_UNIT = re.compile(r"^currentUnit .*-t (\S+?);?$")
_RANGE = re.compile(r"playbackOptions .*-ast (-?[\d.]+) .*-aet (-?[\d.]+)")
_SHORT_RANGE = re.compile(r"playbackOptions -min (-?[\d.]+) -max (-?[\d.]+)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_STRING = re.compile(r'-type "string" "((?:[^"\\]|\\.)*)"')
# A value that names a file: it has a folder and an extension.
_FILE = re.compile(r"[/\\][^/\\]*\.[A-Za-z0-9]{1,8}$")
_UNITS = {"film": 24, "pal": 25, "ntsc": 30, "game": 15, "show": 48, "palf": 50, "ntscf": 60}


def read_maya(lines: Iterable[str]) -> SceneFacts:
    """The facts of an ASCII scene."""
    found: set[str] = set()
    version = unit = None
    span: tuple[int, int] | None = None
    statement = ""
    for raw in lines:
        line = raw.strip()
        if version is None and (match := _VERSION.match(line)):
            version = match[1]
        if unit is None and (match := _UNIT.match(line)):
            unit = match[1]
        # A file statement runs over several lines.
        if statement or line.startswith("file -r"):
            statement += f" {line}"
            if line.endswith(";"):
                found.update(_QUOTED.findall(statement)[-1:])
                statement = ""
        elif '-type "string"' in line:
            found.update(value for value in _STRING.findall(line) if _FILE.search(value))
        if "playbackOptions" in line and (match := _RANGE.search(line) or _SHORT_RANGE.search(line)):
            span = round(float(match[1])), round(float(match[2]))
    references = tuple(sorted(value.replace('\\"', '"').replace("\\\\", "\\") for value in found))
    first, last = span or (None, None)
    return SceneFacts("maya", version, first, last, _rate(unit), references)


def _rate(unit: str | None) -> Fraction | None:
    if unit is None:
        return None
    try:
        return exact_rate(_UNITS.get(unit) or unit.removesuffix("fps"))
    except SequenceError:
        return None
