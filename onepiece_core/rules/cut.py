"""Rules about the cut: do the frames hold what editorial asks for?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from onepiece_core.editorial.cut import CutClip, find_clips
from onepiece_core.errors import SequenceError
from onepiece_core.frames import exact_rate, format_ranges
from onepiece_core.naming import split_version
from onepiece_core.rules.facts import PublishFacts
from onepiece_core.rules.rule import Found, Rule

# A cut that claims more is damaged; nobody lists its frames.
_MAX_FRAMES = 1_000_000


def clips_of_shot(facts: PublishFacts) -> tuple[CutClip, ...]:
    """The clips of the cut that belong to this publish."""
    if facts.cut is None:
        return ()
    base = split_version(facts.scene_name).base if facts.scene_name else ""
    return find_clips(facts.cut, (facts.shot or "", facts.scene_name, base))


def cut_rate(facts: PublishFacts) -> Fraction | None:
    """The rate of the shot in the cut; None when it has none or several."""
    rates = {clip.rate for clip in clips_of_shot(facts)}
    return rates.pop() if len(rates) == 1 else None


def _no_clip(facts: PublishFacts) -> Iterator[Found]:
    if facts.cut is None or clips_of_shot(facts):
        return
    if not facts.cut.clips:
        yield f"the cut {facts.cut.name!r} holds no clip", {}
        return
    names = [clip.name for clip in facts.cut.clips[:20]]
    yield f"the cut {facts.cut.name!r} holds no clip of {facts.shot or facts.scene_name}", {"clips": names}


def _range(facts: PublishFacts) -> Iterator[Found]:
    for clip, frames in _compared(facts):
        lacking = [frame for frame in range(clip.first, clip.last + 1) if frame not in frames]
        if lacking:
            asked, lacks = f"{clip.first}-{clip.last}", format_ranges(lacking).replace(",", ", ")
            yield f"the cut asks for {asked}, the frames lack {lacks}", {"clip": clip.name, "lacking": lacks}


def _handles(facts: PublishFacts) -> Iterator[Found]:
    for clip, frames in _compared(facts):
        head, tail = _asked_handles(facts, clip)
        there = clip.first - min(frames), max(frames) - clip.last
        if (there[0] < head or there[1] < tail) and min(there) >= 0:
            message = (
                f"{head} and {tail} frames of handles are asked for around {clip.first}-{clip.last}, "
                f"there are {there[0]} and {there[1]}"
            )
            yield message, {"clip": clip.name, "asked": [head, tail], "there": list(there)}


def _rate(facts: PublishFacts) -> Iterator[Found]:
    rate = cut_rate(facts)
    told = [("the frames", facts.frames_fps), ("the metadata", metadata_fps(facts))]
    told += [(each.item.name, each.media[0].fps) for each in facts.movies]
    for name, fps in told:
        if rate and fps and exact_rate(fps) != rate:
            yield (
                f"the cut plays at {float(rate):.6g} fps, {name} at {float(fps):.6g}",
                {"cut": str(rate), "fps": str(fps)},
            )


def metadata_fps(facts: PublishFacts) -> Fraction | None:
    """The rate that ``--metadata`` names."""
    value: Any = facts.metadata.get("fps")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return exact_rate(value)
    except SequenceError:
        return None


def _asked_handles(facts: PublishFacts, clip: CutClip) -> tuple[int, int]:
    """Head and tail: those of the metadata, else what editorial holds around the cut."""
    told = facts.metadata.get("handles")
    if isinstance(told, int) and not isinstance(told, bool) and told >= 0:
        return told, told
    if clip.media_first is None or clip.media_last is None:
        return 0, 0
    return max(0, clip.first - clip.media_first), max(0, clip.media_last - clip.last)


def _compared(facts: PublishFacts) -> Iterator[tuple[CutClip, frozenset[int]]]:
    """Each clip in the numbers of the frames, and the frames that are there."""
    if facts.main is None:
        return
    frames = frozenset(facts.main.frames)
    for clip in clips_of_shot(facts):
        moved = _in_frames(clip, min(frames), max(frames))
        if 0 < len(moved) <= _MAX_FRAMES:
            yield moved, frames


def _in_frames(clip: CutClip, first: int, last: int) -> CutClip:
    """The clip moved to the frames' numbers where the cut counts from zero or in time code."""
    if clip.first <= last and clip.last >= first:
        return clip
    start = clip.first if clip.media_first is None else clip.media_first
    by = first - start
    return replace(
        clip,
        first=clip.first + by,
        last=clip.last + by,
        media_first=None if clip.media_first is None else clip.media_first + by,
        media_last=None if clip.media_last is None else clip.media_last + by,
    )


RULES: tuple[Rule, ...] = (
    Rule("cut.no_clip", "warning", "the cut holds the shot", _no_clip, "Check --otio and --shot."),
    Rule(
        "cut.range",
        "warning",
        "the frames hold all that is seen in the cut",
        _range,
        "Render what the cut asks for.",
        "frames.render_missing",
    ),
    Rule(
        "cut.handles",
        "warning",
        "the frames hold the handles that are asked for",
        _handles,
        "Render the handles too.",
        "frames.render_missing",
    ),
    Rule("cut.rate", "warning", "frames, movie and metadata have the rate of the cut", _rate, "Check the frame rate."),
)
