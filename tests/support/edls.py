"""EDLs as editing systems write them (CMX 3600)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from onepiece_core.editorial.timecode import timecode


@dataclass(frozen=True)
class Event:
    """``speed`` in percent; the record side is as long as ``frames``."""

    name: str
    first: int
    frames: int
    reel: str = "A001"
    speed: int = 100


def edl(events: Iterable[Event], rate: Fraction = Fraction(24), start: int = 864000) -> str:
    lines = ["TITLE: REEL", "FCM: NON-DROP FRAME", ""]
    for number, event in enumerate(events, 1):
        used = event.frames * abs(event.speed) // 100
        codes = (event.first, event.first + used, start, start + event.frames)
        lines.append(f"{number:06d}  {event.reel:8} V     C        " + " ".join(timecode(code, rate) for code in codes))
        if event.speed != 100:
            lines.append(f"M2   {event.reel:8} {event.speed * round(rate) / 100:05.1f} {timecode(event.first, rate)}")
        lines.append(f"* FROM CLIP NAME: {event.name}")
        start += event.frames
    return "\n".join(lines) + "\n"
