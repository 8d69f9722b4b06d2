"""What the cut asks of a shot."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class CutClip:
    """One use of a shot in the cut. Frames are the media's own numbers, both ends included.

    Attributes:
        first, last: the frames that are seen.
        media_first, media_last: the frames that editorial holds, handles and all; None when the cut does not tell.
    """

    name: str
    first: int
    last: int
    rate: Fraction
    media_first: int | None = None
    media_last: int | None = None

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Cut:
    """A timeline: its picture clips in the order of the tracks."""

    name: str
    clips: tuple[CutClip, ...]


def find_clips(cut: Cut, names: tuple[str, ...]) -> tuple[CutClip, ...]:
    """The clips of a shot that is known under ``names`` (its code, its scene name).

    Equal names first, then names that hold one another at an underscore, then the only clip there is.
    """
    wanted = [name.casefold() for name in names if name]
    equal = tuple(clip for clip in cut.clips if clip.name.casefold() in wanted)
    if equal:
        return equal
    close = tuple(clip for clip in cut.clips if any(_belong(clip.name.casefold(), name) for name in wanted))
    return close or (cut.clips if len(cut.clips) == 1 else ())


def _belong(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return bool(shorter) and f"_{shorter}_" in f"_{longer}_".replace(".", "_")
