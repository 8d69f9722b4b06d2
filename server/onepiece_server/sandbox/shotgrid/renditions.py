"""What is made from uploaded media: thumbnails, filmstrips and an MP4, while the site goes on.

``sg_uploaded_movie_transcoding_status`` is 0 while a movie waits, 1 when it is done and 2 when nothing could be
made of it. Not made: a WebM, a poster frame (``sg_uploaded_movie_image``), an MP4 of anything but H.264.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from onepiece_server.sandbox.shotgrid.attachments import attach, new_attachment, picture_type, project_of
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.incoming import Change
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.write import Writer

MOVIE = "Version.sg_uploaded_movie"
WAITS, DONE, FAILED = 0, 1, 2
_STATUS = "sg_uploaded_movie_transcoding_status"
_MADE_FROM_MOVIE = ("sg_uploaded_movie_mp4", "sg_uploaded_movie_webm")
_PICTURE_NAMES = {"image": "_t.jpg", "filmstrip_image": "_filmstrip.jpg"}


@dataclass(frozen=True)
class Movie:
    """A file that was put into a Version's movie field."""

    row_id: int
    file: str
    filename: str
    content_type: str | None


@dataclass(frozen=True)
class Job:
    """One uploaded file of which something is to be made; it waits in the database, so a restart forgets none.

    Attributes:
        pictures: Attachments to fill, by the picture field that shows them.
    """

    id: int
    entity_type: str
    row_id: int
    file: str
    filename: str
    pictures: dict[str, int]
    is_movie: bool
    user_type: str
    user_id: int


@dataclass(frozen=True)
class Made:
    """Names in the file store of what was made; None for what was not."""

    picture: str
    strip: str | None = None
    mp4: str | None = None
    frame_rate: float | None = None


def announce_picture(
    site: Site,
    connection: sqlite3.Connection,
    caller: Caller,
    attachment_id: int,
    value: dict[str, Any],
    place: tuple[Field, int],
) -> None:
    """An uploaded picture is its own thumbnail when browsers show it; otherwise one is made."""
    field, row_id = place
    as_it_is = picture_type(site.files.path(value["file"])) is not None
    _add_thumbnail(site, connection, attachment_id, file=value["file"] if as_it_is else None)
    if not as_it_is:
        name = value["filename"]
        job = Job(0, field.entity_type, row_id, value["file"], name, {field.name: attachment_id}, False, *_who(caller))
        _queue(connection, job)


def announce_movie(site: Site, connection: sqlite3.Connection, caller: Caller, movie: Movie) -> None:
    """Start over with what is made from a Version's movie. Pictures that somebody uploaded stay."""
    version = site.schema.entities["Version"]
    is_media = (movie.content_type or "").split("/")[0] in ("video", "image")
    status = WAITS if is_media else FAILED
    changes = [Change(version.fields[_STATUS], columns={_STATUS: status})] if _STATUS in version.fields else []
    changes += [Change(version.fields[n], columns={n: None}) for n in _MADE_FROM_MOVIE if n in version.fields]
    pictures = {}
    for name in _PICTURE_NAMES if is_media else ():
        if name in version.fields and _is_ours(connection, version, movie.row_id, name):
            project_id = project_of(connection, version, movie.row_id)
            shown = PurePosixPath(movie.filename).stem + _PICTURE_NAMES[name]
            pictures[name] = new_attachment(connection, caller, shown, project_id)
            _add_thumbnail(site, connection, pictures[name], source=movie.file)
            changes.append(Change(version.fields[name], columns={name: pictures[name]}))
    if changes:
        Writer(site, caller, connection).change(version, movie.row_id, changes, "upload")
    if is_media:
        job = Job(0, "Version", movie.row_id, movie.file, movie.filename, pictures, True, *_who(caller))
        _queue(connection, job)


def is_ready(connection: sqlite3.Connection, attachment_id: int, until: float) -> bool:
    """Whether a picture was more than the promise of one at ``until``."""
    sql = 'SELECT 1 FROM "__thumbnails" WHERE attachment_id=? AND file IS NOT NULL AND ready_at<=?'
    return connection.execute(sql, [attachment_id, until]).fetchone() is not None


def next_job(site: Site) -> Job | None:
    with site.database.read() as connection:
        found = connection.execute('SELECT * FROM "__media_jobs" ORDER BY id LIMIT 1').fetchone()
    if found is None:
        return None
    number, entity_type, row_id, file, filename, pictures, is_movie, *who = found
    return Job(number, entity_type, row_id, file, filename, json.loads(pictures), bool(is_movie), *who)


def finish(site: Site, job: Job, made: Made | None) -> None:
    """Put what was made in its place; None: nothing could be made."""
    with site.database.write() as connection:
        _Finishing(site, connection, job).finish(made)
        connection.execute('DELETE FROM "__media_jobs" WHERE id=?', [job.id])


class _Finishing:
    """The end of one job. What somebody has replaced in the meantime stays as it is."""

    def __init__(self, site: Site, connection: sqlite3.Connection, job: Job) -> None:
        self._site, self._connection, self._job = site, connection, job
        self._caller = Caller(job.user_type, job.user_id, "")
        self._entity = site.schema.entities[job.entity_type]

    def finish(self, made: Made | None) -> None:
        changes: list[Change] = []
        for name, attachment_id in self._job.pictures.items():
            file = made and (made.strip if name == "filmstrip_image" and self._job.is_movie else made.picture)
            if file:
                self._fill(attachment_id, file)
            elif self._column(name) == attachment_id:
                changes.append(Change(self._entity.fields[name], columns={name: None}))
        if self._job.is_movie and self._is_current():
            changes += self._movie_changes(made)
        try:
            if changes:
                writer = Writer(self._site, self._caller, self._connection)
                writer.change(self._entity, self._job.row_id, changes, "upload")
        except Fault:
            pass  # the row was retired while we worked: nobody sees its media

    def _fill(self, attachment_id: int, file: str) -> None:
        self._connection.execute('UPDATE "__thumbnails" SET file=? WHERE attachment_id=?', [file, attachment_id])
        if self._job.is_movie:  # an uploaded picture's Attachment keeps what was uploaded
            sql = "SELECT display_name FROM Attachment WHERE id=?"
            name = self._connection.execute(sql, [attachment_id]).fetchone()[0]
            attachments = self._site.schema.entities["Attachment"]
            field, value = attachments.fields["this_file"], self._value(name, "image/jpeg", file)
            attach(self._connection, self._caller, attachments, attachment_id, field, value)

    def _movie_changes(self, made: Made | None) -> list[Change]:
        fields = self._entity.fields
        columns: dict[str, Any] = {_STATUS: DONE if made else FAILED}
        if made and made.frame_rate:
            columns["sg_uploaded_movie_frame_rate"] = made.frame_rate
        changes = [Change(fields[name], columns={name: value}) for name, value in columns.items() if name in fields]
        if made and made.mp4 and "sg_uploaded_movie_mp4" in fields:
            name = PurePosixPath(self._job.filename).stem + ".mp4"
            value = self._value(name, "video/mp4", made.mp4)
            changes.append(Change(fields["sg_uploaded_movie_mp4"], attachment=value))
        return changes

    def _value(self, name: str, content_type: str, file: str) -> dict[str, Any]:
        size = self._site.files.size_bytes(file)
        return {"link_type": "upload", "name": name, "content_type": content_type, "file": file, "size_bytes": size}

    def _is_current(self) -> bool:
        kept = self._column("sg_uploaded_movie")
        return kept is not None and json.loads(kept).get("file") == self._job.file

    def _column(self, name: str) -> Any:
        sql = f"SELECT {quoted(name)} FROM {quoted(self._entity.name)} WHERE id=?"
        return self._connection.execute(sql, [self._job.row_id]).fetchone()[0]


def _who(caller: Caller) -> tuple[str, int]:
    return caller.user_type, caller.user_id


def _queue(connection: sqlite3.Connection, job: Job) -> None:
    connection.execute(
        'INSERT INTO "__media_jobs" (entity_type, row_id, file, filename, pictures, is_movie, user_type, user_id) '
        "VALUES (?,?,?,?,?,?,?,?)",
        [
            job.entity_type,
            job.row_id,
            job.file,
            job.filename,
            json.dumps(job.pictures),
            job.is_movie,
            job.user_type,
            job.user_id,
        ],
    )


def _add_thumbnail(
    site: Site,
    connection: sqlite3.Connection,
    attachment_id: int,
    *,
    file: str | None = None,
    source: str | None = None,
) -> None:
    ready_at = time.time() + site.options.thumbnail_seconds
    connection.execute('INSERT INTO "__thumbnails" VALUES (?,?,?,?,0)', [attachment_id, file, source, ready_at])


def _is_ours(connection: sqlite3.Connection, version: EntityType, row_id: int, name: str) -> bool:
    """Whether a picture may be replaced: there is none, or it was made from an earlier movie."""
    sql = (
        f"SELECT v.{quoted(name)}, t.source FROM {quoted(version.name)} AS v "
        f'LEFT JOIN "__thumbnails" AS t ON t.attachment_id = v.{quoted(name)} WHERE v.id=?'
    )
    shown, source = connection.execute(sql, [row_id]).fetchone()
    return shown is None or source is not None
