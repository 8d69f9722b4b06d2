"""Rules about frames and movies."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from onepiece_core.frames import exact_rate, format_ranges
from onepiece_core.media.facts import MediaFacts
from onepiece_core.rules.facts import PublishFacts
from onepiece_core.rules.rule import Found, Rule


def mixed(what: str, value: Callable[[MediaFacts], Hashable], show: Callable[[Any], str]) -> Rule:
    """A rule that every frame of a sequence has the same ``what``."""

    def look(facts: PublishFacts) -> Iterator[Found]:
        for each in facts.sequences:
            groups: dict[Hashable, list[int]] = {}
            for frame, media in zip(each.frames, each.media, strict=True):
                groups.setdefault(value(media), []).append(frame)
            if len(groups) > 1:
                told = [f"{show(key)} at {format_ranges(frames)}" for key, frames in groups.items()]
                yield f"{each.item.name}: mixed {what}: {'; '.join(told[:6])}", {"groups": told[:50]}

    identifier = f"media.mixed_{what.replace(' ', '_')}"
    hint = "Render the odd frames again."
    return Rule(identifier, "warning", f"all frames of a sequence have one {what}", look, hint, "frames.render_again")


def _overscan(facts: PublishFacts) -> Iterator[Found]:
    for each in facts.sequences:
        frames = [frame for frame, media in zip(each.frames, each.media, strict=True) if _is_larger(media)]
        if frames:
            yield f"{each.item.name}: the data window is larger than the picture at {format_ranges(frames)}", {}


def _is_larger(media: MediaFacts) -> bool:
    data, display = media.data_window, media.display_window
    if data is None or display is None:
        return False
    return data[0] < display[0] or data[1] < display[1] or data[2] > display[2] or data[3] > display[3]


def _negative(facts: PublishFacts) -> Iterator[Found]:
    for each in facts.sequences:
        if each.frames[0] < 0:
            yield f"{each.item.name}: it has negative frames, the first is {each.frames[0]}", {"first": each.frames[0]}


def _movie_rate(facts: PublishFacts) -> Iterator[Found]:
    fps = facts.frames_fps
    for each in facts.movies:
        rate = each.media[0].fps
        if fps and rate and exact_rate(rate) != exact_rate(fps):
            yield f"{each.item.name} plays at {float(rate):.6g} fps, the frames at {float(fps):.6g}", {}


def _movie_length(facts: PublishFacts) -> Iterator[Found]:
    if facts.main is None:
        return
    length = facts.main.frames[-1] - facts.main.frames[0] + 1
    for each in facts.movies:
        frames = each.media[0].frames
        # Both countings are in use: held frames in the place of gaps, or none.
        if frames is not None and frames not in (length, len(facts.main.frames)):
            message = f"{each.item.name} has {frames} frames, {facts.main.item.name} has {len(facts.main.frames)}"
            yield message, {"movie_frames": frames, "frames": len(facts.main.frames)}


def _variable_rate(facts: PublishFacts) -> Iterator[Found]:
    for each in facts.movies:
        if each.media[0].variable_rate:
            yield f"{each.item.name}: its frames do not all last equally long", {}


def _size(media: MediaFacts) -> tuple[int | None, int | None]:
    return media.width, media.height


def _show_size(size: tuple[int | None, int | None]) -> str:
    return f"{size[0]}x{size[1]}"


def _show_channels(channels: tuple[str, ...]) -> str:
    return ",".join(channels[:8]) + ("..." if len(channels) > 8 else "") or "none"


RULES: tuple[Rule, ...] = (
    mixed("resolution", _size, _show_size),
    mixed("channels", lambda media: media.channels, _show_channels),
    mixed("pixel type", lambda media: media.pixel_type, str),
    mixed("compression", lambda media: media.compression, str),
    mixed("pixel aspect", lambda media: media.pixel_aspect, str),
    Rule("media.overscan", "warning", "frames hold no pixels outside of the picture", _overscan),
    Rule("frames.negative", "warning", "frame numbers are not negative", _negative),
    Rule("media.movie_rate", "warning", "the review movie plays at the rate of the frames", _movie_rate),
    Rule("media.movie_length", "warning", "the review movie is as long as the frames", _movie_length),
    Rule("media.variable_rate", "warning", "the frames of a movie last equally long", _variable_rate),
)
