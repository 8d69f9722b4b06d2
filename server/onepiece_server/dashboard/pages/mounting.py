"""Adds the pages to the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from onepiece_core.dashboard.board import Board
from onepiece_core.errors import OnePieceError, RouteMissing
from onepiece_server.dashboard import signing_in
from onepiece_server.dashboard.pages import (
    deliveries,
    health,
    ingests,
    operations,
    overview,
    playlists,
    render,
    searching,
    shots,
    shows,
)
from onepiece_server.dashboard.pages.site import Asked, Site, root_of
from onepiece_server.errors import envelope
from onepiece_server.parts import Parts

# Each has ``routes(site)``.
_GROUPS = (
    *(signing_in, overview, shots, shows, deliveries, ingests, playlists),
    *(render, operations, health, searching),
)


def mount_pages(app: FastAPI, parts: Parts, board: Board) -> None:
    """All below ``/ui``; a browser that asks for ``/`` is sent there."""
    site = Site(parts, board)
    parts.door.show_pages(home="/ui/", sign_in=signing_in.SIGN_IN)
    parts.door.open("/ui/static/", "/ui/theme")
    routes = [route for group in _GROUPS for route in group.routes(site)]
    site.places = frozenset(route.path for route in routes)
    routes.append(Route("/ui/static/{name:path}", _static(site), include_in_schema=False))
    routes.append(Route("/ui", _home, include_in_schema=False))
    routes.append(site.route("/ui/{rest:path}", _missing, roles=()))
    app.router.routes.extend(routes)


def _static(site: Site) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return site.static.answer(request)
        except OnePieceError as error:
            return envelope(error.report)

    return answer


async def _home(request: Request) -> Response:
    return RedirectResponse(f"{root_of(request)}/ui/", 303)


def _missing(_: Asked) -> Response:
    raise RouteMissing("There is no page at this address")
