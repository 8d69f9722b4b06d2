"""Which frames are there: beside each other, beside the manifest, beside the shot's cut."""

from __future__ import annotations

from fractions import Fraction

from onepiece_core.frames import exact_rate, format_ranges, format_spans, parse_ranges
from onepiece_core.ingest.items import is_numbered
from onepiece_core.ingest.model import DropItem, Problem
from onepiece_core.rules.host_rule import ShotValues
from onepiece_core.rules.ingest_codes import found


def check_frames(item: DropItem, *, allow_missing: bool) -> None:
    """Gaps, frames that the manifest names, negative numbers."""
    sequence = item.sequence
    if sequence is None or not is_numbered(sequence):
        return
    asked = _asked(item)
    there = frozenset(sequence.frames)
    if asked is not None:
        lacking = format_ranges(asked - there)
        if lacking:
            span = f"{min(asked)}-{max(asked)}"
            _say(item, "sequence.missing", f"missing {_spaced(lacking)} of {span}", lacking, allow_missing)
    elif sequence.missing_spans:
        lacking = format_spans(sequence.missing_spans)
        span = f"{sequence.first}-{sequence.last}"
        _say(item, "sequence.gaps", f"missing {_spaced(lacking)} of {span}", lacking, allow_missing)
    if sequence.first < 0:
        negative = format_ranges(frame for frame in sequence.frames if frame < 0)
        item.problems.append(found("frames.negative", f"its first frame is {sequence.first}", frames=negative))


def _asked(item: DropItem) -> frozenset[int] | None:
    """The frames of the manifest; an intentional hole is one that it leaves out."""
    ranges = [expected.frames for expected in item.expected if expected.frames]
    # A hundred thousand rows of one frame each are no ranges to parse.
    return (
        frozenset(frame for each in ranges for frame in ((int(each),) if each.isdigit() else parse_ranges(each)))
        if ranges
        else None
    )


def _say(item: DropItem, code: str, message: str, frames: str, allow_missing: bool) -> None:
    problem = found(code, message, frames=frames)
    item.problems.append(problem.model_copy(update={"severity": "warning"}) if allow_missing else problem)


def _spaced(ranges: str) -> str:
    return ranges.replace(",", ", ")


def check_cut(item: DropItem, shot: ShotValues) -> None:
    """What the tracker says of the shot beside what was delivered."""
    item.problems.extend(_range(item, shot))
    for facts in item.media:
        if facts is None or facts.kind == "other":
            continue
        if shot.fps and facts.fps and exact_rate(facts.fps) != shot.fps:
            told = f"it plays at {_number(facts.fps)} fps, the shot at {_number(shot.fps)}"
            item.problems.append(found("cut.fps", told))
        if shot.width and shot.height and facts.width and (facts.width, facts.height) != (shot.width, shot.height):
            told = f"it is {facts.width}x{facts.height}, the shot {shot.width}x{shot.height}"
            item.problems.append(found("cut.resolution", told))
        return  # the first tells for all: that they are alike is asked elsewhere


def _range(item: DropItem, shot: ShotValues) -> list[Problem]:
    sequence = item.sequence
    if shot.cut_in is None or shot.cut_out is None or shot.cut_out < shot.cut_in:
        return []
    asked = f"{shot.cut_in}-{shot.cut_out}"
    length = shot.cut_out - shot.cut_in + 1
    if sequence is None or not is_numbered(sequence):
        facts = item.media[0] if item.media else None
        if facts is None or facts.frames is None or facts.frames >= length:
            return []
        return [found("cut.range", f"it has {facts.frames} frames, the cut {asked} has {length}")]
    spans = []
    if sequence.first > shot.cut_in:
        spans.append((shot.cut_in, min(sequence.first - 1, shot.cut_out)))
    if sequence.last < shot.cut_out:
        spans.append((max(sequence.last + 1, shot.cut_in), shot.cut_out))
    if not spans:
        return []
    lacking = format_spans(dict.fromkeys(spans))
    told = f"the cut is {asked}, {_spaced(lacking)} is not delivered"
    return [found("cut.range", told, frames=lacking)]


def _number(rate: Fraction) -> str:
    return f"{float(rate):.6g}"
