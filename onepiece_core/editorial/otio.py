"""Read a cut with OpenTimelineIO, from its own files and from EDLs (CMX 3600).

The library takes ``{}`` and schemas that it does not know without a word: what came out is looked at here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from onepiece_core.editorial.cut import Cut, CutClip
from onepiece_core.errors import EditorialError, InputMissing, InputUnreadable
from onepiece_core.frames import exact_rate
from onepiece_core.shown import shown

# A cut of a whole film has a few megabytes.
MAX_BYTES = 256 << 20
# An event's four time codes; the third is where it stands in the cut.
_EVENT = re.compile(r"^\d+\s.*?((?:\d\d[:;]){3}\d\d(?:\s+(?:\d\d[:;]){3}\d\d){3})\s*$", re.ASCII | re.MULTILINE)


def read_cut(path: Path, rate: Fraction | None = None) -> Cut:
    """The cut in an ``.otio`` file or an EDL. ``rate``: of an EDL, which does not tell its own; None: 24.

    Raises EditorialError, InputMissing, InputUnreadable.
    """
    return read_edl(path, rate or Fraction(24)) if path.suffix.lower() == ".edl" else read_otio(path)


def read_otio(path: Path) -> Cut:
    """The cut in an ``.otio`` file. Raises EditorialError, InputMissing, InputUnreadable."""
    text = _text(path)
    # The C++ reader trusts the depth of what it reads: damage is looked for here first.
    try:
        root = json.loads(text)
    except json.JSONDecodeError as cause:
        raise _invalid(path, f"line {cause.lineno}, column {cause.colno}: {cause.msg}") from cause
    except (RecursionError, ValueError) as cause:
        raise _invalid(path, "it is no sound JSON") from cause
    if not isinstance(root, dict) or not isinstance(root.get("OTIO_SCHEMA"), str):
        raise _invalid(path, "it is JSON, but no OpenTimelineIO file: its root names no OTIO_SCHEMA")
    return _read(path, lambda otio: otio.adapters.read_from_string(text, "otio_json"))


def read_edl(path: Path, rate: Fraction) -> Cut:
    """The cut in an EDL of ``rate``. Raises EditorialError, InputMissing, InputUnreadable."""
    text = _text(path)
    event = _EVENT.search(text)
    if event is None:
        raise _invalid(path, "it holds no event of a CMX 3600 list")
    exact = _float(rate)

    def read(otio: Any) -> Any:
        return otio.adapters.read_from_string(text, "cmx_3600", rate=exact)

    import opentimelineio

    try:
        start = round(opentimelineio.opentime.from_timecode(event[1].split()[2], exact).value)
    except ValueError as cause:
        raise _invalid(path, f"{event[1].split()[2]} is no time code at {float(rate):.6g} fps") from cause
    return replace(_read(path, read), start=start, drops_frames=";" in event[1].split()[2])


def _read(path: Path, read: Callable[[Any], Any]) -> Cut:
    import opentimelineio

    try:
        root = read(opentimelineio)
    except Exception as cause:  # the library raises whatever its C++ half or an adapter threw
        raise _invalid(path, f"OpenTimelineIO does not read it: {_first_line(cause)}") from cause
    timeline = _timeline(opentimelineio, root, path)
    try:
        clips = tuple(_clips(opentimelineio, timeline))
        begin = timeline.global_start_time
    except Exception as cause:  # as above
        raise _invalid(path, f"its ranges make no sense: {_first_line(cause)}") from cause
    return Cut(timeline.name or path.stem, clips, round(begin.value) if begin is not None else 0)


def _float(rate: Fraction) -> float:
    """The rate as the library knows it: time codes are made for the very numbers of the standard."""
    return rate.numerator / rate.denominator


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputMissing(f"{shown(path)}: there is no such file", path=shown(path))
        if path.stat().st_size > MAX_BYTES:
            raise _invalid(path, f"it is larger than {MAX_BYTES} bytes")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as cause:
        raise InputUnreadable(f"{shown(path)}: {cause.strerror}", path=shown(path)) from cause
    except UnicodeDecodeError as cause:
        raise _invalid(path, f"byte {cause.start} is not UTF-8") from cause


def _timeline(otio: Any, root: Any, path: Path) -> Any:
    """The one timeline that came, alone or in a collection."""
    if isinstance(root, otio.schema.SerializableCollection):
        timelines = [each for each in root if isinstance(each, otio.schema.Timeline)]
        if len(timelines) != 1:
            raise _invalid(path, f"it holds {len(timelines)} timelines where one is expected")
        return timelines[0]
    if not isinstance(root, otio.schema.Timeline):
        kind = root.schema_name() if hasattr(root, "schema_name") else type(root).__name__
        told = "an unknown schema" if kind == "UnknownSchema" else f"a {kind}"
        raise _invalid(path, f"it holds {told}, not a timeline")
    return root


def _clips(otio: Any, timeline: Any) -> Iterator[CutClip]:
    for track in timeline.video_tracks():
        # Asked once for the whole track: a clip that asks for itself counts all before it.
        places = track.range_of_all_children()
        for clip in track.find_clips():
            seen = clip.trimmed_range()
            rate = exact_rate(seen.start_time.rate if seen.start_time.rate > 1 else seen.duration.rate)
            held = clip.media_reference.available_range if clip.media_reference else None
            media_first, media_last = _frames(held, seen.start_time.rate) if held is not None else (None, None)
            first, last = _frames(seen, seen.start_time.rate)
            place = places.get(clip) or clip.range_in_parent()
            begins = round(place.start_time.rescaled_to(seen.start_time.rate).value)
            speed, source = _speed(otio, clip), _source(clip)
            yield CutClip(clip.name, first, last, rate, media_first, media_last, begins, speed, source)


def _speed(otio: Any, clip: Any) -> Fraction:
    speed = Fraction(1)
    for effect in clip.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= _percent(effect.time_scalar)
    return speed


def _percent(scalar: float) -> Fraction:
    """Whole percents where they are meant: an EDL's 048.0 at 23.976 fps is twice as fast, not 2.002 times."""
    whole = Fraction(round(scalar * 100), 100)
    return whole if abs(scalar - whole) <= abs(whole) / 400 else Fraction(scalar).limit_denominator(1000)


def _source(clip: Any) -> str:
    """The file that the clip shows, else its reel."""
    url = getattr(clip.media_reference, "target_url", "") or ""
    reel = clip.metadata.get("cmx_3600", {}).get("reel", "")
    return str(url or reel)


def _frames(span: Any, rate: float) -> tuple[int, int]:
    """First and last frame of a range, in frames of ``rate``."""
    start = span.start_time.rescaled_to(rate) if span.start_time.rate != rate else span.start_time
    length = span.duration.rescaled_to(rate) if span.duration.rate != rate else span.duration
    first = round(start.value)
    return first, first + round(length.value) - 1


def _invalid(path: Path, why: str) -> EditorialError:
    return EditorialError(f"{shown(path)} is no cut that can be read: {why}", path=shown(path))


def _first_line(cause: Exception) -> str:
    return str(cause).partition("\n")[0][:200]
