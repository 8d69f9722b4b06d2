"""Real cuts, written by OpenTimelineIO."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import opentimelineio as otio


def span(first: int, length: int, rate: float = 24) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(otio.opentime.RationalTime(first, rate), otio.opentime.RationalTime(length, rate))


def write_cut(
    path: Path, clips: Mapping[str, tuple[otio.opentime.TimeRange | None, otio.opentime.TimeRange | None]]
) -> Path:
    """One picture track; each clip with the range that is seen and the range that editorial holds."""
    timeline = otio.schema.Timeline("FG_ep010")
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for name, (seen, held) in clips.items():
        media = otio.schema.ExternalReference(f"{name}.mov", available_range=held) if held else None
        track.append(otio.schema.Clip(name, media_reference=media, source_range=seen))
    otio.adapters.write_to_file(timeline, str(path))
    return path
