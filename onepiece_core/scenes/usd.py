"""USD layers as text (.usda): assets stand between at signs, outside of strings and comments."""

from __future__ import annotations

import re
from typing import BinaryIO

from onepiece_core.scenes.facts import References, SceneFacts, frame, rate, span
from onepiece_core.scenes.windows import Windows

_VERSION = re.compile(rb"\n#usda (\S{1,32})")
_METADATA = re.compile(
    rb"\n[ \t]*+(startTimeCode|endTimeCode|timeCodesPerSecond|framesPerSecond)[ \t]*+=[ \t]*+(-?[\d.eE+-]{1,32})"
)
# An asset, or what may hold an at sign that is none: a string, a comment.
_TOKEN = re.compile(
    rb"@@@(?P<long>[^@\n][^\n]{0,4096}?)@@@(?!@)|@(?P<asset>[^@\n]{1,4096}+)@"
    rb'|"""(?:[^"\\]++|\\.|"(?!""))*+"""|"(?:[^"\\\n]++|\\.)*+"'
    rb"|'(?:[^'\\\n]++|\\.)*+'|#[^\n]*+",
    re.DOTALL,
)


def read_usda(file: BinaryIO) -> SceneFacts:
    """The facts of one layer; the layers it uses are not followed."""
    found = References()
    told: dict[bytes, bytes] = {}
    version: bytes | None = None
    windows = Windows(file)
    for data in windows:
        if version is None and (match := _VERSION.search(data, 0, 4096)):
            version = match[1]
        # A layer's own metadata stand in the brackets at its top.
        if not told:
            for match in _METADATA.finditer(data):
                told.setdefault(match[1], match[2])
        for match in _TOKEN.finditer(data, windows.start):
            if match.start() >= windows.stop:
                break
            windows.resume_at(match.end())
            if path := match["long"] or match["asset"]:
                found.add(path)
    ends = span(frame(told.get(b"startTimeCode")), frame(told.get(b"endTimeCode")))
    fps = rate(told.get(b"timeCodesPerSecond") or told.get(b"framesPerSecond"))
    return SceneFacts("usd", version.decode("latin-1") if version else None, *ends, fps, found.all())
