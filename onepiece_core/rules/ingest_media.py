"""What a preset asks of pictures, movies and EXRs; and what holds for every sequence."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from fractions import Fraction
from itertools import pairwise

from onepiece_core.frames import format_ranges
from onepiece_core.ingest.model import DropItem, Problem
from onepiece_core.ingest.presets import DropPreset
from onepiece_core.manifest.package import FOLDERS, PackageItem, Role
from onepiece_core.media.facts import MediaFacts
from onepiece_core.rules import media
from onepiece_core.rules.facts import ItemFacts, PublishFacts
from onepiece_core.rules.ingest_codes import CODES, found
from onepiece_core.sequences import split_extension

Asked = Iterator[Problem]
_PICTURES = frozenset({"exr", "png", "jpeg", "tiff", "dpx", "cineon"})
_ALPHA = frozenset({"A", "a", "alpha"})


def check_media(item: DropItem, preset: DropPreset) -> None:
    """Everything that the facts of the item's files tell."""
    item.problems += _container(item, preset)
    whole = [facts for facts in item.media if facts is not None]
    if not whole:
        return
    item.problems += _shared(item)
    for rule in _RULES:
        item.problems += rule(item, preset)


def _shared(item: DropItem) -> Asked:
    """The rules that a publish has for its frames and movies."""
    sequence = item.sequence
    pairs = [(index, facts) for index, facts in enumerate(item.media) if facts is not None]
    frames = tuple(sequence.frames[index] for index, _ in pairs) if sequence and not sequence.tiles else ()
    role: Role = "render" if frames else "preview"
    told = PackageItem(name=item.name, role=role, pattern=f"{FOLDERS[role]}/{item.name}")
    given = PublishFacts(items=(ItemFacts(told, tuple(facts for _, facts in pairs), frames),))
    for rule in media.RULES:
        if rule.id in CODES:
            for finding in rule.check(given):
                message = finding.message.removeprefix(f"{item.name}: ")
                yield found(rule.id, message, hint=finding.hint, **finding.context)


def _groups(item: DropItem, value: Callable[[MediaFacts], Hashable]) -> Iterator[tuple[Hashable, str | None]]:
    """Each value that the files have, with the range of its frames."""
    groups: dict[Hashable, list[int]] = {}
    for index, facts in enumerate(item.media):
        if facts is not None:
            groups.setdefault(value(facts), []).append(index)
    sequence = item.sequence
    for key, indexes in groups.items():
        has_frames = sequence is not None and len(groups) > 1
        yield key, format_ranges(sequence.frames[index] for index in indexes) if has_frames and sequence else None


def _is_movie(facts: MediaFacts) -> bool:
    return facts.kind == "movie"


def _container(item: DropItem, preset: DropPreset) -> Asked:
    allowed = {each.lower() for each in preset.pictures.extensions}
    extension = split_extension(item.pattern)[1].lower()
    if allowed and extension not in allowed:
        yield found("media.container", f".{extension} is none of {', '.join(sorted(allowed))}")


def _resolution(item: DropItem, preset: DropPreset) -> Asked:
    allowed = preset.pictures.resolutions
    for size, frames in _groups(item, _size):
        if allowed and size is not None and size not in allowed:
            yield found("media.resolution", f"it is {size}, not {' or '.join(allowed)}", frames=frames)


def _size(facts: MediaFacts) -> str | None:
    return f"{facts.width}x{facts.height}" if facts.width and facts.height else None


def _divisible(item: DropItem, preset: DropPreset) -> Asked:
    def odd(facts: MediaFacts) -> str | None:
        by = preset.movies.divisible_by if _is_movie(facts) else preset.pictures.divisible_by
        is_odd = facts.width and facts.height and (facts.width % by or facts.height % by)
        return f"{_size(facts)} cannot be divided by {by}" if is_odd else None

    for told, frames in _groups(item, odd):
        if isinstance(told, str):
            yield found("media.divisible", told, frames=frames)


def _rate(item: DropItem, preset: DropPreset) -> Asked:
    for rate, frames in _groups(item, lambda facts: facts.fps):
        if isinstance(rate, Fraction) and not preset.movies.allows(rate):
            yield found("media.fps", f"it plays at {float(rate):.6g} fps", frames=frames)


def _codec(item: DropItem, preset: DropPreset) -> Asked:
    allowed = preset.movies.codecs
    for facts in item.media:
        if allowed and facts is not None and _is_movie(facts) and facts.codec and facts.codec not in allowed:
            yield found("media.codec", f"its codec is {facts.codec}, none of {', '.join(allowed)}")


def _timecode(item: DropItem, preset: DropPreset) -> Asked:
    for facts in item.media:
        if preset.movies.timecode and facts is not None and _is_movie(facts) and not facts.has_timecode:
            yield found("media.timecode", "it has no timecode")


def _pixel_type(item: DropItem, preset: DropPreset) -> Asked:
    allowed = preset.exr.pixel_types
    for kind, frames in _groups(item, lambda facts: facts.pixel_type if facts.kind == "exr" else None):
        if allowed and kind is not None and kind not in allowed:
            yield found("media.pixel_type", f"its pixels are {kind}, not {' or '.join(allowed)}", frames=frames)


def _compression(item: DropItem, preset: DropPreset) -> Asked:
    allowed, lossy = preset.exr.compressions, preset.exr.lossy
    for name, frames in _groups(item, lambda facts: facts.compression if facts.kind == "exr" else None):
        if name is None:
            continue
        if allowed and name not in allowed:
            yield found("media.compression", f"its compression is {name}, none of {', '.join(allowed)}", frames=frames)
        elif name in lossy:
            yield found("media.compression_lossy", f"its compression {name} loses a little", frames=frames)


def _alpha(item: DropItem, preset: DropPreset) -> Asked:
    asked = preset.pictures.alpha
    if asked == "any":
        return
    for has_alpha, frames in _groups(item, _has_alpha):
        if has_alpha is not None and has_alpha != (asked == "required"):
            yield found(
                "media.alpha", "it has an alpha channel" if has_alpha else "it has no alpha channel", frames=frames
            )


def _has_alpha(facts: MediaFacts) -> bool | None:
    if facts.kind not in _PICTURES or not facts.channels:
        return None
    return any(channel.rpartition(".")[2] in _ALPHA for channel in facts.channels)


# What names call a colour space, and what files say where it is meant.
_COLOUR_TOKENS = {
    "acescg": ("acescg",),
    "ap1": ("acescg", "ap1"),
    "ap0": ("ap0", "aces20651", "aces2065"),
    "acescct": ("acescct",),
    "srgb": ("srgb",),
    "rec709": ("rec709", "bt709", "itur709"),
    "rec2020": ("rec2020", "bt2020"),
    "p3": ("p3",),
    "logc3": ("logc3",),
    "logc4": ("logc4",),
    "slog3": ("slog3",),
}


def _colour_space(item: DropItem, preset: DropPreset) -> Asked:
    tokens = {_plain(part) for part in re.split(r"[/_.]", item.pattern)}
    named = next((token for token in _COLOUR_TOKENS if token in tokens), None)
    allowed = preset.pictures.colour_spaces
    for space, frames in _groups(item, lambda facts: facts.colour_space):
        if not isinstance(space, str):
            continue
        if named and not any(each in _plain(space) for each in _COLOUR_TOKENS[named]):
            yield found("media.colour_space", f"its path says {named}, the file {space}", frames=frames)
        elif allowed and not any(_plain(each) == _plain(space) for each in allowed):
            yield found("media.colour_space", f"it is {space}, not {' or '.join(allowed)}", frames=frames)


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _frame_number(item: DropItem, _preset: DropPreset) -> Asked:
    sequence = item.sequence
    if sequence is None or sequence.tiles:
        return
    numbers = [(frame, facts.frame_number) for frame, facts in zip(sequence.frames, item.media, strict=True) if facts]
    wrong = [frame for frame, number in numbers if number is not None and number != frame]
    if wrong:
        first = dict(numbers)[wrong[0]]
        told = f"the file of frame {wrong[0]} says that it is frame {first}"
        yield found("media.frame_number", told, frames=format_ranges(wrong))


def _edited(item: DropItem, _preset: DropPreset) -> Asked:
    if any(facts is not None and facts.has_edits for facts in item.media):
        yield found("media.edited", "its edit list leaves frames out, or moves them in time")


def _timecode_jumps(item: DropItem, _preset: DropPreset) -> Asked:
    """From one frame to the next the timecode moves as the numbers do, at the rate that the files tell, else at 24."""
    sequence = item.sequence
    if sequence is None or sequence.tiles:
        return
    told = [
        (frame, facts) for frame, facts in zip(sequence.frames, item.media, strict=True) if facts and facts.timecode
    ]
    offsets = [(_timecode_frames(facts) - frame, frame) for frame, facts in told]
    jumps = [frame for (before, _), (offset, frame) in pairwise(offsets) if offset != before]
    if jumps:
        yield found("media.timecode_jumps", "its timecode jumps", frames=format_ranges(jumps))


def _timecode_frames(facts: MediaFacts) -> int:
    assert facts.timecode is not None
    hours, minutes, seconds, frames = facts.timecode
    return ((hours * 60 + minutes) * 60 + seconds) * round(facts.fps or 24) + frames


_RULES: tuple[Callable[[DropItem, DropPreset], Asked], ...] = (
    _resolution,
    _divisible,
    _rate,
    _codec,
    _timecode,
    _pixel_type,
    _compression,
    _alpha,
    _colour_space,
    _frame_number,
    _edited,
    _timecode_jumps,
)
