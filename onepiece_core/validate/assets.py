"""Do the versions of each asset fit each other, and what the tracker has of them?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from onepiece_core.context import Convention
from onepiece_core.frames import format_ranges
from onepiece_core.ingest.items import sort_items
from onepiece_core.ingest.look import look_at
from onepiece_core.ingest.model import DropItem
from onepiece_core.ingest.names import read_name
from onepiece_core.ingest.scan import scan_drop
from onepiece_core.ingest.tracked import Tracked, ask_tracker, base_of, shot_key
from onepiece_core.media.facts import MediaFacts
from onepiece_core.naming import split_version
from onepiece_core.progress import Reporter
from onepiece_core.sequences import split_extension
from onepiece_core.shown import shown
from onepiece_core.tracker.tracker import Tracker
from onepiece_core.validate.codes import says
from onepiece_core.validate.report import Finding, ValidationReport, finding_of, item_findings

_COMPARED: tuple[tuple[str, Callable[[MediaFacts], Hashable]], ...] = (
    ("asset.resolution", lambda facts: f"{facts.width}x{facts.height}" if facts.width else None),
    ("asset.channels", lambda facts: ",".join(facts.channels) or None),
    ("asset.pixel_type", lambda facts: facts.pixel_type),
    ("asset.rate", lambda facts: f"{float(facts.fps):.6g} fps" if facts.fps else None),
)


def check_assets(
    folder: Path,
    convention: Convention,
    *,
    show_code: str | None = None,
    tracker: Tracker | None = None,
    project: str | None = None,
    reporter: Reporter | None = None,
) -> ValidationReport:
    """Everything below ``folder`` that follows the convention, by asset; what does not is told.

    Raises InputMissing, InputUnreadable, InputRefused; with a tracker ProjectMissing, TrackerError.
    """
    scan = scan_drop(folder)
    items = list(sort_items(scan.files))
    look_at(items, "structure", reporter or Reporter())
    found = [finding_of(".", problem) for problem in scan.problems]
    groups: dict[tuple[str, str], list[DropItem]] = {}
    for item in items:
        report = read_name(item.name, convention, show_code)
        item.context = report.context
        item.problems += report.problems
        found += item_findings(item)
        if report.context.version is not None:
            groups.setdefault((base_of(item.name)[0], split_extension(item.pattern)[1].lower()), []).append(item)
    for same in groups.values():
        found += _of_asset(sorted(same, key=lambda item: item.context.version or 0))
    if tracker is not None and project is not None:
        named = [item for same in groups.values() for item in same]
        found += _beside_tracker(named, ask_tracker(tracker, project, named))
    return ValidationReport(check="asset-consistency", checked=len(items), findings=tuple(found))


def _of_asset(items: Sequence[DropItem]) -> Iterator[Finding]:
    versions = {item.context.version for item in items if item.context.version}
    holes = [number for number in range(min(versions), max(versions)) if number not in versions]
    last = items[-1]
    if holes:
        told = ", ".join(f"v{number:03d}" for number in holes[:20])
        yield says(shown(last.pattern), "asset.version_gap", f"there is no {told}")
    for before, after in pairwise(items):
        if (
            split_version(before.name).padding != split_version(after.name).padding
            and (after.context.version or 0) < 1000
        ):
            yield says(shown(after.pattern), "asset.padding", f"{shown(before.name)} has other digits")
        yield from _differences(before, after)


def _differences(before: DropItem, after: DropItem) -> Iterator[Finding]:
    one, other = _first(before), _first(after)
    if one is not None and other is not None:
        for code, value in _COMPARED:
            old, new = value(one), value(other)
            if old != new:
                yield says(shown(after.pattern), code, f"it has {new}, {shown(before.name)} has {old}")
    if before.sequence and after.sequence and before.sequence.frames != after.sequence.frames:
        differing = frozenset(before.sequence.frames) ^ frozenset(after.sequence.frames)
        message = f"it has {after.sequence.ranges}, {shown(before.name)} has {before.sequence.ranges}"
        yield says(shown(after.pattern), "asset.range", message, frames=format_ranges(differing))


def _first(item: DropItem) -> MediaFacts | None:
    return next((facts for facts in item.media if facts is not None), None)


def _beside_tracker(items: Sequence[DropItem], tracked: Tracked) -> Iterator[Finding]:
    here: dict[str, set[int]] = {}
    for item in items:
        base, version = base_of(item.name)
        here.setdefault(base, set()).add(version or 0)
        key = shot_key(item.context)
        if key and key not in tracked.shots:
            yield says(shown(item.pattern), "shot.unknown", f"the tracker does not know the shot {shown(key)}")
        if all(row.code != item.name for row in tracked.versions.get(base, ())):
            yield says(shown(item.pattern), "asset.not_tracked", f"the tracker has no Version {shown(item.name)}")
    for base, versions in here.items():
        for row in tracked.versions.get(base, ()):
            if row.version is not None and row.version not in versions:
                yield says(row.code, "asset.not_here", f"the tracker has it as Version {row.id}")
