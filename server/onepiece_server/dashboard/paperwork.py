"""The dashboard's JSON: deliveries, ingests, playlists, unfinished operations, findings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fastapi import APIRouter, Request, Response

from onepiece_core.dashboard.board import Board
from onepiece_core.dashboard.model import (
    DeliveryDetail,
    DeliverySummary,
    FindingsReport,
    IngestDetail,
    IngestSummary,
    OperationRow,
    Page,
    PlaylistDetail,
    PlaylistSummary,
    RefusedFile,
)
from onepiece_server.dashboard import tables
from onepiece_server.dashboard.asked import (
    EntriesAsked,
    EntriesQuery,
    FormatQuery,
    Name,
    PageQuery,
    ProjectQuery,
    Reads,
    ReadsIngests,
    ReadsReviews,
    RowId,
)
from onepiece_server.dashboard.conditional import NOT_MODIFIED, Conditional
from onepiece_server.dashboard.tables import AS_CSV, csv_of, csv_of_pages

_LISTED = {**AS_CSV, **NOT_MODIFIED}


class DeliveryAnswer(DeliveryDetail):
    """``entries`` is a part of ``total`` files; the next part begins at ``next_offset``."""

    total: int
    next_offset: int | None = None


def add_deliveries(router: APIRouter, board: Board, made: Conditional) -> None:
    @router.get("/deliveries", response_model=Page[DeliverySummary], responses=_LISTED)
    def deliveries(_: ReadsReviews, request: Request, asked: ProjectQuery) -> Response:
        """The newest first."""
        read = partial(board.list_deliveries, project=asked.project)
        if asked.format == "csv":
            return csv_of_pages("deliveries", tables.DELIVERIES, lambda limit, cursor: read(limit=limit, cursor=cursor))
        return made.answer(request, lambda: read(limit=asked.limit, cursor=asked.cursor))

    @router.get("/deliveries/{delivery}", response_model=DeliveryAnswer, responses=_LISTED)
    def delivery(_: ReadsReviews, request: Request, delivery: Name, asked: EntriesQuery) -> Response:
        """Its manifest, that of who made the media where there is one. As CSV all files, a line each."""
        if asked.format == "csv":
            found = board.get_delivery(delivery)
            return csv_of(found.summary.name, tables.entries_table(found.entries), iter(found.entries))
        return made.answer(request, lambda: _part(board.get_delivery(delivery), asked))


def _part(found: DeliveryDetail, asked: EntriesAsked) -> DeliveryAnswer:
    total, end = len(found.entries), asked.offset + asked.limit
    return DeliveryAnswer(
        summary=found.summary,
        entries=found.entries[asked.offset : end],
        receipt=found.receipt,
        note=found.note,
        total=total,
        next_offset=end if end < total else None,
    )


def add_ingests(router: APIRouter, board: Board, made: Conditional) -> None:
    @router.get("/ingests", response_model=Page[IngestSummary], responses=_LISTED)
    def ingests(_: ReadsIngests, request: Request, asked: ProjectQuery) -> Response:
        """The newest first."""
        read = partial(board.list_ingests, project=asked.project)
        if asked.format == "csv":
            return csv_of_pages("ingests", tables.INGESTS, lambda limit, cursor: read(limit=limit, cursor=cursor))
        return made.answer(request, lambda: read(limit=asked.limit, cursor=asked.cursor))

    @router.get("/ingests/{ingest}", response_model=IngestDetail, responses=_LISTED)
    def ingest(_: ReadsIngests, request: Request, ingest: Name, asked: FormatQuery) -> Response:
        """Which files were refused or warned of, and why."""
        if asked.format == "csv":
            found = board.get_ingest(ingest)
            return csv_of(found.summary.name, tables.INGEST_FILES, _judged(found))
        return made.answer(request, lambda: board.get_ingest(ingest))


def _judged(found: IngestDetail) -> Iterator[tuple[str, RefusedFile]]:
    yield from (("refused", file) for file in found.refused)
    yield from (("warning", file) for file in found.warned)


def add_playlists(router: APIRouter, board: Board, made: Conditional) -> None:
    @router.get("/review/playlists", response_model=Page[PlaylistSummary], responses=_LISTED)
    def playlists(_: ReadsReviews, request: Request, asked: ProjectQuery) -> Response:
        read = partial(board.list_playlists, project=asked.project)
        if asked.format == "csv":
            return csv_of_pages("playlists", tables.PLAYLISTS, lambda limit, cursor: read(limit=limit, cursor=cursor))
        return made.answer(request, lambda: read(limit=asked.limit, cursor=asked.cursor))

    @router.get("/review/playlists/{playlist}", response_model=PlaylistDetail, responses=_LISTED)
    def playlist(_: ReadsReviews, request: Request, playlist: RowId, asked: FormatQuery) -> Response:
        if asked.format == "csv":
            found = board.get_playlist(playlist)
            return csv_of(found.summary.code, tables.VERSIONS, iter(found.versions))
        return made.answer(request, lambda: board.get_playlist(playlist))


def add_operations(router: APIRouter, board: Board, made: Conditional) -> None:
    @router.get("/operations", response_model=Page[OperationRow], responses=_LISTED)
    def operations(_: Reads, request: Request, asked: PageQuery) -> Response:
        """What was begun on this machine and has not ended, the newest first."""
        if asked.format == "csv":
            read = lambda limit, cursor: board.list_operations(limit=limit, cursor=cursor)  # noqa: E731
            return csv_of_pages("operations", tables.OPERATIONS, read)
        return made.answer(request, lambda: board.list_operations(limit=asked.limit, cursor=asked.cursor))

    @router.get("/findings", response_model=Page[FindingsReport], responses=_LISTED)
    def findings(_: Reads, request: Request, asked: FormatQuery) -> Response:
        """Of the newest comparison of each show with its disks and buckets."""
        if asked.format == "csv":
            return csv_of("findings", tables.FINDINGS, iter(board.list_findings()))

        def read() -> Page[FindingsReport]:
            found = board.list_findings()
            return Page(items=found, total=len(found))

        return made.answer(request, read)
