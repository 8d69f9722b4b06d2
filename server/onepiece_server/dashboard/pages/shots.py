"""A shot: its tasks, its Versions side by side, what was published of it, and its workfiles."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.dashboard.pages.site import Asked, Site

_BESIDE = 8


def routes(site: Site) -> list[Route]:
    return [site.route("/ui/projects/{project}/shots/{shot}", lambda asked: _shot(site, asked))]


def _shot(site: Site, asked: Asked) -> Response:
    code, number = asked.path("project"), asked.number("shot")

    def read() -> dict[str, Any]:
        shot = site.board.get_shot(code, number)
        detail = site.board.get_project(code)
        return {
            "shot": shot,
            "row": shot.row,
            "show": detail.summary,
            "steps": {step.code: step.name for step in detail.steps},
            "beside": shot.versions[:_BESIDE],
            "shown": {publish.id for publish in shot.publishes},
            "project": detail.summary.code,
            "freshness": shot.freshness,
            "today": time.strftime("%Y-%m-%d", time.gmtime()),
        }

    return site.kept_page(asked, "shot.html", read, project=code)
