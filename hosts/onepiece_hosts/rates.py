"""Frame rates that hosts keep as floats, exactly."""

from __future__ import annotations

from fractions import Fraction


def exact(rate: float) -> tuple[int, int]:
    """24 is 24/1, and what is as near to 23.976 as people write it is 24000/1001."""
    told = Fraction(rate).limit_denominator(100_000)
    ntsc = Fraction(round(told * 1001 / 1000) * 1000, 1001)
    if told.denominator != 1 and abs(told - ntsc) < Fraction(1, 500):
        told = ntsc
    return told.numerator, told.denominator
