"""Read a cut with OpenTimelineIO.

The library takes ``{}`` and schemas that it does not know without a word: what came out is looked at here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onepiece_core.editorial.cut import Cut, CutClip
from onepiece_core.errors import EditorialError, InputMissing, InputUnreadable
from onepiece_core.frames import exact_rate
from onepiece_core.shown import shown

# A cut of a whole film has a few megabytes.
MAX_BYTES = 256 << 20


def read_otio(path: Path) -> Cut:
    """The cut in an ``.otio`` file. Raises EditorialError, InputMissing, InputUnreadable."""
    text = _text(path)
    import opentimelineio

    try:
        root = opentimelineio.adapters.read_from_string(text, "otio_json")
    except Exception as cause:  # the library raises whatever its C++ half threw
        raise _invalid(path, f"OpenTimelineIO does not read it: {_first_line(cause)}") from cause
    timeline = _timeline(opentimelineio, root, path)
    try:
        clips = tuple(_clips(timeline))
    except Exception as cause:  # as above
        raise _invalid(path, f"its ranges make no sense: {_first_line(cause)}") from cause
    return Cut(timeline.name or path.stem, clips)


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputMissing(f"{shown(path)}: there is no such file", path=shown(path))
        if path.stat().st_size > MAX_BYTES:
            raise _invalid(path, f"it is larger than {MAX_BYTES} bytes")
        text = path.read_bytes().decode("utf-8-sig")
        # The C++ reader trusts the depth of what it reads: damage is looked for here first.
        root = json.loads(text)
    except OSError as cause:
        raise InputUnreadable(f"{shown(path)}: {cause.strerror}", path=shown(path)) from cause
    except UnicodeDecodeError as cause:
        raise _invalid(path, f"byte {cause.start} is not UTF-8") from cause
    except json.JSONDecodeError as cause:
        raise _invalid(path, f"line {cause.lineno}, column {cause.colno}: {cause.msg}") from cause
    except (RecursionError, ValueError) as cause:
        raise _invalid(path, "it is no sound JSON") from cause
    if not isinstance(root, dict) or not isinstance(root.get("OTIO_SCHEMA"), str):
        raise _invalid(path, "it is JSON, but no OpenTimelineIO file: its root names no OTIO_SCHEMA")
    return text


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


def _clips(timeline: Any) -> Iterator[CutClip]:
    for track in timeline.video_tracks():
        for clip in track.find_clips():
            seen = clip.trimmed_range()
            rate = exact_rate(seen.start_time.rate if seen.start_time.rate > 1 else seen.duration.rate)
            held = clip.media_reference.available_range if clip.media_reference else None
            ends = _frames(held, seen.start_time.rate) if held is not None else (None, None)
            first, last = _frames(seen, seen.start_time.rate)
            yield CutClip(clip.name, first, last, rate, *ends)


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
