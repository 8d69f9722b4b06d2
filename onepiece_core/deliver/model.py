"""What a delivery is asked for, and what its plan holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from onepiece_core.checksums import Stamp
from onepiece_core.storage.places import Place

Format = Literal["zip", "folder"]
MediaKind = Literal["frames", "movie"]


@dataclass(frozen=True, slots=True)
class DeliverRequest:
    """The options of one delivery.

    Attributes:
        episodes: codes, whatever their case; empty: all there is.
        output: absolute path of the archive or folder.
        manifest: absolute stem of the manifests that are kept: ``P`` for ``P.json`` and ``P.csv``.
        since: only Versions that changed at this time or later.
        statuses: empty: those of the preset.
        upstream: manifests that came with the media.
    """

    project: str
    context: str
    output: Path
    episodes: tuple[str, ...] = ()
    manifest: Path | None = None
    preset: str = "studio"
    statuses: tuple[str, ...] = ()
    since: datetime | None = None
    naming: str | None = None
    renumber: bool = False
    format: Format = "zip"
    require_hash: bool = False
    upstream: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """The delivery's name: the output's without its ending."""
        return self.output.stem if self.format == "zip" else self.output.name

    def fingerprint(self, site: str) -> str:
        """The same for the same options at the same site."""
        told = json.dumps([site, asdict(self)], sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a Version. An ``error`` keeps it out of the delivery."""

    code: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def told(self) -> dict[str, str]:
        return {"code": self.code, "severity": self.severity, "message": self.message}


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file of a Version, on disk (``path``, ``stamp``) or in a bucket (``bucket``, ``key``, ``etag``).

    Attributes:
        recorded: xxh128 that its publish or ingest wrote down; None where nothing did.
        upstream: algorithm and digest of what a manifest that came with it says.
    """

    name: str
    size_bytes: int
    frame: int | None = None
    path: Path | None = None
    stamp: Stamp | None = None
    bucket: str = ""
    key: str = ""
    etag: str = ""
    recorded: str | None = None
    upstream: tuple[tuple[str, str], ...] = ()

    @property
    def expected(self) -> dict[str, str]:
        """The digests that it must have, by algorithm; empty where nobody knows."""
        return {**dict(self.upstream), **({} if self.recorded is None else {"xxh128": self.recorded})}

    @property
    def where(self) -> str:
        return str(self.path) if self.path is not None else f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class MediaPlace:
    """The files of a Version's frames, in their order, or its movie."""

    kind: MediaKind
    told: str
    files: tuple[MediaFile, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the delivery. ``path`` is relative to its top; ``original`` what the file is called at home."""

    path: str
    original: str
    media: MediaFile
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedVersion:
    """One approved Version."""

    id: int
    code: str
    entity: str | None
    episode: str | None
    sequence: str | None
    status: str
    created_at: datetime
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_refused(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def size_bytes(self) -> int:
        return sum(entry.media.size_bytes for entry in self.entries)


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """What would be delivered, and what would not. ``upstream``: name and xxh128 of the manifests that came with it."""

    request: DeliverRequest
    project: dict[str, Any]
    show_code: str
    place: Place
    hashes: tuple[str, ...]
    versions: tuple[PlannedVersion, ...] = field(default=())
    upstream: tuple[tuple[str, str], ...] = ()

    @property
    def ready(self) -> tuple[PlannedVersion, ...]:
        return tuple(version for version in self.versions if not version.is_refused)

    @property
    def refused(self) -> tuple[PlannedVersion, ...]:
        return tuple(version for version in self.versions if version.is_refused)

    @property
    def size_bytes(self) -> int:
        return sum(version.size_bytes for version in self.ready)

    def told(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "project": self.project.get("name"),
            "show_code": self.show_code,
            "context": self.request.context,
            "output": str(self.request.output),
            "format": self.request.format,
            "destination": self.place.uri,
            "versions": [told_version(version) for version in self.versions],
        }


def told_version(version: PlannedVersion) -> dict[str, Any]:
    return {
        "id": version.id,
        "code": version.code,
        "entity": version.entity,
        "episode": version.episode,
        "status": version.status,
        "refused": version.is_refused,
        "problems": [problem.told() for problem in version.problems],
        "files": [
            {"path": entry.path, "original": entry.original, "from": entry.media.where, "bytes": entry.media.size_bytes}
            for entry in version.entries
        ],
    }
