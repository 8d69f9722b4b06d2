"""Which clip of the old cut is which of the new one."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from onepiece_core.editorial.cut import CutClip
from onepiece_core.errors import NameInvalid
from onepiece_core.naming import split_version
from onepiece_core.sequences import split_extension

# Extensions that clips carry in their names; what else follows a dot belongs to the name.
_EXTENSIONS = frozenset(
    ("mov", "mp4", "mxf", "mkv", "avi", "exr", "dpx", "jpg", "jpeg", "png", "tif", "tiff", "r3d", "ari", "braw", "nk")
)
# Reels of an EDL that stand for anything: files without a reel, and black.
_NO_REEL = frozenset({"ax", "bl"})
# Uses of one shot that are compared each with each; more are paired in their order.
_COMPARED = 100_000

# Places in the old and in the new cut; None: not there.
Pair = tuple[int | None, int | None]
NameOf = Callable[[str], str]


def shot_name(clip_name: str) -> str:
    """``FG_0010_comp_v003.mov`` is ``FG_0010_comp``: what stays the same from version to version."""
    stem, extension = split_extension(clip_name.strip())
    name = stem if extension.lower() in _EXTENSIONS else clip_name.strip()
    try:
        return split_version(name).base or name
    except NameInvalid:
        return name


def media_name(clip: CutClip) -> str:
    """What the clip shows, whatever its version; "" when the cut does not tell."""
    name = shot_name(clip.source).casefold()
    return "" if name in _NO_REEL else name


def pair_clips(old: Sequence[CutClip], new: Sequence[CutClip], name_of: NameOf) -> list[Pair]:
    """Each clip of both cuts once: by name first, then by the media that both show."""
    found = _by_key(old, new, range(len(old)), range(len(new)), lambda clip: name_of(clip.name).casefold(), share=0.0)
    old_left = sorted(set(range(len(old))) - found.keys())
    new_left = sorted(set(range(len(new))) - set(found.values()))
    found |= _by_key(old, new, old_left, new_left, media_name, share=0.5)
    taken = set(found.values())
    pairs: list[Pair] = [(place, found.get(place)) for place in range(len(old))]
    return pairs + [(None, place) for place in range(len(new)) if place not in taken]


def out_of_order(pairs: Iterable[Pair]) -> set[Pair]:
    """The fewest pairs that must move for the others to stand in both cuts in one order."""
    both = [(one, other) for one, other in pairs if one is not None and other is not None]
    both.sort()
    # The longest increasing run of new places (patience sorting); what is not in it has moved.
    tails: list[int] = []
    heads: list[int] = []
    before: list[int | None] = []
    for index, (_, place) in enumerate(both):
        at = bisect_left(tails, place)
        before.append(heads[at - 1] if at else None)
        if at == len(tails):
            tails.append(place)
            heads.append(index)
        else:
            tails[at], heads[at] = place, index
    kept: set[int] = set()
    step = heads[-1] if heads else None
    while step is not None:
        kept.add(step)
        step = before[step]
    return {pair for index, pair in enumerate(both) if index not in kept}


def _by_key(
    old: Sequence[CutClip],
    new: Sequence[CutClip],
    olds: Iterable[int],
    news: Iterable[int],
    key: Callable[[CutClip], str],
    *,
    share: float,
) -> dict[int, int]:
    """Old place -> new place for clips of one key; ``share``: of the shorter, how much both must use at least."""
    by_key: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for place in olds:
        by_key[key(old[place])][0].append(place)
    for place in news:
        by_key[key(new[place])][1].append(place)
    found: dict[int, int] = {}
    for name, (ones, others) in by_key.items():
        if not ones or not others:
            continue
        # What has no name is itself only where it shows the same.
        needed = share if name else max(share, 0.5)
        if len(ones) * len(others) > _COMPARED:
            found |= {} if needed else dict(zip(ones, others, strict=False))
            continue
        ranked = sorted(
            (-_shared(old[one], new[other]), abs(one - other), one, other) for one in ones for other in others
        )
        taken: set[int] = set()
        for shared, _, one, other in ranked:
            least = needed * min(_length(old[one]), _length(new[other]))
            if one not in found and other not in taken and -shared >= least:
                found[one] = other
                taken.add(other)
    return found


def _length(clip: CutClip) -> int:
    """Frames of the media that it uses."""
    first, last = clip.used
    return last - first + 1


def _shared(one: CutClip, other: CutClip) -> int:
    """Frames of the media that both use; 0 where they show other media."""
    if media_name(one) != media_name(other):
        return 0
    (first, last), (from_, to) = one.used, other.used
    return max(0, min(last, to) - max(first, from_) + 1)
