"""USD layers as text (.usda), line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from onepiece_core.errors import SequenceError
from onepiece_core.frames import exact_rate
from onepiece_core.scenes.facts import SceneFacts

_VERSION = re.compile(r"^#usda (\S+)")
_NUMBER = re.compile(r"^\s*(startTimeCode|endTimeCode|timeCodesPerSecond|framesPerSecond)\s*=\s*(-?[\d.]+)")
_ASSET = re.compile(r"@@@(.+?)@@@|@([^@\n]+)@")


def read_usda(lines: Iterable[str]) -> SceneFacts:
    """The facts of one layer; the layers it uses are not followed."""
    found: set[str] = set()
    numbers: dict[str, str] = {}
    version = None
    for line in lines:
        if version is None and (match := _VERSION.match(line)):
            version = match[1]
        if match := _NUMBER.match(line):
            numbers.setdefault(match[1], match[2])
        if "@" in line and not line.lstrip().startswith("#"):
            found.update(one or other for one, other in _ASSET.findall(line))
    first, last = (numbers.get(name) for name in ("startTimeCode", "endTimeCode"))
    try:
        rate = numbers.get("timeCodesPerSecond") or numbers.get("framesPerSecond")
        fps = exact_rate(rate) if rate else None
        ends = (round(float(first)) if first else None, round(float(last)) if last else None)
    except (SequenceError, ValueError):
        fps, ends = None, (None, None)
    return SceneFacts("usd", version, *ends, fps, tuple(sorted(found)))
