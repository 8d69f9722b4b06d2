"""What the tracker knows about a drop: its shots and its Versions, 500 of them a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.context import Context
from onepiece_core.errors import NameInvalid
from onepiece_core.ingest.model import DropItem
from onepiece_core.naming import split_version
from onepiece_core.rules.host_rule import ShotValues
from onepiece_core.shown import is_text
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.shot_values import asked_fields, shot_values_of, told_values
from onepiece_core.tracker.shots import find_shots
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

ROWS = 500
_PATHS = ("sg_path_to_frames", "sg_path_to_movie")


@dataclass(frozen=True, slots=True)
class TrackedShot:
    """A shot's row as a link, and its values."""

    link: Entity
    values: ShotValues


@dataclass(frozen=True, slots=True)
class TrackedVersion:
    """A Version that is there. ``paths``: where its files are."""

    id: int
    code: str
    version: int | None
    paths: tuple[str, ...]


@dataclass(slots=True)
class Tracked:
    """The answers.

    Attributes:
        shots: by what makes a shot of the drop unique, see :func:`shot_key`.
        versions: by the name without its version.
    """

    project: Entity
    shots: dict[str, TrackedShot] = field(default_factory=dict)
    versions: dict[str, list[TrackedVersion]] = field(default_factory=dict)


def shot_key(context: Context) -> str | None:
    """``ep010/sc02/0010``."""
    return context.shot_path


def ask_tracker(tracker: Tracker, project: str, items: Sequence[DropItem]) -> Tracked:
    """Ask for every shot and every Version of the drop. Raises ProjectMissing, TrackerError."""
    tracked = Tracked(find_project(tracker, {"name": project}))
    # The others are refused for their names, and no site can be asked for them.
    items = [item for item in items if is_text(item.name)]
    contexts = {key: item.context for item in items if (key := shot_key(item.context))}
    _find_shots(tracker, tracked, contexts)
    _find_versions(tracker, tracked, items)
    return tracked


def _find_shots(tracker: Tracker, tracked: Tracked, contexts: dict[str, Context]) -> None:
    if not contexts:
        return
    asked = asked_fields(tracker, "Shot")
    fields = [name for each in asked.values() for name in each]
    for some in _pieces(contexts.items()):
        for key, chosen in find_shots(tracker, tracked.project, dict(some), fields).items():
            link = {"type": "Shot", "id": chosen["id"], "name": chosen["code"]}
            values = shot_values_of(told_values(chosen, asked), str(chosen["code"]))
            tracked.shots[key] = TrackedShot(link, values)


def base_of(name: str) -> tuple[str, int | None]:
    """A name without its version, and the version."""
    try:
        versioned = split_version(name)
    except NameInvalid:
        return name, None
    return versioned.base, versioned.version


def _start_of(name: str) -> str:
    """What every version of ``name`` starts with."""
    base, version = base_of(name)
    if version is None:
        return name
    common = next((i for i, (a, b) in enumerate(zip(base, name, strict=False)) if a != b), len(base))
    return name[:common]


def _find_versions(tracker: Tracker, tracked: Tracked, items: Sequence[DropItem]) -> None:
    """One request finds the same version and its brothers: all codes that start alike."""
    known = tracker.schema_fields("Version")
    fields = ["code", *(path for path in _PATHS if path in known)]
    starts = sorted({_start_of(item.name) for item in items if item.name})
    bases = {base_of(item.name)[0] for item in items}
    for some in _pieces(starts):
        any_of: Filter = {"filter_operator": "any", "filters": [["code", "starts_with", each] for each in some]}
        for row in tracker.find("Version", [["project", "is", tracked.project], any_of], fields):
            base, version = base_of(str(row["code"]))
            # Another piece may have found it: the longest start of each is asked for once, but starts nest.
            if base in bases and all(each.id != row["id"] for each in tracked.versions.get(base, [])):
                paths = tuple(str(row[path]) for path in _PATHS if row.get(path))
                tracked.versions.setdefault(base, []).append(
                    TrackedVersion(row["id"], str(row["code"]), version, paths)
                )


def _pieces(values: Iterable[Any]) -> Iterator[list[Any]]:
    every = list(values)
    for start in range(0, len(every), ROWS):
        yield every[start : start + ROWS]
