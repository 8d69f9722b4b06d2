"""The dashboard as its API and its pages show it. Times are seconds since the epoch, frames are inclusive."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from onepiece_core.dashboard.statuses import Bucket
from onepiece_core.errors import ErrorReport

Item = TypeVar("Item")


class _Model(BaseModel, frozen=True):
    pass


class Page(_Model, Generic[Item]):
    """A part of a list. ``total``: of everything that was asked for, None where nobody has counted."""

    items: list[Item]
    next_cursor: str | None = None
    total: int | None = None


class Freshness(_Model):
    """How far what is shown can be trusted.

    Attributes:
        link: how the tracker answered last: ``none`` where no tracker is configured, ``new`` before it was asked.
        as_of: everything shown was true then; None while nothing is known.
        tried_at: when it was asked last, whatever came of it.
        is_refreshing: somebody is reading it again now.
        is_partial: the show outgrew the limits: counts are of all rows, lists of the newest alone.
    """

    link: Literal["ok", "down", "new", "none"] = "new"
    as_of: float | None = None
    tried_at: float | None = None
    is_refreshing: bool = False
    is_partial: bool = False
    error: ErrorReport | None = None


class Counts(_Model):
    """Rows by bucket, and by the tracker's own word; both add up to ``total``."""

    total: int = 0
    buckets: dict[Bucket, int] = {}
    statuses: dict[str, int] = {}

    @property
    def percent_done(self) -> float:
        """Of what is not omitted, 0 to 100."""
        done = self.buckets.get("approved", 0) + self.buckets.get("delivered", 0)
        wanted = self.total - self.buckets.get("omitted", 0)
        return 100.0 * done / wanted if wanted else 0.0


class Progress(_Model):
    """How far a show, an episode or a sequence is. Counts of the parts add up to those of the whole."""

    versions: Counts = Counts()
    shots: Counts = Counts()
    tasks: Counts = Counts()


class ProjectSummary(_Model):
    """``code`` names it in addresses: the tracker's short code, else its id. ``known_by``: who told of it."""

    code: str
    id: int | None
    name: str
    status: str = ""
    is_archived: bool = False
    known_by: list[Literal["settings", "environment", "tracker", "import"]] = []
    progress: Progress = Progress()
    newest_version_at: float | None = None
    thumbnail: int | None = None  # a Version that has a picture
    freshness: Freshness = Freshness()


class EpisodeSummary(_Model):
    """``code`` is empty for what belongs to no episode."""

    code: str
    progress: Progress = Progress()


class SequenceSummary(_Model):
    code: str
    progress: Progress = Progress()


class BurnPoint(_Model):
    """``day``: YYYY-MM-DD, UTC; shots that were done by its end, of all that there were."""

    day: str
    done: int
    total: int


class StepName(_Model):
    """A department as a column of the matrix."""

    code: str
    name: str


class ProjectDetail(_Model):
    summary: ProjectSummary
    episodes: list[EpisodeSummary]
    steps: list[StepName]
    burn_down: list[BurnPoint]


class EpisodeDetail(_Model):
    project: str
    summary: EpisodeSummary
    sequences: list[SequenceSummary]
    freshness: Freshness


class TaskCell(_Model):
    """One task of the matrix. ``due``: YYYY-MM-DD."""

    id: int
    name: str
    step: str
    status: str
    bucket: Bucket
    assignees: list[str] = []
    due: str | None = None


class ShotRow(_Model):
    """A line of the matrix. ``cells``: tasks by the step's code."""

    id: int
    code: str
    episode: str = ""
    sequence: str = ""
    status: str
    bucket: Bucket
    cells: dict[str, list[TaskCell]] = {}
    versions: int = 0
    thumbnail: int | None = None
    updated_at: float | None = None


class VersionRow(_Model):
    """A Version. ``entity`` is the code of its shot or asset. Pictures and movies are asked for by ``id``."""

    id: int
    code: str
    status: str
    bucket: Bucket
    entity_type: str = ""
    entity_id: int | None = None
    entity: str = ""
    episode: str = ""
    sequence: str = ""
    step: str = ""
    user: str = ""
    description: str = ""
    frame_range: str = ""
    path_to_frames: str = ""
    has_thumbnail: bool = False
    has_movie: bool = False
    created_at: float | None = None
    updated_at: float | None = None


class PublishRow(_Model):
    """A PublishedFile. ``uses`` and ``used_by``: ids and names of others."""

    id: int
    code: str
    name: str = ""
    kind: str = ""
    version_number: int | None = None
    path: str = ""
    version_id: int | None = None
    step: str = ""
    user: str = ""
    created_at: float | None = None
    uses: list[tuple[int, str]] = []
    used_by: list[tuple[int, str]] = []


class WorkfileRow(_Model):
    """A scene that artists edit. ``path`` is ``root:relative`` where it lies in a root."""

    name: str
    path: str
    step: str = ""
    version: int | None = None
    modified_at: float | None = None
    size_bytes: int | None = None


class ShotDetail(_Model):
    project: str
    row: ShotRow
    frame_range: str = ""
    description: str = ""
    versions: list[VersionRow]
    publishes: list[PublishRow]
    workfiles: list[WorkfileRow]
    freshness: Freshness


class DeliverySummary(_Model):
    """A package that left. ``manifest``: whose list of entries is shown; None while nobody knows any.

    Attributes:
        status: that of the operation (``running``, ``parked``, ``finished`` ...), else the tracker's.
        verified: what the last verify of its files said, on this machine; None when nobody has looked.
    """

    id: str
    name: str
    project: str = ""
    recipient: str = ""
    status: str
    created_at: float | None = None
    versions: int | None = None
    files: int | None = None
    size_bytes: int | None = None
    place: str = ""
    manifest: Literal["upstream", "ours", "tracker"] | None = None
    verified: bool | None = None
    verified_at: float | None = None
    error: ErrorReport | None = None


class DeliveryEntry(_Model):
    """A file of a delivery. ``digests``: algorithm to hexadecimal."""

    path: str
    version: str = ""
    size_bytes: int | None = None
    digests: dict[str, str] = {}


class DeliveryDetail(_Model):
    """``receipt``: what its upload and registration left behind. ``note``: why there are no entries, if none."""

    summary: DeliverySummary
    entries: list[DeliveryEntry]
    receipt: dict[str, Any] = {}
    note: str = ""


class IngestSummary(_Model):
    """A drop that was taken in, or is."""

    id: str
    name: str
    project: str = ""
    source: str = ""
    status: str
    created_at: float
    updated_at: float
    files: int = 0
    registered: int = 0
    refused: int = 0
    warnings: int = 0
    size_bytes: int | None = None
    error: ErrorReport | None = None


class RefusedFile(_Model):
    path: str
    code: str
    message: str
    hint: str = ""


class IngestDetail(_Model):
    summary: IngestSummary
    refused: list[RefusedFile]
    warned: list[RefusedFile]


class PlaylistSummary(_Model):
    id: int
    code: str
    project: str
    versions: int = 0
    counts: Counts = Counts()
    updated_at: float | None = None


class PlaylistDetail(_Model):
    summary: PlaylistSummary
    versions: list[VersionRow]
    freshness: Freshness


class OperationRow(_Model):
    """An operation of the journal. ``is_alive``: its process still runs on this machine; None when it is another's."""

    id: str
    kind: str
    name: str
    state: str
    host: str
    is_alive: bool | None
    created_at: float
    updated_at: float
    steps: list[tuple[str, bool]] = []
    waiting_writes: int = 0
    error: ErrorReport | None = None


class FindingRow(_Model):
    """A finding of the newest reconcile report that was kept. ``repair``: what a plan would do, in words."""

    code: str
    severity: str
    subject: str
    message: str
    hint: str = ""
    repair: str = ""


class FindingsReport(_Model):
    project: str
    made_at: float | None = None
    counts: dict[str, int] = {}
    findings: list[FindingRow] = []


class Found(_Model):
    """A result of the search. ``kind`` and ``key`` make its address."""

    kind: Literal["project", "episode", "shot", "version", "delivery", "ingest", "playlist", "job"]
    project: str
    key: str
    label: str
    hint: str = ""


class CacheState(_Model):
    """The mirror, for its operators. Limits as they are in force in every worker now.

    Attributes:
        ttl_seconds: answers older than this are asked for again.
        max_records: rows of Versions that are kept of one show; above it counts alone are kept of older ones.
        max_projects: shows that are kept fresh: those that changed last.
        requests: what the tracker was asked since the mirror was made.
        refresher: host and pid of who refreshes.
    """

    ttl_seconds: float
    max_records: int
    max_projects: int
    projects: int = 0
    records: int = 0
    size_bytes: int = 0
    generation: int = 0
    requests: int = 0
    last_refresh_at: float | None = None
    last_refresh_seconds: float | None = None
    refresher: str = ""
    per_project: dict[str, Freshness] = {}


class CacheChange(BaseModel, frozen=True, extra="forbid"):
    """What an operator wants otherwise; None stays. ``flush``: everything is read again."""

    ttl_seconds: float | None = None
    max_records: int | None = None
    max_projects: int | None = None
    flush: bool = False


class BoardEvent(_Model):
    """Something changed. ``seq`` only grows. ``project`` is empty for what belongs to none."""

    seq: int
    kind: Literal["refreshed", "link", "cache", "operation"]
    project: str = ""
    at: float
