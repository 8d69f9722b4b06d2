"""Ingests: drops that were taken in, and what was refused of them, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.auth.keys import Role
    from onepiece_server.dashboard.pages.site import Asked, Site

_ROWS = 50
_FILES = 200


def routes(site: Site) -> list[Route]:
    roles: tuple[Role, ...] = ("dashboard:read", "ingest:read")
    return [
        site.route("/ui/ingests", lambda asked: _list(site, asked), roles=roles),
        site.route("/ui/ingests/{ingest}", lambda asked: _one(site, asked), roles=roles),
    ]


def _list(site: Site, asked: Asked) -> Response:
    project, cursor = asked.query.get("project") or None, asked.query.get("cursor") or None
    page = site.board.list_ingests(project=project, limit=_ROWS, cursor=cursor)
    return site.page(asked, "ingests.html", page=page, of=project or "", cursor=cursor or "")


def _one(site: Site, asked: Asked) -> Response:
    detail = site.board.get_ingest(asked.path("ingest"))
    return site.page(asked, "ingest.html", detail=detail, summary=detail.summary, most=_FILES)
