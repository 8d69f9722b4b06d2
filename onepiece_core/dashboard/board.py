"""What the dashboard's API and pages ask: answered from this machine, never by asking the tracker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol

from onepiece_core.dashboard.model import (
    BoardEvent,
    CacheChange,
    CacheState,
    DeliveryDetail,
    DeliverySummary,
    EpisodeDetail,
    FindingsReport,
    Found,
    Freshness,
    IngestDetail,
    IngestSummary,
    OperationRow,
    Page,
    PlaylistDetail,
    PlaylistSummary,
    Progress,
    ProjectDetail,
    ProjectSummary,
    ShotDetail,
    ShotRow,
    VersionRow,
)
from onepiece_core.dashboard.statuses import Bucket

MAX_PAGE = 500


class Overview(NamedTuple):
    """All shows together; ``progress`` is the sum over the projects."""

    progress: Progress
    freshness: Freshness


class RowFilter(NamedTuple):
    """Which rows of a show are meant; None is any.

    ``text``: part of a code, of any case. ``step`` with ``bucket``: shots with a task of that step in that bucket.
    """

    episode: str | None = None
    sequence: str | None = None
    bucket: Bucket | None = None
    step: str | None = None
    text: str | None = None
    assignee: str | None = None


class Media(NamedTuple):
    """A picture or movie. Exactly one of ``data`` and ``url`` is set; ``url`` is the tracker's, with its signature."""

    kind: str  # the media type
    data: bytes | None = None
    url: str | None = None


class Board(Protocol):
    """Any thread may call it; nothing in it waits for the network but ``find_media``.

    Codes of projects are those of ``ProjectSummary.code``. Raises DashboardMissing for what is not known, and
    DashboardStoreFailed when the mirror cannot be read.
    """

    def generation(self, project: str | None = None) -> str:
        """Changes when anything of the show, or of any, does: the seed of ETags."""

    def overview(self) -> Overview: ...

    def list_projects(self, *, limit: int = 50, cursor: str | None = None) -> Page[ProjectSummary]:
        """Those that changed last come first."""

    def get_project(self, project: str) -> ProjectDetail: ...

    def get_episode(self, project: str, episode: str) -> EpisodeDetail: ...

    def list_shots(
        self, project: str, wanted: RowFilter, *, limit: int = 100, cursor: str | None = None
    ) -> Page[ShotRow]:
        """By episode, sequence and code; ``limit`` 1 to MAX_PAGE."""

    def list_versions(
        self, project: str, wanted: RowFilter, *, limit: int = 50, cursor: str | None = None
    ) -> Page[VersionRow]:
        """The newest first."""

    def get_shot(self, project: str, shot: int) -> ShotDetail: ...

    def list_deliveries(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[DeliverySummary]: ...

    def get_delivery(self, delivery: str) -> DeliveryDetail: ...

    def list_ingests(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[IngestSummary]: ...

    def get_ingest(self, ingest: str) -> IngestDetail: ...

    def list_playlists(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[PlaylistSummary]: ...

    def get_playlist(self, playlist: int) -> PlaylistDetail: ...

    def list_operations(self, *, limit: int = 50, cursor: str | None = None) -> Page[OperationRow]:
        """Unfinished ones, the newest first."""

    def list_findings(self) -> list[FindingsReport]:
        """The newest kept reconcile report of each show."""

    def search(self, text: str, *, limit: int = 20) -> list[Found]: ...

    def find_media(self, version: int, kind: Literal["thumbnail", "movie"]) -> Media | None:
        """The only call that may ask the tracker's media server; kept afterwards, where it is a picture."""

    def cache(self) -> CacheState: ...

    def change_cache(self, change: CacheChange) -> CacheState:
        """In force in every process at once, and kept over a restart. Raises DashboardInvalid."""

    def follow(self, after: int | None = None) -> Iterator[BoardEvent | None]:
        """Events after ``after`` (None: from now on) as they happen; None once all are told, and now and then after."""

    def close(self) -> None: ...
