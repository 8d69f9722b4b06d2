"""Nuke scripts (.nk), line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from onepiece_core.errors import SequenceError
from onepiece_core.frames import exact_rate
from onepiece_core.scenes.facts import SceneFacts

_VERSION = re.compile(r"^version (\d\S*(?: v\d+)?)")
_NODE = re.compile(r"^\s*([A-Za-z_]\w*)\s*\{\s*$")
_KNOB = re.compile(r"^\s*(\w+)\s+(.+?)\s*$")
_FILES = frozenset({"file", "proxy", "vfield_file", "gizmo_file", "font_file"})
_WRITERS = frozenset({"Write", "WriteGeo", "WriteTank", "DeepWrite", "SmartVector"})


def read_nuke(lines: Iterable[str]) -> SceneFacts:
    """The facts of a script. What its Write nodes make is no file that it uses."""
    found: set[str] = set()
    root: dict[str, str] = {}
    version = None
    node = ""
    for line in lines:
        if version is None and (match := _VERSION.match(line)):
            version = match[1]
        if match := _NODE.match(line):
            node = match[1]
        elif line.strip() == "}":
            node = ""
        elif node and (match := _KNOB.match(line)):
            knob, value = match[1], _plain(match[2])
            if node == "Root":
                root.setdefault(knob, value)
            elif knob in _FILES and node not in _WRITERS and value:
                found.add(value)
    try:
        fps = exact_rate(root.get("fps", "24"))
    except SequenceError:
        fps = None
    return SceneFacts(
        "nuke", version, _whole(root.get("first_frame")), _whole(root.get("last_frame")), fps, _all(found)
    )


def _plain(value: str) -> str:
    if len(value) > 1 and value[0] + value[-1] in ('""', "{}"):
        value = value[1:-1]
    return value.replace("\\ ", " ")


def _whole(value: str | None) -> int | None:
    return int(value) if value and re.fullmatch(r"-?\d{1,9}", value) else None


def _all(found: set[str]) -> tuple[str, ...]:
    return tuple(sorted(found))
