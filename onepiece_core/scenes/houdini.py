"""Houdini scenes (.hip): an archive of texts and bytes, searched for what looks like a file."""

from __future__ import annotations

import re
from typing import BinaryIO

from onepiece_core.scenes.facts import References, SceneFacts, frame, rate, span
from onepiece_core.scenes.windows import Windows, hits

_VERSION = re.compile(rb"set -g _HIP_SAVEVERSION = '([\d.]{1,32})'")
_PLAYBAR = re.compile(rb"\n(?:fps ([\d.]{1,32})|frange (-?\d{1,9}) (-?\d{1,9}))")
_ENDING = re.compile(
    rb"\.(?:bgeo(?:\.sc|\.gz)?|abc|usd[acz]?|vdb|exr|rat|tif|tiff|png|jpe?g|tx|hdr|obj|fbx|hda|otl|geo|sim|wav|cdl|cube)"
    rb"(?![\w.])"
)
# How a path may start.
_ROOTED = re.compile(rb"(?:\$\{?\w+\}?|[A-Za-z]:)?/")
_QUOTED = re.compile(rb'"((?:\$|/|[A-Za-z]:/)[^"\n\0]*+)\Z')
# What stands in a path without quotes; all other bytes separate.
_IN_PATH = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$./<>%#{}@+:-")
_SEPARATED = bytes(byte if byte in _IN_PATH or byte > 127 else 32 for byte in range(256))
_LONGEST_BYTES = 1024
_INSTALL = (b"/opt/hfs", b"$HFS", b"$HH")


def read_houdini(file: BinaryIO) -> SceneFacts:
    """The facts of a scene."""
    found = References()
    version = fps = None
    ends: tuple[int | None, int | None] = (None, None)
    windows = Windows(file, before=_LONGEST_BYTES)
    for data in windows:
        if version is None:
            for at in hits(data, b"set -g _HIP_SAVEVERSION", windows.start, windows.stop):
                if match := _VERSION.match(data, at):
                    version = match[1]
        for match in _PLAYBAR.finditer(data, windows.start - 1):
            if match.start() >= windows.stop:
                break
            if match[1]:
                fps = fps or rate(match[1])
            elif ends[0] is None:
                ends = span(frame(match[2]), frame(match[3]))
        for match in _ENDING.finditer(data, windows.start):
            if match.start() >= windows.stop:
                break
            # A Houdini install refers to itself all over: that is no file of the show.
            path = _path(data, match.end())
            if path and not path.startswith(_INSTALL):
                found.add(path)
    return SceneFacts("houdini", version.decode() if version else None, *ends, fps, found.all())


def _path(data: bytearray, end: int) -> bytes | None:
    """The path that ends at ``end``, looked for backwards."""
    text = bytes(data[max(0, end - _LONGEST_BYTES) : end])
    if data[end : end + 1] == b'"' and (match := _QUOTED.search(text)):
        return match[1]
    word = text.translate(_SEPARATED).rpartition(b" ")[2]
    return word if _ROOTED.match(word) else None
