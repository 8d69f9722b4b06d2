"""How the dashboard itself is, and the controls of its copy of the tracker for those who operate it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from starlette.responses import Response

from onepiece_core.dashboard.model import CacheChange
from onepiece_core.errors import DashboardInvalid

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.auth.keys import Role
    from onepiece_server.dashboard.pages.site import Asked, Site


def routes(site: Site) -> list[Route]:
    operates: tuple[Role, ...] = ("dashboard:manage",)
    return [
        site.route("/ui/health", lambda asked: _health(site, asked)),
        site.route("/ui/health/cache", lambda asked: _change(site, asked), roles=operates, methods=("POST",)),
    ]


def _health(site: Site, asked: Asked) -> Response:
    farms = site.farms() if asked.may("render:read") else []
    may = asked.may("dashboard:manage")
    return site.page(asked, "health.html", cache=site.board.cache(), farms=farms, may=may)


def _change(site: Site, asked: Asked) -> Response:
    form = asked.form
    change = CacheChange(
        ttl_seconds=_number(form.get("ttl_seconds", "")),
        max_records=_whole(form.get("max_records", "")),
        max_projects=_whole(form.get("max_projects", "")),
        flush="flush" in form,
    )
    site.board.change_cache(change)
    return site.redirect(asked, "health")


def _number(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        number = float(text)
    except ValueError:
        raise DashboardInvalid("This is no number", value=text[:40]) from None
    if not math.isfinite(number):
        raise DashboardInvalid("This is no number", value=text[:40])
    return number


def _whole(text: str) -> int | None:
    number = _number(text)
    if number is not None and (number != int(number) or abs(number) > 1e12):
        raise DashboardInvalid("This is no whole number", value=text[:40])
    return None if number is None else int(number)
