"""Signing in and out with a browser, and the choice of colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from onepiece_core.errors import CredentialsInvalid, ErrorReport
from onepiece_server.dashboard.pages.addresses import safe_next

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.dashboard.pages.site import Asked, Site

SIGN_IN = "/ui/sign-in"
_YEAR_SECONDS = 365 * 24 * 3600


def routes(site: Site) -> list[Route]:
    return [
        site.route(SIGN_IN, lambda asked: _form(site, asked), roles=()),
        site.route(SIGN_IN, lambda asked: _sign_in(site, asked), roles=(), methods=("POST",)),
        site.route("/ui/sign-out", lambda asked: _sign_out(site, asked), roles=(), methods=("POST",)),
        site.route("/ui/theme", _choose_theme, roles=()),
    ]


def _form(site: Site, asked: Asked, error: ErrorReport | None = None) -> Response:
    told = asked.form or asked.query
    return site.page(
        asked,
        "sign_in.html",
        status=200 if error is None else 401,
        error=error,
        next=safe_next(told.get("next", "")),
        key=told.get("key", "")[:64],
        with_token="token" in asked.form and bool(asked.form["token"]),
    )


def _sign_in(site: Site, asked: Asked) -> Response:
    door, form = site.parts.door, asked.form
    words = {name: form.get(name, "") for name in ("key", "secret", "token")}
    try:
        caller = door.sign_in(asked.request, **words)
        value = door.sessions.open_session(caller)
    except CredentialsInvalid as error:
        return _form(site, asked, error.report)
    wanted = safe_next(form.get("next", ""))
    response = RedirectResponse(asked.root + wanted, 303, {"Cache-Control": "no-store"})
    door.sessions.set_cookie(response, value, asked.request)
    return response


def _sign_out(site: Site, asked: Asked) -> Response:
    sessions = site.parts.door.sessions
    sessions.close_session(asked.request)
    response = RedirectResponse(asked.root + SIGN_IN, 303, {"Cache-Control": "no-store"})
    sessions.clear_cookie(response, asked.request)
    return response


def _choose_theme(asked: Asked) -> Response:
    from onepiece_server.dashboard.pages.site import THEME_COOKIE, THEMES

    wanted = asked.query.get("to", "")
    response = RedirectResponse(asked.root + safe_next(asked.query.get("next", "")), 303, {"Cache-Control": "no-store"})
    response.set_cookie(
        THEME_COOKIE, wanted if wanted in THEMES else "auto", _YEAR_SECONDS, path=asked.root or "/", samesite="lax"
    )
    return response
