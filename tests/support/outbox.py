"""What the outbox's tests stand on: a log in memory, a clock that only sleeping moves, a small package."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from onepiece_core.errors import ErrorReport
from onepiece_core.manifest.package import PackageFile, PackageItem, PackageManifest
from onepiece_core.publish.registration import RegistrationTarget, registration_writes
from onepiece_core.testing.memory_tracker import MemoryTracker
from onepiece_core.tracker.outbox import OutboxRow, Write
from onepiece_core.tracker.tracker import Entity, Tracker


class SteppedClock:
    """Time passes only while somebody sleeps."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self._now = now
        self.slept = 0.0

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds
        self.slept += seconds


class Died(BaseException):
    """The process is gone: nothing catches it."""


class MemoryLog:
    """An OutboxLog. ``die_at(event, seq)`` ends the process before that row is written."""

    def __init__(self, writes: tuple[Write, ...]) -> None:
        self._rows = {write.seq: OutboxRow(write) for write in writes}
        self.reports: dict[int, ErrorReport] = {}
        self._deaths: set[tuple[str, int]] = set()

    def die_at(self, event: str, seq: int) -> None:
        self._deaths.add((event, seq))

    def rows(self) -> list[OutboxRow]:
        return copy.deepcopy(list(self._rows.values()))

    def row(self, kind: str) -> OutboxRow:
        return next(row for row in self._rows.values() if row.write.kind == kind)

    def sending(self, seq: int, at: float) -> None:
        self._live("sending", seq)
        row = self._rows[seq]
        row.state, row.sent_at, row.failed_at = "sending", at, None

    def unanswered(self, seq: int, at: float) -> None:
        self._live("unanswered", seq)
        row = self._rows[seq]
        row.state, row.failed_at = "unanswered", at

    def waiting(self, seq: int) -> None:
        self._live("waiting", seq)
        row = self._rows[seq]
        row.state, row.sent_at, row.failed_at = "waiting", None, None

    def done(self, seq: int, result: Any) -> None:
        self._live("done", seq)
        row = self._rows[seq]
        row.state, row.result = "done", copy.deepcopy(result)

    def failed(self, seq: int, report: ErrorReport) -> None:
        self._live("failed", seq)
        self._rows[seq].state = "failed"
        self.reports[seq] = report

    def _live(self, event: str, seq: int) -> None:
        if (event, seq) in self._deaths:
            self._deaths.discard((event, seq))
            raise Died(f"before {event} of {seq}")


DIGEST = "0" * 32
# The smallest picture that there is: a site looks at what it gets.
GIF = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")


def make_manifest(scene_name: str = "FG_ep010_sc02_0010_comp_v004", *, movie_bytes: int = 9) -> PackageManifest:
    """A scene, a sequence of three frames, a movie and a cut."""
    frames = [f"renders/{scene_name}.{frame}.exr" for frame in (1001, 1002, 1003)]
    files = [
        PackageFile(path=f"scene/{scene_name}.nk", role="scene", size_bytes=3, xxh128=DIGEST, mtime_ns=1),
        *(PackageFile(path=path, role="render", size_bytes=4, xxh128=DIGEST, mtime_ns=1) for path in frames),
        PackageFile(
            path=f"previews/{scene_name}.mov", role="preview", size_bytes=movie_bytes, xxh128=DIGEST, mtime_ns=1
        ),
        PackageFile(path=f"otio/{scene_name}.otio", role="otio", size_bytes=5, xxh128=DIGEST, mtime_ns=1),
    ]
    items = [
        PackageItem(name=f"{scene_name}.nk", role="scene", pattern=f"scene/{scene_name}.nk"),
        PackageItem(
            name=f"{scene_name}.%04d.exr",
            role="render",
            pattern=f"renders/{scene_name}.%04d.exr",
            first=1001,
            last=1003,
            frames="1001-1003",
            files=3,
        ),
        PackageItem(name=f"{scene_name}.mov", role="preview", pattern=f"previews/{scene_name}.mov"),
        PackageItem(name=f"{scene_name}.otio", role="otio", pattern=f"otio/{scene_name}.otio"),
    ]
    return PackageManifest(
        operation="op",
        scene_name=scene_name,
        version=4,
        dcc="nuke",
        show_code="FG",
        show_type="vfx",
        created_at="2025-03-01T12:00:00Z",
        created_by="ada",
        tool="onepiece 0.1.0",
        items=tuple(items),
        files=tuple(files),
    )


def make_package(folder: Path, manifest: PackageManifest) -> Path:
    """The movie and a thumbnail, as uploads need them; the thumbnail's path."""
    movie = next(file for file in manifest.files if file.role == "preview")
    path = folder / movie.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"m" * movie.size_bytes)
    thumbnail = folder.parent / f"{folder.name}.jpg"
    thumbnail.write_bytes(GIF)
    return thumbnail


def make_writes(folder: Path, scene_name: str = "FG_ep010_sc02_0010_comp_v004", **target: Any) -> tuple[Write, ...]:
    manifest = make_manifest(scene_name)
    thumbnail = make_package(folder, manifest)
    told: dict[str, Any] = {
        "project": {"code": "FG"},
        "shot": "0010",
        "task": "comp",
        "package_root": str(folder),
        "s3_uri": f"s3://my-bucket/vfx/FG/{scene_name}",
        "thumbnail": str(thumbnail),
        **target,
    }
    return registration_writes(manifest, RegistrationTarget(**told))


def seed(tracker: Tracker) -> Entity:
    """The show FG with one shot and its comp task; the project."""
    project = tracker.create("Project", {"name": "Frost Giant", "code": "FG"})
    sequence = tracker.create("Sequence", {"code": "sc02", "project": _link(project)})
    shot = tracker.create("Shot", {"code": "0010", "project": _link(project), "sg_sequence": _link(sequence)})
    tracker.create("Task", {"content": "comp", "project": _link(project), "entity": _link(shot)})
    return _link(project)


def seeded(clock: SteppedClock | None = None) -> MemoryTracker:
    tracker = MemoryTracker(clock=clock or SteppedClock())
    seed(tracker)
    return tracker


def counts(tracker: Tracker) -> dict[str, int]:
    """How many rows that a registration makes are there, retired ones aside."""
    types = ("Version", "PublishedFileType", "PublishedFile", "PublishedFileDependency", "Attachment")
    return {name: len(tracker.find(name, [])) for name in types}


def _link(entity: Entity) -> Entity:
    return {"type": entity["type"], "id": entity["id"]}
