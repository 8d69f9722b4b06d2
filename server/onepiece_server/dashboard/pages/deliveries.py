"""Deliveries: what left, for whom, with which manifest, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.auth.keys import Role
    from onepiece_server.dashboard.pages.site import Asked, Site

_ROWS = 50
_ENTRIES = 200


def routes(site: Site) -> list[Route]:
    roles: tuple[Role, ...] = ("dashboard:read", "review:read")
    return [
        site.route("/ui/deliveries", lambda asked: _list(site, asked), roles=roles),
        site.route("/ui/deliveries/{delivery}", lambda asked: _one(site, asked), roles=roles),
    ]


def _list(site: Site, asked: Asked) -> Response:
    project, cursor = asked.query.get("project") or None, asked.query.get("cursor") or None
    page = site.board.list_deliveries(project=project, limit=_ROWS, cursor=cursor)
    return site.page(asked, "deliveries.html", page=page, of=project or "", cursor=cursor or "")


def _one(site: Site, asked: Asked) -> Response:
    detail = site.board.get_delivery(asked.path("delivery"))
    last = max(0, len(detail.entries) - 1) // _ENTRIES
    part = min(asked.whole("part"), last)
    entries = detail.entries[part * _ENTRIES : (part + 1) * _ENTRIES]
    return site.page(
        asked, "delivery.html", detail=detail, summary=detail.summary, entries=entries, part=part, last=last
    )
