"""All shows: how far each is, how old what is told of it is, and what changed last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.dashboard.pages.site import Asked, Site

_SHOWS = 60


def routes(site: Site) -> list[Route]:
    return [site.route("/ui/", lambda asked: _overview(site, asked))]


def _overview(site: Site, asked: Asked) -> Response:
    def read() -> dict[str, Any]:
        overall = site.board.overview()
        page = site.board.list_projects(limit=_SHOWS, cursor=asked.query.get("cursor") or None)
        return {"freshness": overall.freshness, "progress": overall.progress, "page": page}

    return site.kept_page(asked, "overview.html", read)
