"""What changed from one cut to the next, shot by shot.

A shot is the same in both cuts when its name is, without extension, version and case; a name that is gone is found
again by its media. Several uses of one shot are paired so that they share the most frames. Frames are the media's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from onepiece_core.editorial.cut import Cut, CutClip
from onepiece_core.editorial.pairing import NameOf, Pair, media_name, out_of_order, pair_clips, shot_name

Kind = Literal[
    "new",
    "reinstated",
    "omitted",
    "renamed",
    "replaced",
    "rate_changed",
    "retimed",
    "slipped",
    "extended",
    "shortened",
    "reordered",
    "short_handles",
]


@dataclass(slots=True)
class ShotChange:
    """One use of a shot, in the old cut, the new one, or both.

    Attributes:
        shot: its name in the new cut, else in the old one.
        kinds: what changed; empty when nothing did.
        old_place, new_place: its place in the order of the clips, from 0; None where it is not.
        head, tail: frames of media gained at each end (negative: lost).
        slip: frames by which the same length of media moved (positive: later media).
        missing_head, missing_tail: frames that the handles lack.
        was: its old name, when it was renamed.
    """

    shot: str
    old: CutClip | None
    new: CutClip | None
    old_place: int | None
    new_place: int | None
    kinds: list[Kind] = field(default_factory=list)
    head: int = 0
    tail: int = 0
    slip: int = 0
    missing_head: int = 0
    missing_tail: int = 0
    was: str | None = None


@dataclass(frozen=True, slots=True)
class CutDiff:
    """All uses of all shots, in the order of the new cut; what was omitted follows what it followed."""

    old: Cut
    new: Cut
    shots: tuple[ShotChange, ...]

    @property
    def changed(self) -> tuple[ShotChange, ...]:
        return tuple(shot for shot in self.shots if shot.kinds)

    def counts(self) -> dict[str, int]:
        """How often each kind is there."""
        return dict(Counter(kind for shot in self.shots for kind in shot.kinds))


def diff_cuts(old: Cut, new: Cut, *, handles: int = 0, name_of: NameOf = shot_name) -> CutDiff:
    """Compare two cuts.

    Args:
        handles: frames that each shot needs at both ends; told where the media in the new cut has fewer.
        name_of: which shot a clip's name means.
    """
    pairs = pair_clips(old.clips, new.clips, name_of)
    moved = out_of_order(pairs)
    shots = [_change(old, new, pair, name_of, handles, is_moved=pair in moved) for pair in pairs]
    return CutDiff(old, new, tuple(_ordered(shots)))


def _change(old: Cut, new: Cut, pair: Pair, name_of: NameOf, handles: int, *, is_moved: bool) -> ShotChange:
    one = old.clips[pair[0]] if pair[0] is not None else None
    other = new.clips[pair[1]] if pair[1] is not None else None
    shown = other or one
    assert shown is not None
    change = ShotChange(name_of(shown.name), one, other, *pair)
    if one is None or other is None:
        change.kinds.append("omitted" if other is None else "new")
    else:
        was = name_of(one.name)
        if was.casefold() != change.shot.casefold():
            change.was = was
            change.kinds.append("renamed")
        _compare(change, one, other)
    if is_moved:
        change.kinds.append("reordered")
    if other is not None:
        _check_handles(change, other, handles)
    return change


def _compare(change: ShotChange, one: CutClip, other: CutClip) -> None:
    """What became of the media that is used."""
    if one.source and other.source and media_name(one) != media_name(other):
        # Other media have other numbers: nothing more can be said.
        change.kinds.append("replaced")
        return
    if one.rate != other.rate:
        change.kinds.append("rate_changed")
        return
    if one.speed != other.speed:
        change.kinds.append("retimed")
    (first, last), (new_first, new_last) = one.used, other.used
    change.head, change.tail = first - new_first, new_last - last
    if change.head == -change.tail:
        change.slip = change.tail
        change.head = change.tail = 0
        if change.slip:
            change.kinds.append("slipped")
        return
    if change.head > 0 or change.tail > 0:
        change.kinds.append("extended")
    if change.head < 0 or change.tail < 0:
        change.kinds.append("shortened")


def _check_handles(change: ShotChange, clip: CutClip, handles: int) -> None:
    if clip.media_first is None or clip.media_last is None:
        return
    first, last = clip.used
    change.missing_head = max(0, handles - (first - clip.media_first))
    change.missing_tail = max(0, handles - (clip.media_last - last))
    if change.missing_head or change.missing_tail:
        change.kinds.append("short_handles")


def _ordered(shots: list[ShotChange]) -> list[ShotChange]:
    """By the new place; an omitted shot right after the one that it followed in the old cut."""
    by_old = sorted((shot for shot in shots if shot.old_place is not None), key=lambda shot: shot.old_place or 0)
    places: dict[int, tuple[float, int]] = {}
    last = -1.0
    for shot in by_old:
        if shot.new_place is not None:
            last = float(shot.new_place)
        places[id(shot)] = (last, 1 + (shot.old_place or 0) if shot.new_place is None else 0)
    return sorted(shots, key=lambda shot: places.get(id(shot)) or (float(shot.new_place or 0), 0))
