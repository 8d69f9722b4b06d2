"""A movie as a Version: its row, thumbnail, frame data and the movie itself, each exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_core.deliver.select import check_statuses
from onepiece_core.errors import ExtraMissing, InputRefused, MediaError, VersionExists
from onepiece_core.filesystems import make_folders
from onepiece_core.held import fingerprint_of, held
from onepiece_core.journal import Journal
from onepiece_core.log import get_logger
from onepiece_core.media.probe import probe
from onepiece_core.naming import portable_name
from onepiece_core.progress import Reporter
from onepiece_core.tracker.bulk import BulkTiming
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.known_rows import version_data
from onepiece_core.tracker.outbox import Write
from onepiece_core.tracker.placing import Wanted, find_place
from onepiece_core.tracker.sending import send_all
from onepiece_core.tracker.shot_values import read_shot_values, shot_values_of
from onepiece_core.tracker.steps import MovieStep
from onepiece_core.tracker.tracker import Entity, Tracker

log = get_logger(__name__)

KIND = "upload-version"
FIELD = "sg_uploaded_movie"
# What finds the Version again.
_UNIQUE = ("project", "code", "sg_path_to_movie")
_FIRST_FRAME = 1001
_ROW, _THUMBNAIL, _MOVIE = 1, 2, 3
_KINDS = ("movie", "jpeg", "png")


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """The options of one upload.

    Attributes:
        movie: absolute path.
        name: of the Version; None: the file's without its ending.
        first_frame: None: the shot's cut in, else 1001.
    """

    project: str
    shot: str
    movie: Path
    task: str | None = None
    name: str | None = None
    comment: str | None = None
    status: str | None = None
    first_frame: int | None = None


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What would be made.

    Attributes:
        data: of the Version, only fields that the site knows.
        there: id of the Version, where an earlier run made it.
    """

    movie: Path
    size_bytes: int
    mtime_ns: int
    data: dict[str, Any]
    there: int | None

    @property
    def code(self) -> str:
        return str(self.data["code"])

    def told(self) -> dict[str, Any]:
        return {"version": self.code, "id": self.there, "movie": str(self.movie), "bytes": self.size_bytes, **self.data}


@dataclass(frozen=True, slots=True)
class UploadReport:
    """``was_there``: the Version and its movie were, before this run."""

    plan: UploadPlan
    id: int
    was_there: bool


def plan_upload(request: UploadRequest, tracker: Tracker) -> UploadPlan:
    """Look at the movie and find its place. Writes nothing.

    Raises:
        InputMissing, InputRefused, MediaError: it is no whole movie or picture.
        ProjectMissing, ShotMissing, TaskMissing, UsageError (the status).
        VersionExists: a Version of this name holds other media.
    """
    path = request.movie
    facts = probe(path)
    if facts.kind not in _KINDS:
        raise InputRefused(f"{path.name} is neither a movie nor a picture for review", path=str(path))
    frames = _count(path) if facts.kind == "movie" and facts.frames is None else facts.frames
    check_statuses(tracker, [request.status] if request.status else [])
    wanted = Wanted(project={"name": request.project}, shot=request.shot, shot_named=True)
    if request.task:
        wanted |= Wanted(task=request.task, task_named=True)
    place = find_place(tracker, wanted)
    data = {
        "project": _link(place["project"]),
        "code": portable_name(request.name or path.stem),
        "entity": _link(place["entity"]),
        "sg_task": _link(place["task"]),
        "description": request.comment,
        "sg_status_list": request.status,
        "sg_path_to_movie": str(path),
        **_range(request, tracker, place["project"], place["entity"], frames),
    }
    status = path.stat()
    known = version_data(tracker.schema_fields("Version"), data, ())
    told = {name: value for name, value in known.items() if value is not None}
    return UploadPlan(path, status.st_size, status.st_mtime_ns, told, _there(tracker, told, status.st_size))


def _count(path: Path) -> int | None:
    from onepiece_core.media.movie import count_frames

    try:
        return count_frames(path)
    except ExtraMissing:
        return None


def _link(entity: Entity | None) -> Entity | None:
    return None if entity is None else {"type": entity["type"], "id": entity["id"]}


def _range(
    request: UploadRequest, tracker: Tracker, project: Entity, entity: Entity | None, frames: int | None
) -> dict[str, Any]:
    if not frames:
        return {}
    first = request.first_frame
    if first is None:
        first = shot_values_of(read_shot_values(tracker, project, entity), request.shot).cut_in
    first = _FIRST_FRAME if first is None else first
    last = first + frames - 1
    return {"sg_first_frame": first, "sg_last_frame": last, "frame_count": frames, "frame_range": f"{first}-{last}"}


def _there(tracker: Tracker, data: dict[str, Any], size_bytes: int) -> int | None:
    filters = [["project", "is", data["project"]], ["code", "is", data["code"]]]
    found = tracker.find("Version", filters, ("sg_path_to_movie", FIELD, "created_at"))
    mine = [row for row in found if row.get("sg_path_to_movie") == data.get("sg_path_to_movie")]
    if not found:
        return None
    is_other = not mine
    if mine and mine[0].get(FIELD):
        is_other = MovieStep(tracker, _movie(mine[0], data, size_bytes)).find() is None
    if is_other:
        raise VersionExists(
            f"The tracker has a Version {data['code']} of another movie already",
            hint="Name this one otherwise with --name.",
            state="finished",
            site=tracker.url,
            version_id=found[0]["id"],
            since=str(found[0].get("created_at")),
            path=found[0].get("sg_path_to_movie"),
        )
    return int(mine[0]["id"])


def _movie(row: Entity, data: dict[str, Any], size_bytes: int) -> dict[str, Any]:
    path = Path(data["sg_path_to_movie"])
    link = {"type": "Version", "id": row["id"]}
    return {"row": link, "field": FIELD, "path": str(path), "name": path.name, "size_bytes": size_bytes}


def apply_upload(
    plan: UploadPlan, tracker: Tracker, journal: Journal, *, timing: BulkTiming, reporter: Reporter
) -> UploadReport:
    """Make what is not there; the same again after a kill goes on.

    Raises: OperationBusy, OperationCancelled, TrackerUnavailable (the same again goes on), TrackerRefused.
    """
    told = (tracker.url, plan.data["project"]["id"], plan.code, str(plan.movie), plan.size_bytes, plan.mtime_ns)
    with held(journal, KIND, fingerprint_of(KIND, *told), f"upload {plan.code}") as operation:
        outbox = JournalOutbox(journal, operation.id)
        rows = [{"key": "version", "data": plan.data}]
        outbox.fill([Write(_ROW, "rows", {"type": "Version", "unique": list(_UNIQUE), "rows": rows})])
        send_all(outbox, tracker, timing, reporter, operation=KIND)
        made = next(row.result["version"] for row in outbox.rows() if row.write.seq == _ROW)
        link = {"type": "Version", "id": made["id"]}
        picture = journal.folder / "thumbnails" / f"{operation.id}.jpg"
        writes = [Write(_MOVIE, "movie", _movie(link, plan.data, plan.size_bytes))]
        if _has_thumbnail(plan.movie, picture):
            writes.insert(0, Write(_THUMBNAIL, "thumbnail", {"row": link, "path": str(picture)}))
        outbox.fill(writes)
        send_all(outbox, tracker, timing, reporter, operation=KIND)
        picture.unlink(missing_ok=True)
    return UploadReport(plan, made["id"], plan.there is not None)


def _has_thumbnail(movie: Path, target: Path) -> bool:
    """A movie without a picture for people's eyes is still a movie."""
    from onepiece_core.media.thumbnail import write_thumbnail

    make_folders(target.parent)
    try:
        write_thumbnail(movie, target)
    except (ExtraMissing, MediaError) as error:
        log.warning("versions.no_thumbnail", reason=error.report.message)
        return False
    return True
