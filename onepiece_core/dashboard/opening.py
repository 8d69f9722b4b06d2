"""The board of this machine, from the settings."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from onepiece_core.config.models import Settings
from onepiece_core.context import Context
from onepiece_core.dashboard.board import Board, Media, Overview, RowFilter
from onepiece_core.dashboard.deliveries import TrackedDelivery
from onepiece_core.dashboard.limits import change_limits, limits_of
from onepiece_core.dashboard.mirror import Mirror
from onepiece_core.dashboard.model import (
    BoardEvent,
    CacheChange,
    CacheState,
    DeliveryDetail,
    DeliverySummary,
    EpisodeDetail,
    FindingsReport,
    Found,
    IngestDetail,
    IngestSummary,
    OperationRow,
    Page,
    PlaylistDetail,
    PlaylistSummary,
    ProjectDetail,
    ProjectSummary,
    ShotDetail,
    ShotRow,
    VersionRow,
    WorkfileRow,
)
from onepiece_core.dashboard.paper import Paper
from onepiece_core.dashboard.pictures import Pictures
from onepiece_core.dashboard.refresh import Refresher
from onepiece_core.dashboard.registry import import_registry, know
from onepiece_core.dashboard.searching import search
from onepiece_core.dashboard.shots import Playlists, get_shot
from onepiece_core.dashboard.shows import Shows
from onepiece_core.dashboard.statuses import BUCKETS, Bucket, Statuses
from onepiece_core.dashboard.tracked import tracked_deliveries
from onepiece_core.errors import ConfigError, OnePieceError, TrackerNotConfigured
from onepiece_core.tracker.opening import open_tracker
from onepiece_core.tracker.tracker import Tracker

_EVENT_SECONDS = 0.25
_QUIET_SECONDS = 5.0


def open_board(settings: Settings, state_dir: Path, *, tracker: Tracker | None = None, refreshes: bool = True) -> Board:
    """Asks nobody yet. With ``refreshes`` a thread keeps it fresh, unless another process does already. Close it.

    Raises DashboardStoreFailed, ConfigError for statuses or a registry that make no sense.
    """
    statuses = Statuses(_own_statuses(settings))
    mirror = Mirror(state_dir / "dashboard" / "mirror.db")
    know(mirror, settings.dashboard.projects, "settings")
    if settings.dashboard.registry is not None:
        import_registry(mirror, settings.dashboard.registry)
    tracker = tracker or _tracker(settings)
    refresher = Refresher(mirror, tracker, settings.dashboard, statuses) if tracker is not None else None
    pictures = Pictures(state_dir / "dashboard" / "pictures", tracker)
    board = MirrorBoard(settings, state_dir, mirror, statuses, refresher, pictures)
    if refresher is not None and refreshes:
        refresher.start()
    return board


class MirrorBoard:
    """Implements :class:`~onepiece_core.dashboard.board.Board` over the mirror and this machine's record."""

    def __init__(
        self,
        settings: Settings,
        state_dir: Path,
        mirror: Mirror,
        statuses: Statuses,
        refresher: Refresher | None,
        pictures: Pictures,
    ) -> None:
        self._settings, self._mirror, self._pictures = settings, mirror, pictures
        self.refresher = refresher
        self._shows = Shows(mirror, statuses, has_tracker=refresher is not None)
        self._playlists = Playlists(mirror, self._shows, statuses)
        self._paper = Paper(state_dir, names_of=self._names_of, tracked=self._tracked)

    def close(self) -> None:
        if self.refresher is not None:
            self.refresher.stop()
        self._paper.close()
        self._mirror.close()

    def generation(self, project: str | None = None) -> str:
        link = self._mirror.fact("link", {})
        told = [link.get("state", "new"), round(link.get("as_of") or 0), self._mirror.fact("flushed", 0)]
        if project is None:
            told += self._mirror.rows("select coalesce(sum(generation), 0), count(*), max(as_of) from projects")[0]
        else:
            show = self._shows.project(project)
            told += [show["generation"], show["key"], show["as_of"], show["archived"]]
        return "-".join(str(part) for part in (*told, self._paper.generation()))

    # Shows

    def overview(self) -> Overview:
        return self._shows.overview()

    def list_projects(self, *, limit: int = 50, cursor: str | None = None) -> Page[ProjectSummary]:
        return self._shows.list_projects(limit=limit, cursor=cursor)

    def get_project(self, project: str) -> ProjectDetail:
        return self._shows.get_project(project)

    def get_episode(self, project: str, episode: str) -> EpisodeDetail:
        return self._shows.get_episode(project, episode)

    def list_shots(
        self, project: str, wanted: RowFilter, *, limit: int = 100, cursor: str | None = None
    ) -> Page[ShotRow]:
        return self._shows.list_shots(project, wanted, limit=limit, cursor=cursor)

    def list_versions(
        self, project: str, wanted: RowFilter, *, limit: int = 50, cursor: str | None = None
    ) -> Page[VersionRow]:
        return self._shows.list_versions(project, wanted, limit=limit, cursor=cursor)

    def get_shot(self, project: str, shot: int) -> ShotDetail:
        return get_shot(self._mirror, self._shows, self._workfiles, project, shot)

    def list_playlists(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[PlaylistSummary]:
        return self._playlists.list(project, limit, cursor)

    def get_playlist(self, playlist: int) -> PlaylistDetail:
        return self._playlists.get(playlist)

    def find_media(self, version: int, kind: Literal["thumbnail", "movie"]) -> Media | None:
        sql = "select updated_at, has_thumbnail, has_movie from versions where id = ?"
        row = self._mirror.row(sql, version)
        if row is None or not row[f"has_{kind}"]:
            return None
        return (
            self._pictures.movie(version) if kind == "movie" else self._pictures.thumbnail(version, row["updated_at"])
        )

    # This machine's record

    def list_deliveries(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[DeliverySummary]:
        return self._paper.list_deliveries(project=project, limit=limit, cursor=cursor)

    def get_delivery(self, delivery: str) -> DeliveryDetail:
        return self._paper.get_delivery(delivery)

    def list_ingests(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[IngestSummary]:
        return self._paper.list_ingests(project=project, limit=limit, cursor=cursor)

    def get_ingest(self, ingest: str) -> IngestDetail:
        return self._paper.get_ingest(ingest)

    def list_operations(self, *, limit: int = 50, cursor: str | None = None) -> Page[OperationRow]:
        return self._paper.list_operations(limit=limit, cursor=cursor)

    def list_findings(self) -> list[FindingsReport]:
        return self._paper.list_findings()

    def search(self, text: str, *, limit: int = 20) -> list[Found]:
        found = search(self._mirror, text, limit)
        return [*found, *self._paper.search(text, limit=limit)][:limit]

    # The mirror itself

    def cache(self) -> CacheState:
        limits, link = limits_of(self._mirror, self._settings.dashboard), self._mirror.fact("link", {})
        counted = self._mirror.rows("select (select count(*) from projects), (select count(*) from versions)")[0]
        projects = self._mirror.rows("select * from projects order by code limit 1000")
        return CacheState(
            ttl_seconds=limits.ttl_seconds,
            max_records=limits.max_records,
            max_projects=limits.max_projects,
            projects=counted[0],
            records=counted[1],
            size_bytes=self._mirror.size_bytes(),
            generation=self._mirror.rows("select coalesce(sum(generation), 0) from projects")[0][0],
            requests=self._mirror.fact("requests", 0),
            last_refresh_at=link.get("as_of"),
            last_refresh_seconds=link.get("seconds"),
            refresher=self._mirror.refresher().rpartition(":")[0],
            per_project={row["code"]: self._shows.freshness(row) for row in projects},
        )

    def change_cache(self, change: CacheChange) -> CacheState:
        change_limits(self._mirror, self._settings.dashboard, change)
        return self.cache()

    def follow(self, after: int | None = None) -> Iterator[BoardEvent | None]:
        seen = self._mirror.last_event() if after is None else after
        told_at = float("-inf")  # who caught up is told so at once
        while True:
            found = self._mirror.events(seen)
            for event in found:
                seen, told_at = event.seq, float("-inf")
                yield event
            if not found and time.monotonic() - told_at >= _QUIET_SECONDS:
                told_at = time.monotonic()
                yield None
            if not found:
                time.sleep(_EVENT_SECONDS)

    # What the parts ask

    def _names_of(self, code: str) -> Sequence[str]:
        row = self._shows.project(code)
        return (row["code"], row["name"])

    def _tracked(self) -> Sequence[TrackedDelivery]:
        return tracked_deliveries(self._mirror)

    def _workfiles(self, show: str, episode: str, sequence: str, shot: str) -> list[WorkfileRow]:
        """Those on the disks of this machine; none where it has no roots."""
        from onepiece_core.workfiles.listing import list_workfiles
        from onepiece_core.workfiles.places import WorkfilePlaces

        try:
            places = WorkfilePlaces.of(self._settings, show)
            context = Context(show=show, episode=episode or None, sequence=sequence or None, shot=shot)
            found = list_workfiles(context, places)
        except (OnePieceError, ValueError):
            return []
        return [
            WorkfileRow(
                name=each.name,
                path=str(each.path),
                step=each.step or "",
                version=each.version,
                modified_at=each.modified_at,
                size_bytes=each.size_bytes,
            )
            for each in found[:200]
        ]


def _tracker(settings: Settings) -> Tracker | None:
    try:
        return open_tracker(settings.shotgrid, settings.tracker)
    except TrackerNotConfigured:
        return None


def _own_statuses(settings: Settings) -> dict[Bucket, list[str]]:
    own: dict[Bucket, list[str]] = {}
    for name, words in settings.dashboard.statuses.items():
        if name not in BUCKETS:
            known = ", ".join(BUCKETS)
            raise ConfigError(f"dashboard.statuses.{name} is none of {known}", key=f"dashboard.statuses.{name}")
        own[name] = words
    return own
