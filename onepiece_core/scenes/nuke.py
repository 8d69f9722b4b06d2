"""Nuke scripts (.nk): which node each knob belongs to decides whether its file is used or made."""

from __future__ import annotations

import re
from typing import BinaryIO

from onepiece_core.scenes.facts import References, SceneFacts, frame, rate, span
from onepiece_core.scenes.windows import Windows

# Lines that matter: the version, a node's beginning and end, a knob.
_LINE = re.compile(
    rb"\n(?:version (?P<version>\d\S{0,32}(?: v\d{1,9})?)"
    rb"|[ \t]*+(?:(?P<node>[A-Za-z_][\w.]*+|clone [^\n{]{0,256}) \{[ \t]*+(?=\r?(?:\n|\Z))"
    rb"|(?P<end>\})[ \t]*+(?=\r?(?:\n|\Z))"
    rb"|(?P<knob>file|proxy|vfield_file|gizmo_file|font_file|icc_profile|customOCIOConfigPath"
    rb"|first_frame|last_frame|fps)[ \t]++(?P<value>[^\n]{1,8192}+)))"
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_ROOT = (b"first_frame", b"last_frame", b"fps")
_WRITERS = frozenset((b"Write", b"WriteGeo", b"WriteTank", b"DeepWrite", b"SmartVector"))


def read_nuke(file: BinaryIO) -> SceneFacts:
    """The facts of a script. What its Write nodes make is no file that it uses."""
    found = References()
    root: dict[bytes, bytes] = {}
    version: bytes | None = None
    node = b""
    has_root = False
    windows = Windows(file)
    for data in windows:
        for match in _LINE.finditer(data, windows.start - 1):
            if match.start() >= windows.stop - 1:
                break  # the next window starts with this newline
            if match["node"]:
                node = match["node"]
                has_root = has_root or node == b"Root"
            elif match["end"]:
                node = b""
            elif match["version"]:
                version = version or match["version"]
            elif node == b"Root" and match["knob"] in _ROOT:
                root.setdefault(match["knob"], _plain(match["value"]))
            elif node and match["knob"] not in _ROOT and node not in _WRITERS:
                found.add(_plain(match["value"]))
    ends = span(frame(root.get(b"first_frame")), frame(root.get(b"last_frame")))
    fps = rate(root.get(b"fps", b"24")) if has_root else None
    return SceneFacts("nuke", version.decode("utf-8", "replace") if version else None, *ends, fps, found.all())


def _plain(value: bytes) -> bytes:
    """One word of TCL as Nuke takes it: between braces nothing is escaped."""
    value = value.strip()
    if len(value) > 1 and value[:1] + value[-1:] == b"{}":
        return value[1:-1]
    if len(value) > 1 and value[:1] + value[-1:] == b'""':
        value = value[1:-1]
    return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value
