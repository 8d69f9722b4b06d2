"""Shows as the mirror has them: overview, projects, episodes, the matrix of shots, Versions."""

# ruff: noqa: S608 - names and marks of our own are put into SQL, never values
from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from onepiece_core.dashboard.board import MAX_PAGE, Overview, RowFilter
from onepiece_core.dashboard.counting import progress_of
from onepiece_core.dashboard.keyset import cursor_of, page_size, place_of
from onepiece_core.dashboard.mirror import Mirror
from onepiece_core.dashboard.model import (
    BurnPoint,
    EpisodeDetail,
    EpisodeSummary,
    Freshness,
    Page,
    Progress,
    ProjectDetail,
    ProjectSummary,
    SequenceSummary,
    ShotRow,
    StepName,
    TaskCell,
    VersionRow,
)
from onepiece_core.dashboard.statuses import Bucket, Statuses
from onepiece_core.errors import DashboardInvalid, DashboardMissing, ErrorReport

_COUNTS = "select kind, status, sum(number) as number from counts"


class Shows:
    """Reads alone. ``has_tracker``: whether anybody could be asked at all."""

    def __init__(self, mirror: Mirror, statuses: Statuses, *, has_tracker: bool) -> None:
        self._mirror, self._statuses, self._has_tracker = mirror, statuses, has_tracker

    def freshness(self, project: sqlite3.Row | None = None) -> Freshness:
        """Of a show, or of all together: then as old as the last time that all went well."""
        link = self._mirror.fact("link", {})
        as_of = link.get("as_of") if project is None else project["as_of"]
        is_first = as_of is None and self._has_tracker
        state = link.get("state", "new") if self._has_tracker else "none"
        return Freshness(
            link=state,
            as_of=as_of,
            tried_at=link.get("tried_at"),
            is_refreshing=is_first and bool(self._mirror.refresher()),
            is_partial=bool(project["partial"]) if project is not None else False,
            error=ErrorReport.model_validate(link["error"]) if link.get("error") else None,
        )

    def overview(self) -> Overview:
        rows = self._mirror.rows(f"{_COUNTS} group by kind, status")
        return Overview(progress_of(rows, self._statuses), self.freshness())

    def list_projects(self, *, limit: int = 50, cursor: str | None = None) -> Page[ProjectSummary]:
        start = _offset(cursor)
        rows = self._mirror.rows(
            "select * from projects"
            " order by archived, newest_version is null, newest_version desc, code limit ? offset ?",
            page_size(limit, MAX_PAGE) + 1,
            start,
        )
        total = self._mirror.rows("select count(*) from projects")[0][0]
        items = self._summaries(rows[:limit])
        return Page(items=items, next_cursor=_next(start, limit, len(rows)), total=total)

    def get_project(self, project: str) -> ProjectDetail:
        row = self.project(project)
        episodes = self._parts("episode", row["key"])
        steps = self._mirror.rows(
            "select step, min(step_name) as name from tasks where project = ? and step != '' and entity_type = 'Shot'"
            " group by step order by min(id)",
            row["key"],
        )
        burn = self._mirror.rows("select day, done, total from burn where project = ? order by day", row["key"])
        return ProjectDetail(
            summary=self._summaries([row])[0],
            episodes=[EpisodeSummary(code=code, progress=progress) for code, progress in episodes],
            steps=[StepName(code=step["step"], name=step["name"]) for step in steps],
            burn_down=[BurnPoint(**dict(point)) for point in burn],
        )

    def get_episode(self, project: str, episode: str) -> EpisodeDetail:
        row = self.project(project)
        sequences = self._parts("sequence", row["key"], " and episode = ?", episode)
        if not sequences:
            raise DashboardMissing(f"{project} has no episode {episode!r}", project=project, episode=episode)
        counted = self._mirror.rows(
            f"{_COUNTS} where project = ? and episode = ? group by kind, status", row["key"], episode
        )
        return EpisodeDetail(
            project=row["code"],
            summary=EpisodeSummary(code=episode, progress=progress_of(counted, self._statuses)),
            sequences=[SequenceSummary(code=code, progress=progress) for code, progress in sequences],
            freshness=self.freshness(row),
        )

    def list_shots(
        self, project: str, wanted: RowFilter, *, limit: int = 100, cursor: str | None = None
    ) -> Page[ShotRow]:
        row, start = self.project(project), _offset(cursor)
        where, values = self._shots_where(row["key"], wanted)
        rows = self._mirror.rows(
            f"select * from shots r where {where} order by episode, sequence, code, id limit ? offset ?",
            *values,
            page_size(limit, MAX_PAGE) + 1,
            start,
        )
        total = self._mirror.rows(f"select count(*) from shots r where {where}", *values)[0][0]
        return Page(items=self.shot_rows(rows[:limit]), next_cursor=_next(start, limit, len(rows)), total=total)

    def list_versions(
        self, project: str, wanted: RowFilter, *, limit: int = 50, cursor: str | None = None
    ) -> Page[VersionRow]:
        row, place = self.project(project), place_of(cursor)
        where, values = self._versions_where(row["key"], wanted)
        after = ""
        if place is not None:
            if not place[1].isdecimal():
                raise DashboardInvalid("This is no cursor of ours")
            after, values = " and (r.created_at, r.id) < (?, ?)", [*values, place[0], int(place[1])]
        rows = self._mirror.rows(
            f"{VERSIONS} where {where}{after} order by r.created_at desc, r.id desc limit ?",
            *values,
            page_size(limit, MAX_PAGE) + 1,
        )
        items = self.version_rows(rows[:limit])
        last = items[-1] if len(rows) > limit else None
        cursor = cursor_of((last.created_at or 0.0, str(last.id))) if last else None
        return Page(items=items, next_cursor=cursor)

    # For the other readers of the mirror

    def project(self, code: str) -> sqlite3.Row:
        row = self._mirror.row("select * from projects where code = ?", code)
        if row is None:
            raise DashboardMissing(f"There is no show {code!r}", project=code)
        return row

    def shot_rows(self, rows: Sequence[sqlite3.Row]) -> list[ShotRow]:
        marks = ",".join("?" * len(rows))
        tasks = self._mirror.rows(
            f"select * from tasks where entity_type = 'Shot' and entity_id in ({marks}) order by id",
            *(row["id"] for row in rows),
        )
        cells: dict[int, dict[str, list[TaskCell]]] = {}
        for task in tasks:
            cells.setdefault(task["entity_id"], {}).setdefault(task["step"], []).append(self._cell(task))
        return [
            ShotRow(
                id=row["id"],
                code=row["code"],
                episode=row["episode"],
                sequence=row["sequence"],
                status=row["status"],
                bucket=self._statuses.bucket(row["status"]),
                cells=cells.get(row["id"], {}),
                versions=row["versions"],
                thumbnail=row["thumbnail"],
                updated_at=row["updated_at"],
            )
            for row in rows
        ]

    def version_rows(self, rows: Iterable[sqlite3.Row]) -> list[VersionRow]:
        """Of the query :data:`VERSIONS`."""
        skipped = ("project", "lean", "has_thumbnail", "has_movie", "created_at", "entity", "entity_now")
        return [
            VersionRow(
                **{name: row[name] for name in row.keys() if name not in skipped},  # noqa: SIM118 - no mapping
                bucket=self._statuses.bucket(row["status"]),
                entity=row["entity_now"],
                created_at=row["created_at"] or None,
                has_thumbnail=bool(row["has_thumbnail"]),
                has_movie=bool(row["has_movie"]),
            )
            for row in rows
        ]

    def _cell(self, task: sqlite3.Row) -> TaskCell:
        return TaskCell(
            id=task["id"],
            name=task["name"],
            step=task["step"],
            status=task["status"],
            bucket=self._statuses.bucket(task["status"]),
            assignees=json.loads(task["assignees"]),
            due=task["due"],
        )

    def _summaries(self, rows: Sequence[sqlite3.Row]) -> list[ProjectSummary]:
        keys = [row["key"] for row in rows]
        counted: dict[int, list[sqlite3.Row]] = {}
        marks = ",".join("?" * len(keys))
        sql = "select project, kind, status, sum(number) as number from counts"
        for count in self._mirror.rows(f"{sql} where project in ({marks}) group by project, kind, status", *keys):
            counted.setdefault(count["project"], []).append(count)
        return [
            ProjectSummary(
                code=row["code"],
                id=row["id"],
                name=row["name"],
                status=row["status"],
                is_archived=bool(row["archived"]),
                known_by=json.loads(row["known_by"]),
                progress=progress_of(counted.get(row["key"], ()), self._statuses),
                newest_version_at=row["newest_version"],
                thumbnail=row["thumbnail"],
                freshness=self.freshness(row),
            )
            for row in rows
        ]

    def _parts(self, part: str, key: int, where: str = "", *values: object) -> list[tuple[str, Progress]]:
        rows = self._mirror.rows(
            f"select {part} as part, kind, status, sum(number) as number from counts where project = ?{where}"
            f" group by part, kind, status order by part",
            key,
            *values,
        )
        found: dict[str, list[sqlite3.Row]] = {}
        for row in rows:
            found.setdefault(row["part"], []).append(row)
        return [(code, progress_of(each, self._statuses)) for code, each in found.items()]

    # Filters

    def _shots_where(self, key: int, wanted: RowFilter) -> tuple[str, list[object]]:
        parts, values = _common("r", key, wanted)
        if wanted.assignee or wanted.step:
            task, more = self._task_where(key, wanted)
            parts.append(f"r.id in (select t.entity_id from tasks t where {task})")
            values += more
        elif wanted.bucket:
            parts.append(f"r.status in ({self._words('shots', key, wanted.bucket)})")
        return " and ".join(parts), values

    def _versions_where(self, key: int, wanted: RowFilter) -> tuple[str, list[object]]:
        parts, values = _common("s", key, wanted, own="r")
        parts.append("r.lean = 0")
        if wanted.step:
            parts.append("r.step = ?")
            values.append(wanted.step)
        if wanted.bucket:
            parts.append(f"r.status in ({self._words('versions', key, wanted.bucket)})")
        if wanted.assignee:
            parts.append("r.user = ?")
            values.append(wanted.assignee)
        return " and ".join(parts), values

    def _task_where(self, key: int, wanted: RowFilter) -> tuple[str, list[object]]:
        parts, values = ["t.project = ?", "t.entity_type = 'Shot'"], [key]
        told: list[object] = [*values]
        if wanted.step:
            parts.append("t.step = ?")
            told.append(wanted.step)
        if wanted.bucket:
            parts.append(f"t.status in ({self._words('tasks', key, wanted.bucket)})")
        if wanted.assignee:
            parts.append("exists (select 1 from json_each(t.assignees) where value = ?)")
            told.append(wanted.assignee)
        return " and ".join(parts), told

    def _words(self, kind: str, key: int, bucket: Bucket) -> str:
        """The statuses of this bucket that occur, as SQL."""
        rows = self._mirror.rows("select distinct status from counts where project = ? and kind = ?", key, kind)
        words = [row[0] for row in rows if self._statuses.bucket(row[0]) == bucket]
        return ",".join("'" + word.replace("'", "''") + "'" for word in words)


# With where its shot stands; see Shows.version_rows.
VERSIONS = (
    "select r.*, coalesce(s.code, r.entity) as entity_now,"
    " coalesce(s.episode, '') as episode, coalesce(s.sequence, '') as sequence from versions r"
    " left join shots s on r.entity_type = 'Shot' and s.id = r.entity_id and s.project = r.project"
)


def like(text: str) -> str:
    """``text`` anywhere, taken as it is written; for ``like ? escape '\\'``."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _common(table: str, key: int, wanted: RowFilter, own: str | None = None) -> tuple[list[str], list[object]]:
    """``table`` has episode and sequence, ``own`` the project and the code."""
    own = own or table
    parts, values = [f"{own}.project = ?"], [key]
    told: list[object] = [*values]
    for name, value in (("episode", wanted.episode), ("sequence", wanted.sequence)):
        if value is not None:
            parts.append(f"coalesce({table}.{name}, '') = ?")
            told.append(value)
    if wanted.text:
        parts.append(f"{own}.code like ? escape '\\'")
        told.append(like(wanted.text))
    return parts, told


def _offset(cursor: str | None) -> int:
    place = place_of(cursor)
    if place is None:
        return 0
    if not 0 <= place[0] < 2**31 or place[0] != int(place[0]):
        raise DashboardInvalid("This is no cursor of ours")
    return int(place[0])


def _next(start: int, limit: int, found: int) -> str | None:
    return cursor_of((float(start + limit), "")) if found > limit else None
