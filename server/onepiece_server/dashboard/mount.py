"""Adds the dashboard to the server: its API, and its pages."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from onepiece_core.dashboard.board import Board
from onepiece_server.auth.once import enter_route
from onepiece_server.dashboard.api import add_rows, add_search, add_shows
from onepiece_server.dashboard.caring import add_caring
from onepiece_server.dashboard.conditional import Conditional
from onepiece_server.dashboard.events import add_events, board_broadcast
from onepiece_server.dashboard.media import add_media
from onepiece_server.dashboard.pages.mounting import mount_pages
from onepiece_server.dashboard.paperwork import add_deliveries, add_ingests, add_operations, add_playlists
from onepiece_server.parts import Parts

PREFIX = "/dashboard/v1"


def mount(app: FastAPI, parts: Parts, board: Board) -> None:
    """Everything below ``/dashboard/v1``, the same at plain addresses, and the pages. The board stays its maker's."""
    broadcast = board_broadcast(board)
    app.state.ends.append(broadcast.end)
    router, made = APIRouter(tags=["dashboard"]), Conditional(board)
    # What has more words comes first: "/status/metrics" before anything with a name in that place.
    add_caring(router, board)
    add_events(router, parts, broadcast)
    add_media(router, board)
    add_rows(router, board, made)
    add_shows(router, board, made)
    add_search(router, board, made)
    add_deliveries(router, board, made)
    add_ingests(router, board, made)
    add_playlists(router, board, made)
    add_operations(router, board, made)
    app.include_router(router, prefix=PREFIX)
    app.include_router(router, include_in_schema=False)
    app.router.routes.append(enter_route(parts, home="/ui/"))
    mount_pages(app, parts, board)
