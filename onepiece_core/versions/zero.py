"""A slate as v000 of every shot that has none: a review may begin before the first render."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from onepiece_core.deliver.select import find_episodes
from onepiece_core.filesystems import make_folders
from onepiece_core.held import fingerprint_of, held
from onepiece_core.journal import Journal
from onepiece_core.progress import Progress, Reporter
from onepiece_core.tracker.bulk import BATCH_SIZE, BulkTiming
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.known_rows import version_data
from onepiece_core.tracker.outbox import Write
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.sending import send_all
from onepiece_core.tracker.shot_values import asked_fields, shot_values_of, told_values
from onepiece_core.tracker.tracker import Entity, Filter, Tracker
from onepiece_core.versions.slate import write_slate
from onepiece_core.versions.upload import FIELD

KIND = "version-zero"
SUFFIX = "_v000"
_EPISODE = "sg_sequence.Sequence.episode.Episode.code"
_UNIQUE = ("project", "entity", "code")
_PICTURES_A_TIME = 50


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """A shot whose v000 is not whole yet.

    Attributes:
        version: id of its v000; None: there is none.
    """

    id: int
    code: str
    cut_in: int | None
    cut_out: int | None
    version: int | None = None
    has_image: bool = False
    has_movie: bool = False

    @property
    def version_code(self) -> str:
        return f"{self.code}{SUFFIX}"

    @property
    def link(self) -> Entity:
        return {"type": "Shot", "id": self.id}


@dataclass(frozen=True, slots=True)
class ZeroPlan:
    """What is to do; ``complete`` shots have their v000."""

    project: Entity
    shots: tuple[ZeroShot, ...]
    complete: int

    @property
    def missing(self) -> tuple[ZeroShot, ...]:
        return tuple(shot for shot in self.shots if shot.version is None)


def plan_zero(tracker: Tracker, project: str, episodes: Sequence[str] = ()) -> ZeroPlan:
    """Which shots lack a v000, or its picture. Raises TrackerError, EntityMissing (an episode)."""
    found = find_project(tracker, {"name": project})
    filters: list[Filter] = [["project", "is", found]]
    if episodes:
        filters.append([_EPISODE, "in", find_episodes(tracker, found, episodes)])
    asked = asked_fields(tracker, "Shot", ("cut_in", "cut_out"))
    fields = ["code", *(field for each in asked.values() for field in each)]
    rows = tracker.find("Shot", filters, fields)
    zeros: dict[int, Entity] = {}
    known: list[Filter] = [["project", "is", found], ["code", "ends_with", SUFFIX]]
    for version in tracker.find("Version", known, ("entity", "image", FIELD)):
        entity = version.get("entity") or {}
        if entity.get("type") == "Shot":
            zeros.setdefault(entity["id"], version)
    shots = []
    for row in sorted(rows, key=lambda row: (str(row.get("code")), row["id"])):
        values = shot_values_of(told_values(row, asked), str(row["code"]))
        zero = zeros.get(row["id"])
        shots.append(
            ZeroShot(
                row["id"],
                str(row["code"]),
                values.cut_in,
                values.cut_out,
                None if zero is None else zero["id"],
                has_image=bool(zero and zero.get("image")),
                has_movie=bool(zero and zero.get(FIELD)),
            )
        )
    todo = tuple(shot for shot in shots if not (shot.version and shot.has_image and shot.has_movie))
    return ZeroPlan(found, todo, len(shots) - len(todo))


def apply_zero(
    tracker: Tracker,
    journal: Journal,
    project: str,
    episodes: Sequence[str] = (),
    *,
    timing: BulkTiming,
    reporter: Reporter,
    today: date,
) -> ZeroPlan:
    """Make the Versions in bulk, then upload their pictures; what was to do. The same again after a kill goes on.

    Raises: OperationBusy, OperationCancelled, TrackerUnavailable (the same again goes on), TrackerRefused,
        ExtraMissing.
    """
    fingerprint = fingerprint_of(KIND, tracker.url, project.casefold())
    with held(journal, KIND, fingerprint, f"slates of {project}") as operation:
        folder = journal.folder / "slates" / operation.id
        make_folders(folder)
        run = _Run(tracker, JournalOutbox(journal, operation.id), folder, timing, reporter)
        run.send()  # what a killed run has left: its pictures lie in the folder
        plan = plan_zero(tracker, project, episodes)
        run.make(plan, today)
        shutil.rmtree(folder, ignore_errors=True)
    return plan


class _Run:
    def __init__(
        self, tracker: Tracker, outbox: JournalOutbox, folder: Path, timing: BulkTiming, reporter: Reporter
    ) -> None:
        self.tracker, self.outbox, self.folder = tracker, outbox, folder
        self.timing, self.reporter = timing, reporter

    def send(self) -> None:
        send_all(self.outbox, self.tracker, self.timing, self.reporter, operation=KIND)

    def make(self, plan: ZeroPlan, today: date) -> None:
        ids = {shot.id: shot.version for shot in plan.shots} | self._rows(plan)
        done = 0
        for start in range(0, len(plan.shots), _PICTURES_A_TIME):
            some = plan.shots[start : start + _PICTURES_A_TIME]
            writes: list[Write] = []
            after = self._last()
            for shot in some:
                version = ids[shot.id]
                assert version is not None
                writes += self._uploads(plan, shot, version, today, after + len(writes))
            self.outbox.fill(writes)
            self.send()
            done += len(some)
            self.reporter.step(
                Progress(operation=KIND, phase="upload", done=done, total=len(plan.shots), item=some[-1].code)
            )

    def _last(self) -> int:
        return max((row.write.seq for row in self.outbox.rows()), default=0)

    def _rows(self, plan: ZeroPlan) -> dict[int, int]:
        """The new Versions, by id of the shot: a request for some hundreds of them."""
        fields = self.tracker.schema_fields("Version")
        seqs = []
        for start in range(0, len(plan.missing), BATCH_SIZE):
            some = plan.missing[start : start + BATCH_SIZE]
            rows = [{"key": str(shot.id), "data": version_data(fields, _data(plan, shot), ())} for shot in some]
            seqs.append(self._last() + 1)
            self.outbox.fill([Write(seqs[-1], "rows", {"type": "Version", "unique": list(_UNIQUE), "rows": rows})])
        self.send()
        made = [row.result for row in self.outbox.rows() if row.write.seq in seqs]
        return {int(key): each["id"] for result in made for key, each in result.items()}

    def _uploads(self, plan: ZeroPlan, shot: ZeroShot, version: int, today: date, after: int) -> list[Write]:
        path = self.folder / f"{shot.id}.jpg"
        write_slate(path, shot.code, _lines(plan, shot, today))
        row = {"type": "Version", "id": version}
        writes: list[Write] = []
        if not shot.has_image:
            writes.append(Write(after + 1, "thumbnail", {"row": row, "path": str(path)}))
        if not shot.has_movie:
            name = f"{shot.version_code}.jpg"
            size = path.stat().st_size
            payload = {"row": row, "field": FIELD, "path": str(path), "name": name, "size_bytes": size}
            writes.append(Write(after + 1 + len(writes), "movie", payload))
        return writes


def _data(plan: ZeroPlan, shot: ZeroShot) -> dict[str, Any]:
    data: dict[str, Any] = {
        "project": {"type": "Project", "id": plan.project["id"]},
        "code": shot.version_code,
        "entity": shot.link,
        "description": "Slate",
    }
    if shot.cut_in is not None and shot.cut_out is not None and shot.cut_out >= shot.cut_in:
        data |= {"sg_first_frame": shot.cut_in, "sg_last_frame": shot.cut_out}
        data |= {"frame_count": shot.cut_out - shot.cut_in + 1, "frame_range": f"{shot.cut_in}-{shot.cut_out}"}
    return data


def _lines(plan: ZeroPlan, shot: ZeroShot, today: date) -> list[str]:
    is_known = shot.cut_in is not None and shot.cut_out is not None
    cut = f"cut {shot.cut_in}-{shot.cut_out}" if is_known else "cut not known yet"
    return [str(plan.project.get("name")), cut, "v000", today.isoformat()]
