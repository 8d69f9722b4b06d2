"""What a comparison needs, built by a front end and passed down, and what it has found so far."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onepiece_core.config.models import ContextSettings, ReconcileSettings, RootSettings, System
from onepiece_core.context import Convention
from onepiece_core.journal import Journal
from onepiece_core.naming import split_version
from onepiece_core.paths import Roots
from onepiece_core.progress import Reporter
from onepiece_core.publish.parts import PublishParts
from onepiece_core.reconcile.located import RootMap, group_key, is_pattern
from onepiece_core.reconcile.model import Action, Finding, Recover, Scope, Unknown
from onepiece_core.reconcile.rows import Rows
from onepiece_core.storage.places import Place
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.tracker.tracker import Entity, Tracker


@dataclass(frozen=True)
class ReconcileRequest:
    """What is asked for.

    Attributes:
        show_code: None: the project's own code.
        contexts: names of contexts; none: every one.
        disks: folders to look into instead of those that settings and rows name.
        buckets: further buckets or contexts that publishes went to.
        checksum: read every byte that a manifest tells the hash of.
    """

    project: str
    show_code: str | None = None
    scope: Scope = "all"
    contexts: tuple[str, ...] = ()
    disks: tuple[Path, ...] = ()
    buckets: tuple[str, ...] = ()
    checksum: bool = False


@dataclass(frozen=True)
class ReconcileParts:
    """``publish``: what recovering and registering need; ``open_store``: the S3 bucket of that name."""

    tracker: Tracker
    journal: Journal
    open_store: Callable[[str], S3Store]
    roots: Roots
    contexts: Mapping[str, ContextSettings]
    root_settings: Mapping[str, RootSettings]
    convention: Convention
    settings: ReconcileSettings
    publish: PublishParts
    system: System
    publish_bucket: str | None = None
    built_in_contexts: frozenset[str] = frozenset()
    reporter: Reporter = field(default_factory=Reporter)
    checkpoint: Callable[[str], None] = lambda _name: None


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A claim whose lease is over. ``recover``: where a record tells how to go on; ``park``: moves it aside."""

    where: str
    who: str
    recover: Recover | None
    park: tuple[Action, ...]


@dataclass(slots=True)
class World:
    """One comparison on its way.

    Attributes:
        folders: looked into, real paths, sorted as if each ended in a slash.
        places: looked into in S3.
        unfinished: scene names of publishes that run, wait or were interrupted: their files are no orphans.
        version_names: names of packages and retired rows, which fill gaps between versions.
    """

    request: ReconcileRequest
    parts: ReconcileParts
    project: Entity
    show_code: str
    root_map: RootMap
    rows: Rows
    folders: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    unfinished: set[str] = field(default_factory=set)
    version_names: set[str] = field(default_factory=set)
    abandoned: dict[str, list[Abandoned]] = field(default_factory=dict)
    files: int = 0
    objects: int = 0
    packages: int = 0
    operations: int = 0

    def add(self, finding: Finding) -> None:
        self.findings.append(finding)

    def folder_of(self, path: str) -> str | None:
        """The folder looked into that holds ``path``."""
        # None lies inside another, so the nearest one before the path in this order is the only candidate.
        at = bisect_right(self.folders, f"{path}/", key=lambda folder: f"{folder}/")
        return self.folders[at - 1] if at and f"{path}/".startswith(f"{self.folders[at - 1]}/") else None

    def place_of(self, uri: str) -> Place | None:
        """The place looked into that holds ``uri``."""
        return next((each for each in self.places if uri == each.uri or uri.startswith(f"{each.uri}/")), None)

    def is_unknown(self, place: str) -> bool:
        """Whether ``place`` lies at or below something that could not be looked at, or holds such a thing."""
        return any(
            place == each.place or place.startswith(f"{each.place}/") or each.place.startswith(f"{place}/")
            for each in self.unknown
        )

    def has_files(self, place: str) -> bool:
        """Whether a path of this machine, or one of a pattern's files, is there."""
        path = Path(place)
        if not is_pattern(place):
            return path.exists()
        wanted = group_key(place)
        return path.parent.is_dir() and any(group_key(str(each)) == wanted for each in path.parent.iterdir())

    def persist(self, path: str) -> str:
        """``root:relative`` for a plan."""
        return self.parts.roots.persist(Path(path))

    def base_of(self, path: str) -> str:
        """The folder whose ``.onepiece/parked`` takes ``path``, for a plan."""
        return self.persist(self.folder_of(path) or str(Path(path).parent))


def version_of(name: str) -> tuple[str, int] | None:
    """(name without its version, version); None when it has none, or not one that can be read."""
    from onepiece_core.errors import NameInvalid

    try:
        base, version, _ = split_version(name)
    except NameInvalid:
        return None
    return None if version is None else (base, version)
