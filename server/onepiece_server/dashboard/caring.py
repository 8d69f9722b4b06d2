"""The dashboard's own state, for its operators: the mirror and its limits, and figures."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from onepiece_core.dashboard.board import Board
from onepiece_core.dashboard.model import CacheState, Freshness, Progress
from onepiece_server.dashboard.asked import CacheAsked, Manages, MetricsQuery, Reads
from onepiece_server.dashboard.conditional import json_answer
from onepiece_server.metrics import CONTENT_TYPE, label, number

_FRESH = {"Cache-Control": "private, no-store"}


class Metrics(BaseModel):
    cache: CacheState
    progress: Progress
    freshness: Freshness


def add_caring(router: APIRouter, board: Board) -> None:
    @router.get("/status/metrics", response_model=Metrics, responses={200: {"content": {"text/plain": {}}}})
    def metrics(_: Reads, request: Request, asked: MetricsQuery) -> Response:
        overview = board.overview()
        found = Metrics(cache=board.cache(), progress=overview.progress, freshness=overview.freshness)
        if asked.format == "prometheus":
            return Response("\n".join(_lines(found)) + "\n", media_type=CONTENT_TYPE, headers=_FRESH)
        return json_answer(request, found, _FRESH)

    @router.get("/admin/cache", response_model=CacheState)
    def cache(_: Reads, request: Request) -> Response:
        return json_answer(request, board.cache(), _FRESH)

    @router.post("/admin/cache", response_model=CacheState)
    def change(_: Manages, request: Request, body: CacheAsked) -> Response:
        """In force in every process at once, and kept until the settings say otherwise."""
        return json_answer(request, board.change_cache(body.change), _FRESH)


def _lines(found: Metrics) -> Iterator[str]:
    cache, fresh = found.cache, found.freshness
    numbers = {
        "trafalgar_board_projects": ("gauge", "Shows that the mirror has.", cache.projects),
        "trafalgar_board_records": ("gauge", "Versions that the mirror has.", cache.records),
        "trafalgar_board_bytes": ("gauge", "Size of the mirror.", cache.size_bytes),
        "trafalgar_board_generation": ("counter", "Changes of the mirror.", cache.generation),
        "trafalgar_board_requests_total": ("counter", "Requests to the tracker.", cache.requests),
        "trafalgar_board_link_up": ("gauge", "1 while the tracker answers.", int(fresh.link == "ok")),
    }
    for name, (kind, told, value) in numbers.items():
        yield from number(name, kind, told, value)
    if fresh.as_of is not None:
        yield from number("trafalgar_board_as_of_seconds", "gauge", "When all was true.", fresh.as_of)
    for what in ("versions", "shots", "tasks"):
        yield f"# HELP trafalgar_board_{what} By what their status means."
        yield f"# TYPE trafalgar_board_{what} gauge"
        for bucket, count in sorted(getattr(found.progress, what).buckets.items()):
            yield f'trafalgar_board_{what}{{bucket="{label(bucket)}"}} {count}'
