"""The dashboard's JSON: shows, their parts, and the search."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from onepiece_core.dashboard.board import Board
from onepiece_core.dashboard.model import (
    EpisodeDetail,
    Found,
    Freshness,
    Page,
    Progress,
    ProjectDetail,
    ProjectSummary,
    ShotDetail,
    ShotRow,
    VersionRow,
)
from onepiece_server.dashboard import tables
from onepiece_server.dashboard.asked import NO_EPISODE, PageQuery, Project, Reads, RowId, RowsQuery, SearchQuery
from onepiece_server.dashboard.conditional import NOT_MODIFIED, Conditional
from onepiece_server.dashboard.tables import AS_CSV, csv_of, csv_of_pages

_LISTED = {**AS_CSV, **NOT_MODIFIED}


class Status(BaseModel):
    """All shows together; ``progress`` is the sum over them."""

    generation: str
    projects: int | None
    progress: Progress
    freshness: Freshness


def add_shows(router: APIRouter, board: Board, made: Conditional) -> None:
    @router.get("/status", response_model=Status, responses=NOT_MODIFIED)
    def status(_: Reads, request: Request) -> Response:
        return made.answer(request, partial(_status, board))

    @router.get("/projects", response_model=Page[ProjectSummary], responses=_LISTED)
    def projects(_: Reads, request: Request, asked: PageQuery) -> Response:
        if asked.format == "csv":
            read = lambda limit, cursor: board.list_projects(limit=limit, cursor=cursor)  # noqa: E731
            return csv_of_pages("shows", tables.PROJECTS, read)
        return made.answer(request, lambda: board.list_projects(limit=asked.limit, cursor=asked.cursor))

    @router.get("/projects/{project}", response_model=ProjectDetail, responses=NOT_MODIFIED)
    def project(_: Reads, request: Request, project: Project) -> Response:
        return made.answer(request, lambda: board.get_project(project), project=project)

    @router.get("/projects/{project}/episodes/{episode:path}", response_model=EpisodeDetail, responses=NOT_MODIFIED)
    def episode(
        _: Reads, request: Request, project: Project, episode: Annotated[str, Path(max_length=1000)]
    ) -> Response:
        """``(none)``: what belongs to no episode."""
        code = "" if episode == NO_EPISODE else episode
        return made.answer(request, lambda: board.get_episode(project, code), project=project)


def _status(board: Board) -> Status:
    overview = board.overview()
    return Status(
        generation=board.generation(),
        projects=board.list_projects(limit=1).total,
        progress=overview.progress,
        freshness=overview.freshness,
    )


def add_rows(router: APIRouter, board: Board, made: Conditional) -> None:
    @router.get("/projects/{project}/shots", response_model=Page[ShotRow], responses=_LISTED)
    def shots(_: Reads, request: Request, project: Project, asked: RowsQuery) -> Response:
        """By episode, sequence and code. As CSV each task is a line of its own."""
        read = partial(board.list_shots, project, asked.wanted)
        if asked.format == "csv":
            return csv_of_pages(
                f"{project}-shots", tables.SHOTS, lambda limit, cursor: read(limit=limit, cursor=cursor)
            )
        return made.answer(request, lambda: read(limit=asked.limit, cursor=asked.cursor), project=project)

    @router.get("/projects/{project}/shots/{shot}", response_model=ShotDetail, responses=NOT_MODIFIED)
    def shot(_: Reads, request: Request, project: Project, shot: RowId) -> Response:
        return made.answer(request, lambda: board.get_shot(project, shot), project=project)

    @router.get("/projects/{project}/versions", response_model=Page[VersionRow], responses=_LISTED)
    def versions(_: Reads, request: Request, project: Project, asked: RowsQuery) -> Response:
        """The newest first."""
        read = partial(board.list_versions, project, asked.wanted)
        if asked.format == "csv":
            return csv_of_pages(
                f"{project}-versions", tables.VERSIONS, lambda limit, cursor: read(limit=limit, cursor=cursor)
            )
        return made.answer(request, lambda: read(limit=asked.limit, cursor=asked.cursor), project=project)


def add_search(router: APIRouter, board: Board, made: Conditional) -> None:
    @router.get("/search", response_model=Page[Found], responses=_LISTED)
    def search(_: Reads, request: Request, asked: SearchQuery) -> Response:
        """Shows, episodes, shots, Versions, deliveries, ingests and playlists whose name holds ``q``."""
        if asked.format == "csv":
            return csv_of("search", tables.FOUND, iter(board.search(asked.q, limit=asked.limit)))

        def read() -> Page[Found]:
            found = board.search(asked.q, limit=asked.limit)
            return Page(items=found, total=len(found) if len(found) < asked.limit else None)

        return made.answer(request, read)
