"""What a media file tells about itself."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Kind = Literal["exr", "png", "jpeg", "tiff", "dpx", "cineon", "gif", "movie", "other"]
# first x, first y, last x, last y: both ends included.
Window = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """One file that was found whole. What the format does not tell is None or empty.

    Attributes:
        width: of the display window, in pixels.
        pixel_type: ``half``, ``float``, ``uint``, ``uint8``, ``uint10``, ``uint16``; ``mixed`` when channels differ.
        data_window: the pixels that are stored.
        display_window: the picture; another data window is overscan or a crop.
        fps: exact, frames a second.
        frames: of a movie.
        variable_rate: the frames of a movie do not last equally long.
        has_edits: a movie's edit list leaves frames out, or moves them in time.
        colour_space: as an EXR's attribute names it; of a movie ``rec709``, ``rec2020``, ``p3``, by its primaries.
        frame_number: of an EXR that holds one.
        timecode: of an EXR that holds one: hours, minutes, seconds, frames.
    """

    kind: Kind
    size_bytes: int
    width: int | None = None
    height: int | None = None
    channels: tuple[str, ...] = ()
    pixel_type: str | None = None
    compression: str | None = None
    data_window: Window | None = None
    display_window: Window | None = None
    pixel_aspect: float | None = None
    fps: Fraction | None = None
    frames: int | None = None
    codec: str | None = None
    has_timecode: bool = False
    variable_rate: bool = False
    has_edits: bool = False
    colour_space: str | None = None
    frame_number: int | None = None
    timecode: tuple[int, int, int, int] | None = None
