"""A board in memory: what it shows is given to it. For pages, whose names may be as hostile as a test likes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from onepiece_core.dashboard.board import Media, Overview, RowFilter
from onepiece_core.dashboard.model import (
    BoardEvent,
    BurnPoint,
    CacheChange,
    CacheState,
    Counts,
    DeliveryDetail,
    DeliverySummary,
    EpisodeDetail,
    EpisodeSummary,
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
    PublishRow,
    SequenceSummary,
    ShotDetail,
    ShotRow,
    StepName,
    TaskCell,
    VersionRow,
    WorkfileRow,
)
from onepiece_core.errors import DashboardMissing, OnePieceError

NOW = 1_790_000_000.0
STEPS = [StepName(code="layout", name="Layout"), StepName(code="comp", name="Compositing")]
_COUNTS = Counts(total=4, buckets={"approved": 1, "review": 2, "omitted": 1}, statuses={"apr": 1, "rev": 2, "omt": 1})
PROGRESS = Progress(versions=_COUNTS, shots=_COUNTS, tasks=_COUNTS)


class MemoryBoard:
    """One show, ``FG``, in which everything that people write is ``name``.

    Attributes:
        failing: raised by every read, while it is set.
        number: the generation; raise it when something was changed.
        asked: the filters that shots were asked for.
    """

    def __init__(self, name: str = "Frost Giant", *, shots: int = 3) -> None:
        self.name, self.shots = name, shots
        self.freshness = Freshness(link="ok", as_of=NOW - 12, tried_at=NOW - 12)
        self.failing: OnePieceError | None = None
        self.number = 1
        self.asked: list[RowFilter] = []

    def generation(self, project: str | None = None) -> str:
        return str(self.number)

    def overview(self) -> Overview:
        self._read()
        return Overview(PROGRESS, self.freshness)

    def list_projects(self, *, limit: int = 50, cursor: str | None = None) -> Page[ProjectSummary]:
        self._read()
        return Page(items=[self._summary()], total=1)

    def get_project(self, project: str) -> ProjectDetail:
        self._read(project)
        episodes = [EpisodeSummary(code=code, progress=PROGRESS) for code in ("EP01", self.name, "")]
        burn = [BurnPoint(day=f"2026-09-{day:02}", done=day, total=30) for day in range(1, 31)]
        return ProjectDetail(summary=self._summary(), episodes=episodes, steps=STEPS, burn_down=burn)

    def get_episode(self, project: str, episode: str) -> EpisodeDetail:
        self._read(project)
        sequences = [SequenceSummary(code=code, progress=PROGRESS) for code in ("sc01", self.name)]
        summary = EpisodeSummary(code=episode, progress=PROGRESS)
        return EpisodeDetail(project=project, summary=summary, sequences=sequences, freshness=self.freshness)

    def list_shots(
        self, project: str, wanted: RowFilter, *, limit: int = 100, cursor: str | None = None
    ) -> Page[ShotRow]:
        self._read(project)
        self.asked.append(wanted)
        first = int(cursor or 0)
        numbers = range(first, min(first + limit, self.shots))
        after = str(first + limit) if first + limit < self.shots else None
        return Page(items=[self._shot(number) for number in numbers], total=self.shots, next_cursor=after)

    def list_versions(
        self, project: str, wanted: RowFilter, *, limit: int = 50, cursor: str | None = None
    ) -> Page[VersionRow]:
        self._read(project)
        return Page(items=[self._version(number) for number in range(1, 4)], total=3)

    def get_shot(self, project: str, shot: int) -> ShotDetail:
        self._read(project)
        if not 1000 <= shot < 1000 + self.shots:
            raise DashboardMissing(f"There is no shot {shot}")
        name = self.name
        publish = PublishRow(
            id=7, code=name, name=name, kind=name, version_number=3, path=name, user=name, created_at=NOW - 50,
            uses=[(7, name), (8, name)], used_by=[(9, name)],
        )  # fmt: skip
        return ShotDetail(
            project=project,
            row=self._shot(shot - 1000),
            frame_range="1001-1096",
            description=name,
            versions=[self._version(number) for number in range(1, 12)],
            publishes=[publish],
            workfiles=[WorkfileRow(name=name, path=name, step=name, version=2, modified_at=NOW, size_bytes=12345)],
            freshness=self.freshness,
        )

    def list_deliveries(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[DeliverySummary]:
        return Page(items=[], total=0)

    def get_delivery(self, delivery: str) -> DeliveryDetail:
        raise DashboardMissing("There is no such delivery")

    def list_ingests(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[IngestSummary]:
        return Page(items=[], total=0)

    def get_ingest(self, ingest: str) -> IngestDetail:
        raise DashboardMissing("There is no such ingest")

    def list_playlists(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[PlaylistSummary]:
        return Page(items=[], total=0)

    def get_playlist(self, playlist: int) -> PlaylistDetail:
        raise DashboardMissing("There is no such playlist")

    def list_operations(self, *, limit: int = 50, cursor: str | None = None) -> Page[OperationRow]:
        return Page(items=[], total=0)

    def list_findings(self) -> list[FindingsReport]:
        return []

    def search(self, text: str, *, limit: int = 20) -> list[Found]:
        self._read()
        kinds: tuple[Literal["project", "shot", "version", "job"], ...] = ("project", "shot", "version", "job")
        keys = {"project": "FG"}
        return [
            Found(kind=kind, project="FG", key=keys.get(kind, "1000"), label=self.name, hint=text) for kind in kinds
        ]

    def find_media(self, version: int, kind: Literal["thumbnail", "movie"]) -> Media | None:
        return None

    def cache(self) -> CacheState:
        return CacheState(ttl_seconds=60, max_records=1000, max_projects=10)

    def change_cache(self, change: CacheChange) -> CacheState:
        return self.cache()

    def follow(self, after: int | None = None) -> Iterator[BoardEvent | None]:
        yield None

    def close(self) -> None:
        pass

    def _read(self, project: str = "FG") -> None:
        if self.failing is not None:
            raise self.failing
        if project != "FG":
            raise DashboardMissing(f"There is no show {project[:80]}")

    def _summary(self) -> ProjectSummary:
        return ProjectSummary(
            code="FG", id=70, name=self.name, status=self.name, progress=PROGRESS,
            newest_version_at=NOW - 60, thumbnail=1, freshness=self.freshness,
        )  # fmt: skip

    def _shot(self, number: int) -> ShotRow:
        name = self.name
        task = TaskCell(
            id=1, name=name, step="layout", status=name, bucket="unknown", assignees=[name], due="2020-01-01"
        )
        return ShotRow(
            id=1000 + number, code=f"{name} {number:04}", episode=name, sequence=name, status="rev", bucket="review",
            cells={"layout": [task]}, versions=3, thumbnail=1, updated_at=NOW - 3600,
        )  # fmt: skip

    def _version(self, number: int) -> VersionRow:
        name = self.name
        return VersionRow(
            id=number, code=f"{name} v{number:03}", status=name, bucket="unknown", entity_type="Shot", entity_id=1000,
            entity=name, episode=name, sequence=name, step=name, user=name, description=name, frame_range="1001-1096",
            path_to_frames=name, has_thumbnail=True, has_movie=True, created_at=NOW - number * 3600,
        )  # fmt: skip
