"""Houdini scenes (.hip): an archive of texts, searched for what looks like a file."""

from __future__ import annotations

import re

from onepiece_core.errors import SequenceError
from onepiece_core.frames import exact_rate
from onepiece_core.scenes.facts import Bytes, SceneFacts

_VERSION = re.compile(rb"set -g _HIP_SAVEVERSION = '([\d.]+)'")
_RANGE = re.compile(rb"^fps ([\d.]+)|^frange (-?\d+) (-?\d+)|^tset (-?[\d.e+-]+) (-?[\d.e+-]+)", re.MULTILINE)
_FILE = re.compile(
    rb"(?:\$HIP|\$JOB|\$HOME|/|[A-Za-z]:/)[\w $./<>%#{}@+-]{1,512}?"
    rb"\.(?:bgeo(?:\.sc|\.gz)?|abc|usd[acz]?|vdb|exr|rat|tif|tiff|png|jpe?g|tx|hdr|obj|fbx|hda|otl|geo|sim|wav|cdl|cube)\b"
)


def read_houdini(data: Bytes) -> SceneFacts:
    """The facts of a scene."""
    version = _VERSION.search(data)
    first = last = fps = None
    for match in _RANGE.finditer(data):
        if match[1] and fps is None:
            try:
                fps = exact_rate(match[1].decode())
            except SequenceError:
                pass  # a damaged line tells nothing
        elif match[2] and first is None:
            first, last = int(match[2]), int(match[3])
    # A Houdini install refers to itself all over: that is no file of the show.
    found = {match[0].decode("latin-1") for match in _FILE.finditer(data) if not match[0].startswith(b"/opt/hfs")}
    return SceneFacts("houdini", version[1].decode() if version else None, first, last, fps, tuple(sorted(found)))
