"""Search everything: a page, and the part of it that `/` shows over any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from onepiece_core.dashboard.model import Found
from onepiece_server.dashboard.pages.addresses import UrlMaker, url_maker

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.dashboard.pages.site import Asked, Site

_MOST = 50
_MOST_TEXT = 200


def routes(site: Site) -> list[Route]:
    return [site.route("/ui/search", lambda asked: _search(site, asked))]


def _search(site: Site, asked: Asked) -> Response:
    text = asked.query.get("q", "").strip()[:_MOST_TEXT]
    found = site.board.search(text, limit=_MOST) if text else []
    url = url_maker(asked.root)
    return site.page(
        asked, "search.html", text=text, found=[(each, address_of(each, url)) for each in found], most=_MOST
    )


def address_of(found: Found, url: UrlMaker) -> str:
    """The page of what was found."""
    kind, project, key = found.kind, found.project, found.key
    if kind == "project":
        return url("projects", key)
    if kind == "episode":
        return url("projects", project, episode=key)
    if kind == "shot":
        return url("projects", project, "shots", key)
    if kind == "version":
        return url("projects", project, "versions", text=found.label)
    if kind == "job":
        return url("render", "jobs", key)
    places = {"delivery": "deliveries", "ingest": "ingests", "playlist": "playlists"}
    return url(places[kind], key)
