"""Operations that are unfinished, and what the newest reconciles found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.dashboard.pages.site import Asked, Site

_ROWS = 50
_FINDINGS = 200  # of one show


def routes(site: Site) -> list[Route]:
    return [site.route("/ui/operations", lambda asked: _operations(site, asked))]


def _operations(site: Site, asked: Asked) -> Response:
    cursor = asked.query.get("cursor") or None
    page = site.board.list_operations(limit=_ROWS, cursor=cursor)
    reports = site.board.list_findings()
    return site.page(asked, "operations.html", page=page, reports=reports, most=_FINDINGS, cursor=cursor or "")
