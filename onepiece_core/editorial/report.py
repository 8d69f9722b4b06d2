"""What changed in the cut, for scripts, spreadsheets and people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from onepiece_core import html_page
from onepiece_core.csv_text import csv_text
from onepiece_core.editorial.covers import Uncovered
from onepiece_core.editorial.cut import Cut, CutClip
from onepiece_core.editorial.diff import CutDiff, ShotChange
from onepiece_core.editorial.timecode import timecode

_WORDS = {"short_handles": "handles too short", "rate_changed": "other rate", "reordered": "re-ordered"}
_TONES = {"omitted": "bad", "short_handles": "bad", "replaced": "bad", "new": "good", "reinstated": "good"}


class ClipTold(BaseModel, frozen=True):
    """One use of a shot. Frames are the media's, both ends included; time codes are the cut's, the end excluded."""

    place: int
    first: int
    last: int
    frames: int
    speed: float
    timecode_in: str
    timecode_out: str
    source: str


class ChangeTold(BaseModel, frozen=True):
    """One shot; see :class:`~onepiece_core.editorial.diff.ShotChange`."""

    shot: str
    kinds: tuple[str, ...]
    was: str | None
    old: ClipTold | None
    new: ClipTold | None
    head: int
    tail: int
    slip: int
    missing_head: int
    missing_tail: int


class UncoveredTold(BaseModel, frozen=True):
    """A Version that does not hold what the new cut shows; see :class:`~onepiece_core.editorial.covers.Uncovered`."""

    shot: str
    version: str
    version_id: int
    status: str | None
    first: int
    last: int
    needed_first: int
    needed_last: int


class CutReport(BaseModel):
    """Two cuts compared.

    Attributes:
        summary: kind -> how many; ``unchanged`` and ``uncovered_versions`` too.
        shots: only what changed.
        asked_tracker: False: nothing is known about Versions and omitted shots.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["onepiece.cut-diff.1"] = Field(default="onepiece.cut-diff.1", alias="schema")
    old: str
    new: str
    asked_tracker: bool
    summary: dict[str, int]
    shots: tuple[ChangeTold, ...]
    uncovered: tuple[UncoveredTold, ...]

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


def report_of(diff: CutDiff, uncovered: Sequence[Uncovered] | None) -> CutReport:
    """``uncovered``: None where the tracker was not asked."""
    unchanged = len(diff.shots) - len(diff.changed)
    summary = {**diff.counts(), "unchanged": unchanged, "uncovered_versions": len(uncovered or ())}
    return CutReport(
        old=diff.old.name,
        new=diff.new.name,
        asked_tracker=uncovered is not None,
        summary=summary,
        shots=tuple(_change(change, diff) for change in diff.changed),
        uncovered=tuple(
            UncoveredTold(**{name: getattr(each, name) for name in UncoveredTold.model_fields})
            for each in uncovered or ()
        ),
    )


def words(kind: str) -> str:
    """A kind of change for people."""
    return _WORDS.get(kind, kind)


def detail(change: ChangeTold) -> str:
    """What a person wants to know beyond the kind: ``head +8, tail -4``."""
    parts = [f"was {change.was}"] if change.was else []
    if change.old and change.new and change.old.speed != change.new.speed:
        parts.append(f"speed {change.old.speed:g} -> {change.new.speed:g}")
    parts += [f"{name} {value:+d}" for name, value in (("head", change.head), ("tail", change.tail)) if value]
    parts += [f"slip {change.slip:+d}"] if change.slip else []
    if "reordered" in change.kinds and change.old and change.new:
        parts.append(f"from place {change.old.place} to {change.new.place}")
    missing = (("head", change.missing_head), ("tail", change.missing_tail))
    return ", ".join(parts + [f"{name} handle lacks {value}" for name, value in missing if value])


def as_csv(report: CutReport) -> str:
    """One row a changed shot, its uncovered Versions in the last column."""
    versions = _by_shot(report)
    headers = ["shot", "changes", "detail", "old_in", "old_out", "new_in", "new_out"]
    headers += ["old_first", "old_last", "new_first", "new_last", "uncovered_versions"]
    rows = [
        [shot.shot, " ".join(shot.kinds), detail(shot), *_codes(shot), *_frames(shot), " ".join(versions[shot.shot])]
        for shot in report.shots
    ]
    return csv_text(headers, rows)


def as_html(report: CutReport, *, footer: str) -> str:
    """A page to send around."""
    counted = {
        words(kind).capitalize(): (count, _TONES.get(kind, ""))
        for kind, count in report.summary.items()
        if kind not in ("unchanged", "uncovered_versions")
    }
    figures = {**counted, "Unchanged": (report.summary["unchanged"], "")}
    headers = ["Shot", "What changed", "How", "Old cut", "New cut", "Old frames", "New frames"]
    parts = [html_page.counts(figures), html_page.table(headers, map(_row, report.shots))]
    if report.uncovered:
        parts += [html_page.heading("Versions that no longer cover the cut"), _uncovered_table(report)]
    return html_page.page(f"{report.old} -> {report.new}", "What changed in the cut", parts, footer=footer)


def _uncovered_table(report: CutReport) -> html_page.Html:
    rows = (
        (each.shot, each.version, each.status, f"{each.first}-{each.last}", f"{each.needed_first}-{each.needed_last}")
        for each in report.uncovered
    )
    return html_page.table(["Shot", "Version", "Status", "Holds", "The cut shows"], rows)


def _row(shot: ChangeTold) -> tuple[html_page.Cell, ...]:
    kinds = html_page.Html(", ".join(html_page.toned(words(kind), _TONES.get(kind, "")) for kind in shot.kinds))
    codes, frames = _codes(shot), _frames(shot)
    return (
        shot.shot,
        kinds,
        detail(shot),
        " - ".join(codes[:2]).strip(" -"),
        " - ".join(codes[2:]).strip(" -"),
        "" if frames[0] is None else f"{frames[0]}-{frames[1]}",
        "" if frames[2] is None else f"{frames[2]}-{frames[3]}",
    )


def _change(change: ShotChange, diff: CutDiff) -> ChangeTold:
    return ChangeTold(
        shot=change.shot,
        kinds=tuple(change.kinds),
        was=change.was,
        old=_clip(change.old, change.old_place, diff.old),
        new=_clip(change.new, change.new_place, diff.new),
        head=change.head,
        tail=change.tail,
        slip=change.slip,
        missing_head=change.missing_head,
        missing_tail=change.missing_tail,
    )


def _clip(clip: CutClip | None, place: int | None, cut: Cut) -> ClipTold | None:
    if clip is None or place is None:
        return None
    begin = cut.start + clip.record_first
    first, last = clip.used
    return ClipTold(
        place=place + 1,
        first=first,
        last=last,
        frames=len(clip),
        speed=float(clip.speed),
        timecode_in=timecode(begin, clip.rate, drop=cut.drops_frames),
        timecode_out=timecode(begin + len(clip), clip.rate, drop=cut.drops_frames),
        source=clip.source,
    )


def _codes(shot: ChangeTold) -> list[str]:
    return [
        code for clip in (shot.old, shot.new) for code in ((clip.timecode_in, clip.timecode_out) if clip else ("", ""))
    ]


def _frames(shot: ChangeTold) -> list[int | None]:
    return [frame for clip in (shot.old, shot.new) for frame in ((clip.first, clip.last) if clip else (None, None))]


def _by_shot(report: CutReport) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in report.uncovered:
        found[each.shot].append(each.version)
    return found
