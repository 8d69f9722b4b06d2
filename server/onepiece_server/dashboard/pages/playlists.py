"""Playlists: ordered Versions for a review, with their pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.auth.keys import Role
    from onepiece_server.dashboard.pages.site import Asked, Site

_ROWS = 50


def routes(site: Site) -> list[Route]:
    roles: tuple[Role, ...] = ("dashboard:read", "review:read")
    return [
        site.route("/ui/playlists", lambda asked: _list(site, asked), roles=roles),
        site.route("/ui/playlists/{playlist}", lambda asked: _one(site, asked), roles=roles),
    ]


def _list(site: Site, asked: Asked) -> Response:
    project, cursor = asked.query.get("project") or None, asked.query.get("cursor") or None
    page = site.board.list_playlists(project=project, limit=_ROWS, cursor=cursor)
    return site.page(asked, "playlists.html", page=page, of=project or "", cursor=cursor or "")


def _one(site: Site, asked: Asked) -> Response:
    detail = site.board.get_playlist(asked.number("playlist"))
    return site.page(asked, "playlist.html", detail=detail, summary=detail.summary, freshness=detail.freshness)
