"""A show: its shots against the departments, how far its episodes are, and its newest Versions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from onepiece_core.dashboard.model import BurnPoint, ProjectDetail, SequenceSummary
from onepiece_core.errors import DashboardMissing
from onepiece_server.dashboard.pages.filters import NO_EPISODE, Filter

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.dashboard.pages.site import Asked, Site

_SHOTS = 100
_VERSIONS = 50
_NEWEST = 6
# More points than a curve of this width can show.
_MOST_POINTS = 180


def routes(site: Site) -> list[Route]:
    return [
        site.route("/ui/projects", site.redirect),
        site.route("/ui/projects/{project}", lambda asked: _show(site, asked)),
        site.route("/ui/projects/{project}/versions", lambda asked: _versions(site, asked)),
    ]


def _show(site: Site, asked: Asked) -> Response:
    code, wanted = asked.path("project"), Filter.of(asked.query)

    def read() -> dict[str, Any]:
        detail = site.board.get_project(code)
        page = site.board.list_shots(code, wanted.wanted, limit=_SHOTS, cursor=wanted.cursor or None)
        newest = site.board.list_versions(code, Filter().wanted, limit=_NEWEST)
        return {
            **_of_show(site, detail, wanted),
            "page": page,
            "newest": newest.items,
            "burn": thinned(detail.burn_down),
            "today": time.strftime("%Y-%m-%d", time.gmtime()),
        }

    return site.kept_page(asked, "show.html", read, project=code)


def _versions(site: Site, asked: Asked) -> Response:
    code, wanted = asked.path("project"), Filter.of(asked.query)

    def read() -> dict[str, Any]:
        detail = site.board.get_project(code)
        page = site.board.list_versions(code, wanted.wanted, limit=_VERSIONS, cursor=wanted.cursor or None)
        return {**_of_show(site, detail, wanted), "page": page}

    return site.kept_page(asked, "versions.html", read, project=code)


def _of_show(site: Site, detail: ProjectDetail, wanted: Filter) -> dict[str, Any]:
    return {
        "detail": detail,
        "show": detail.summary,
        "project": detail.summary.code,
        "freshness": detail.summary.freshness,
        "filter": wanted,
        "sequences": _sequences(site, detail.summary.code, wanted),
        "no_episode": NO_EPISODE,
    }


def _sequences(site: Site, project: str, wanted: Filter) -> list[SequenceSummary]:
    """Of the episode that was chosen."""
    if wanted.wanted.episode is None:
        return []
    try:
        return site.board.get_episode(project, wanted.wanted.episode).sequences
    except DashboardMissing:
        return []


def thinned(points: list[BurnPoint]) -> list[BurnPoint]:
    """At most as many as a curve shows; the first and the last stay."""
    if len(points) <= _MOST_POINTS:
        return points
    step = (len(points) - 1) / (_MOST_POINTS - 1)
    return [points[round(step * number)] for number in range(_MOST_POINTS)]
