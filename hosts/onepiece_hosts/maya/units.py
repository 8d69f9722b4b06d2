"""Maya's names of frame rates."""

from __future__ import annotations

import re

from onepiece_hosts.errors import HostError
from onepiece_hosts.rates import exact

_NAMED = {
    "game": (15, 1),
    "film": (24, 1),
    "pal": (25, 1),
    "ntsc": (30, 1),
    "show": (48, 1),
    "palf": (50, 1),
    "ntscf": (60, 1),
    "sec": (1, 1),
    "millisec": (1000, 1),
    "min": (1, 60),
    "hour": (1, 3600),
}
# As Maya writes the rates of American television.
_TELEVISION = {24000: "23.976fps", 30000: "29.97fps", 48000: "47.952fps", 60000: "59.94fps", 120000: "119.88fps"}


def rate_of(unit: str) -> tuple[int, int]:
    """``film`` is 24/1, ``23.976fps`` is 24000/1001. Raises HostError."""
    if unit in _NAMED:
        return _NAMED[unit]
    # 29.97df counts time codes otherwise, the rate is the same.
    told = re.fullmatch(r"(\d+(?:\.\d+)?)(?:fps|df)", unit)
    if told is None:
        raise HostError("host.unknown_rate", f"Maya counts time in {unit!r}, which is no frame rate.", unit=unit)
    return exact(float(told[1]))


def unit_of(rate: tuple[int, int]) -> str:
    """The reverse; Maya itself refuses a rate that it does not have."""
    for name, known in _NAMED.items():
        if known == rate:
            return name
    above, below = rate
    if below == 1001 and above in _TELEVISION:
        return _TELEVISION[above]
    return f"{above / below:.6g}fps"
