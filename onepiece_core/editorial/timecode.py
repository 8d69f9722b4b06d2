"""Time codes (SMPTE ST 12-1): frames counted in hours, minutes, seconds and frames."""

from __future__ import annotations

from fractions import Fraction

# Rates whose time code may drop numbers: 2 or 4 a minute, but not each tenth.
_DROPPED = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}


def timecode(frames: int, rate: Fraction, *, drop: bool = False) -> str:
    """``01:00:04:05``; with dropped numbers ``01:00:04;05``. A rate like 23.976 counts to 24."""
    base = round(rate)
    dropped = _DROPPED.get(rate, 0) if drop else 0
    sign, frames = ("-" if frames < 0 else ""), abs(frames)
    if dropped:
        minute, ten = base * 60 - dropped, base * 600 - dropped * 9
        tens, rest = divmod(frames, ten)
        frames += tens * dropped * 9 + (dropped * ((rest - dropped) // minute) if rest >= dropped else 0)
    seconds, frame = divmod(frames % (base * 86400), base)  # a day later it begins again
    mark = ";" if dropped else ":"
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frame:02d}"
