"""Frame ranges, and the rates they are played at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, Field, model_validator

from onepiece_core.errors import SequenceError

_SPAN = re.compile(r"(-?\d{1,9})(?:-(-?\d{1,9})(?:x(\d{1,9}))?)?", re.ASCII)

# More frames than any show has; a slip of the finger must not fill the memory.
MAX_FRAMES = 10_000_000


class FrameRange(BaseModel, frozen=True):
    """Frames from ``first`` to ``last``, both included.

    Attributes:
        first: first frame, in frames of the shot (``1001`` by habit, not 0).
        last: last frame, included: 1001-1100 is 100 frames.
        step: distance between rendered frames, in frames.
        fps: frames per second. 23.976 is written as 24000/1001.
    """

    first: int
    last: int
    step: int = Field(default=1, ge=1)
    fps: float = Field(default=24.0, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last frame {self.last} is before first frame {self.first}")
        return self

    def __len__(self) -> int:
        return (self.last - self.first) // self.step + 1

    @property
    def frames(self) -> range:
        """Every frame that is rendered."""
        return range(self.first, self.last + 1, self.step)

    @property
    def seconds(self) -> float:
        """Length on screen, in seconds (``step`` plays no part)."""
        return (self.last - self.first + 1) / self.fps

    @property
    def rate(self) -> Fraction:
        """The exact rate: 24000/1001 where ``fps`` says 23.976."""
        return exact_rate(self.fps)

    def __str__(self) -> str:
        text = _span_text(self.first, self.last)
        return text if self.step == 1 else f"{text}x{self.step}"


def exact_rate(fps: float | str | Fraction) -> Fraction:
    """The rate that is meant: 23.976, 23.98 and "24000/1001" are all 24000/1001.

    A rate within 0.01 of an NTSC rate and not whole is that NTSC rate; any other is taken as it is,
    to a thousandth. Raises SequenceError for what is no positive number.
    """
    try:
        value = Fraction(fps.strip() if isinstance(fps, str) else fps)
    except (ValueError, ZeroDivisionError, OverflowError) as cause:
        raise SequenceError(f"{fps!r} is no frame rate", hint="Write it as 24, 23.976 or 24000/1001.") from cause
    if not 0 < value <= 100_000:
        raise SequenceError(f"{fps!r} is no frame rate", hint="Write it as 24, 23.976 or 24000/1001.")
    if value.denominator == 1:
        return value
    ntsc = Fraction(round(value * 1001 / 1000) * 1000, 1001)
    return ntsc if abs(value - ntsc) < Fraction(1, 100) else value.limit_denominator(1001)


def spans(frames: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Runs of consecutive frames, sorted, as (first, last)."""
    first = last = None
    for frame in sorted(set(frames)):
        if first is None or last is None:
            first = last = frame
        elif frame == last + 1:
            last = frame
        else:
            yield first, last
            first = last = frame
    if first is not None and last is not None:
        yield first, last


def gaps(frames: Iterable[int]) -> Iterator[tuple[int, int]]:
    """What is missing between the first and the last frame, as (first, last), without listing it."""
    before: int | None = None
    for first, last in spans(frames):
        if before is not None:
            yield before + 1, first - 1
        before = last


def format_spans(runs: Iterable[tuple[int, int]]) -> str:
    """``1003,1010-1012``."""
    return ",".join(_span_text(first, last) for first, last in runs)


def format_ranges(frames: Iterable[int]) -> str:
    """``[1001, 1002, 1005]`` as ``1001-1002,1005``."""
    return format_spans(spans(frames))


def parse_ranges(text: str) -> tuple[int, ...]:
    """``1001-1002,1005`` or ``1001-1010x3`` as sorted frames, each once. Raises SequenceError."""
    found: set[int] = set()
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise SequenceError(f"{text!r} is no frame range", hint="Write it as 1001-1010,1015.")
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        step = 1 if match[3] is None else int(match[3])
        if last < first or step < 1:
            raise SequenceError(
                f"{part.strip()!r} in {text!r} runs backwards", hint="Write first-last, or first-lastxstep."
            )
        frames = range(first, last + 1, step)
        if len(frames) + len(found) > MAX_FRAMES:
            raise SequenceError(f"{text!r} holds more than {MAX_FRAMES} frames")
        found.update(frames)
    return tuple(sorted(found))


def _span_text(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
