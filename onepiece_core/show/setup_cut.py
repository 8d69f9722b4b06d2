"""A show from a cut: its sequences and shots, with cut in and out, head and tail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onepiece_core.editorial.cut import Cut, CutClip
from onepiece_core.editorial.pairing import shot_name
from onepiece_core.show.setup_csv import Levels, gardener_of
from onepiece_core.show.template import ShowTemplate
from onepiece_core.show.tree import Node, Show, grow

# ep101_sc01_0010 anywhere between words.
_LEVELS = re.compile(
    r"(?:^|_)(?:(?P<episode>(?:ep|e)\d+[a-z]?)_)?(?P<sequence>(?:sc|sq|seq)\d+[a-z]?)_(?P<shot>(?:sh)?\d+[a-z]?)(?=_|$)",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the frames of shots are counted.

    Attributes:
        handles: at both ends; None: as many as the media hold.
        first_frame: the number of each shot's first frame, handles and all; None: the media's own numbers.
    """

    handles: int | None = None
    first_frame: int | None = None


def show_of_cut(
    cut: Cut, numbering: Numbering, template: ShowTemplate | None, project: str, variables: Mapping[str, str]
) -> Show:
    """A shot for each name in the cut. Several uses of one shot: from the first frame that is shown to the last.

    Raises UsageError, ManifestError: the template's variables.
    """
    gardener = gardener_of(template, project, variables)
    show = grow(template, project, variables) if template is not None else Show()
    levels = Levels(gardener, show)
    uses: dict[str, list[tuple[int, CutClip]]] = {}
    for number, clip in enumerate(cut.clips, 1):
        name = shot_name(clip.name)
        if name:
            uses.setdefault(name.casefold(), []).append((number, clip))
        else:
            show.refused[f"clip {number}"] = "it has no name"
    for some in uses.values():
        number, clip = some[0]
        _add(levels, shot_name(clip.name), number, [each for _, each in some], numbering)
    return show


def _add(levels: Levels, name: str, number: int, clips: Sequence[CutClip], numbering: Numbering) -> None:
    where = f"clip {number}"
    told = _names(name)
    values = {**levels.gardener.variables, **told}
    parent: Node | None = None
    for kind, level in (("Episode", "episode"), ("Sequence", "sequence")):
        if told[level]:
            parent = levels.place(kind, told[level], parent, values, where)
    node = levels.node("Shot", told["shot"], parent, values, where)
    if len({(clip.rate, clip.source) for clip in clips}) > 1:
        levels.show.warnings.append(f"{node.code} shows several media or rates: its range is that of {clips[0].name}")
        clips = clips[:1]
    node.values = {**_range(node.code, clips, numbering, levels.show), "sg_cut_order": number}
    levels.gardener.add(levels.show, node, [], values)


def _names(name: str) -> dict[str, str]:
    """``FG_ep101_sc01_0010_comp`` is ep101, sc01, 0010; else the last word is the shot, the rest its sequence."""
    found = _LEVELS.search(name)
    if found is not None:
        return {level: value or "" for level, value in found.groupdict().items()}
    sequence, _, shot = name.rpartition("_")
    return {"episode": "", "sequence": sequence, "shot": shot if sequence else name}


def _range(code: str, clips: Sequence[CutClip], numbering: Numbering, show: Show) -> dict[str, Any]:
    first = min(clip.used[0] for clip in clips)
    last = max(clip.used[1] for clip in clips)
    head = _handle(first, [clip.media_first for clip in clips], numbering, -1)
    tail = _handle(last, [clip.media_last for clip in clips], numbering, 1)
    if numbering.handles is not None and _is_short(first, last, clips, numbering.handles):
        show.warnings.append(f"{code}: the media hold fewer than {numbering.handles} frames of handles")
    moved = numbering.first_frame + head - first if numbering.first_frame is not None else 0
    first, last = first + moved, last + moved
    values = {"sg_cut_in": first, "sg_cut_out": last, "sg_cut_duration": last - first + 1}
    if numbering.handles is not None or any(clip.media_first is not None for clip in clips):
        values |= {"sg_head_in": first - head, "sg_tail_out": last + tail}
    return values


def _handle(edge: int, held: Sequence[int | None], numbering: Numbering, sign: int) -> int:
    if numbering.handles is not None:
        return numbering.handles
    known = [frame for frame in held if frame is not None]
    return max((max(0, (frame - edge) * sign) for frame in known), default=0)


def _is_short(first: int, last: int, clips: Sequence[CutClip], handles: int) -> bool:
    heads = [clip.media_first for clip in clips if clip.media_first is not None]
    tails = [clip.media_last for clip in clips if clip.media_last is not None]
    return bool(heads) and (first - min(heads) < handles or max(tails, default=last) - last < handles)
