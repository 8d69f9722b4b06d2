"""One shot with all that belongs to it, and playlists, as the mirror has them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from onepiece_core.dashboard.board import MAX_PAGE
from onepiece_core.dashboard.counting import counts_of
from onepiece_core.dashboard.keyset import cursor_of, page_size, place_of
from onepiece_core.dashboard.mirror import Mirror
from onepiece_core.dashboard.model import (
    Page,
    PlaylistDetail,
    PlaylistSummary,
    PublishRow,
    ShotDetail,
    VersionRow,
    WorkfileRow,
)
from onepiece_core.dashboard.shows import VERSIONS, Shows
from onepiece_core.dashboard.statuses import Statuses
from onepiece_core.errors import DashboardInvalid, DashboardMissing

_MOST = 500  # Versions and publishes of one shot

# Workfiles of a shot: show's code, episode, sequence, shot.
FindWorkfiles = Callable[[str, str, str, str], Sequence[WorkfileRow]]


def get_shot(mirror: Mirror, shows: Shows, workfiles: FindWorkfiles, project: str, shot: int) -> ShotDetail:
    """Raises DashboardMissing."""
    show = shows.project(project)
    row = mirror.row("select * from shots where id = ? and project = ?", shot, show["key"])
    if row is None:
        raise DashboardMissing(f"{project} has no shot {shot}", project=project, shot=shot)
    versions = mirror.rows(
        f"{VERSIONS} where r.entity_type = 'Shot' and r.entity_id = ? and not r.lean"
        " order by r.created_at desc, r.id desc limit ?",
        shot,
        _MOST,
    )
    publishes = mirror.rows(
        "select * from publishes where entity_type = 'Shot' and entity_id = ?"
        " order by created_at desc, id desc limit ?",
        shot,
        _MOST,
    )
    return ShotDetail(
        project=show["code"],
        row=shows.shot_rows([row])[0],
        frame_range=row["frame_range"],
        description=row["description"],
        versions=shows.version_rows(versions),
        publishes=[_publish(each) for each in publishes],
        workfiles=list(workfiles(show["code"], row["episode"], row["sequence"], row["code"])),
        freshness=shows.freshness(show),
    )


def _publish(row: sqlite3.Row) -> PublishRow:
    skipped = ("project", "entity_type", "entity_id", "uses", "used_by", "updated_at")
    return PublishRow(
        **{name: row[name] for name in row.keys() if name not in skipped},  # noqa: SIM118 - no mapping
        uses=json.loads(row["uses"]),
        used_by=json.loads(row["used_by"]),
    )


class Playlists:
    """Reads alone."""

    def __init__(self, mirror: Mirror, shows: Shows, statuses: Statuses) -> None:
        self._mirror, self._shows, self._statuses = mirror, shows, statuses

    def list(self, project: str | None, limit: int, cursor: str | None) -> Page[PlaylistSummary]:
        place = place_of(cursor)
        if place is not None and not place[1].isdecimal():
            raise DashboardInvalid("This is no cursor of ours")
        key = None if project is None else self._shows.project(project)["key"]
        at, number = (place[0], int(place[1])) if place else (None, None)
        rows = self._mirror.rows(
            "select l.*, p.code as show from playlists l join projects p on p.key = l.project"
            " where (?1 is null or l.project = ?1)"
            " and (?2 is null or (coalesce(l.updated_at, 0), l.id) < (?2, ?3))"
            " order by coalesce(l.updated_at, 0) desc, l.id desc limit ?4",
            key,
            at,
            number,
            page_size(limit, MAX_PAGE) + 1,
        )
        items = [self._summary(row, self._versions(row)) for row in rows[:limit]]
        last = items[-1] if len(rows) > limit else None
        return Page(items=items, next_cursor=cursor_of((last.updated_at or 0.0, str(last.id))) if last else None)

    def get(self, playlist: int) -> PlaylistDetail:
        sql = "select l.*, p.code as show from playlists l join projects p on p.key = l.project where l.id = ?"
        row = self._mirror.row(sql, playlist)
        if row is None:
            raise DashboardMissing(f"There is no playlist {playlist}", playlist=playlist)
        versions = self._versions(row)
        show = self._shows.project(row["show"])
        return PlaylistDetail(
            summary=self._summary(row, versions), versions=versions, freshness=self._shows.freshness(show)
        )

    def _versions(self, row: sqlite3.Row) -> Sequence[VersionRow]:
        """In the playlist's order."""
        ids = [number for number, _ in json.loads(row["versions"])]
        marks = ",".join("?" * len(ids))
        found = {each.id: each for each in self._shows.version_rows(self._rows(marks, ids))}
        return [found[number] for number in ids if number in found]

    def _rows(self, marks: str, ids: Sequence[int]) -> Sequence[sqlite3.Row]:
        return self._mirror.rows(f"{VERSIONS} where r.id in ({marks})", *ids)

    def _summary(self, row: sqlite3.Row, versions: Sequence[VersionRow]) -> PlaylistSummary:
        return PlaylistSummary(
            id=row["id"],
            code=row["code"],
            project=row["show"],
            versions=len(json.loads(row["versions"])),
            counts=counts_of(((each.status, 1) for each in versions), self._statuses),
            updated_at=row["updated_at"],
        )
