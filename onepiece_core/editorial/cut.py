"""What the cut asks of a shot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class CutClip:
    """One use of a shot in the cut. Frames are the media's own numbers, both ends included.

    Attributes:
        first, last: the frames that are seen, as many as the clip is long.
        media_first, media_last: the frames that editorial holds, handles and all; None when the cut does not tell.
        record_first: where the clip begins in the cut, in frames of ``rate`` from the cut's start.
        speed: how fast the media runs: 1 as filmed, 2 twice as fast, 0 a freeze, negative backwards.
        source: what was filmed or rendered: a reel, or a file; "" when the cut does not tell.
    """

    name: str
    first: int
    last: int
    rate: Fraction
    media_first: int | None = None
    media_last: int | None = None
    record_first: int = 0
    speed: Fraction = Fraction(1)
    source: str = ""

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def used(self) -> tuple[int, int]:
        """First and last frame of the media that is shown: a clip at twice the speed uses twice its length."""
        if self.speed == 1:
            return self.first, self.last
        span = math.floor((len(self) - 1) * self.speed)
        return min(self.first, self.first + span), max(self.first, self.first + span)


@dataclass(frozen=True, slots=True)
class Cut:
    """A timeline: its picture clips in the order of the tracks.

    Attributes:
        start: frames from 00:00:00:00 to its first frame (10:00:00:00 at 24 fps is 864000).
        drops_frames: its time code drops frame numbers (29.97 and 59.94 alone can).
    """

    name: str
    clips: tuple[CutClip, ...]
    start: int = 0
    drops_frames: bool = False


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
