"""The page's addresses. Only GET, but for the ticket; without a session nothing of the site is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from onepiece_server.sandbox.shotgrid.attachments import picture_type
from onepiece_server.sandbox.shotgrid.look.access import (
    SESSION_SECONDS,
    TICKET_SECONDS,
    Gate,
    knows_key,
)
from onepiece_server.sandbox.shotgrid.look.media import inline_type
from onepiece_server.sandbox.shotgrid.look.pages import FOLDER, NotThere, Pages
from onepiece_server.sandbox.shotgrid.site import Site
from onepiece_server.sandbox.shotgrid.uploads import file_of, thumbnail_of

_COMMAND = "onepiece sandbox open"
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# A browser makes a page of its own around a movie: that may play it, and nothing more.
_OF_MEDIA = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"

_Endpoint = Callable[[Request], Awaitable[Response]]


def look_routes(site: Site) -> list[Route]:
    """``/`` and all below ``/look``."""
    look = _Look(site)
    pages: dict[str, Callable[[Request], Callable[[], str]]] = {
        "/look/": lambda _: look.pages.home,
        "/look/type/{type}": lambda r: partial(look.pages.rows, r.path_params["type"], r.query_params),
        "/look/row/{type}/{id}": lambda r: partial(look.pages.row, r.path_params["type"], r.path_params["id"]),
        "/look/schema/{type}": lambda r: partial(look.pages.schema, r.path_params["type"]),
        "/look/events": lambda r: partial(look.pages.events, r.query_params),
        "/look/calls": lambda _: look.pages.calls,
    }

    def page(bound: Callable[[Request], Callable[[], str]]) -> _Endpoint:
        async def endpoint(request: Request) -> Response:
            return await look.answer(request, bound(request))

        return endpoint

    def headed(path: str, endpoint: _Endpoint, method: str = "GET") -> Route:
        async def checked(request: Request) -> Response:
            response = await endpoint(request)
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return Route(path, checked, methods=[method])

    return [
        headed("/", look.welcome),
        headed("/look", look.to_front),
        headed("/look/tickets", look.ticket, "POST"),
        headed("/look/look.css", look.style),
        headed("/look/icon.svg", look.icon),
        headed("/look/media/{id}", look.media),
        headed("/look/picture/{file}", look.picture),
        *(headed(path, page(bound)) for path, bound in pages.items()),
    ]


class _Look:
    """One site's page and who is in."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._gate = Gate()
        self.pages = Pages(site)

    async def answer(self, request: Request, render: Callable[[], str]) -> Response:
        """A page, for those who are in."""
        if ticket := request.query_params.get("ticket"):
            return self._entered(request, ticket)
        if not self._is_in(request):
            return self._closed()
        try:
            return HTMLResponse(await self._site.run(render))
        except NotThere as nothing:
            return HTMLResponse(self.pages.message("Nothing here", str(nothing)), 404)

    async def welcome(self, _: Request) -> Response:
        text = "Programs talk to it at /api3/json, as to any ShotGrid site. To look into it, run:"
        return HTMLResponse(self.pages.message("A sandbox site of OnePiece", text, command=_COMMAND))

    async def to_front(self, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/look/{query}", 303)

    async def ticket(self, request: Request) -> Response:
        """A ticket for the owner of the script's key."""
        if not await self._site.run(knows_key, self._site, request.headers.get("authorization")):
            return JSONResponse({"error": "the script's key is needed"}, 401)
        return JSONResponse({"ticket": self._gate.tickets.new(), "expires_in_seconds": int(TICKET_SECONDS)})

    async def style(self, _: Request) -> Response:
        return FileResponse(FOLDER / "look.css", media_type="text/css")

    async def icon(self, _: Request) -> Response:
        return FileResponse(FOLDER / "icon.svg", media_type="image/svg+xml")

    async def media(self, request: Request) -> Response:
        if not self._is_in(request):
            return self._closed()
        number = request.path_params["id"]
        known = number.isascii() and number.isdigit() and len(number) < 19
        found = await self._site.run(file_of, self._site, int(number)) if known else None
        if found is None or not found[0].is_file():
            return HTMLResponse(self.pages.message("Nothing here", "There is no such file."), 404)
        path, name, _ = found
        shown = await self._site.run(inline_type, path)
        # What a movie may do is play: the policy of a download runs and loads nothing.
        headers = {
            "content-security-policy": "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"
        }
        disposition = "inline" if shown else "attachment"
        kind = shown or "application/octet-stream"
        return FileResponse(path, filename=name, media_type=kind, headers=headers, content_disposition_type=disposition)

    async def picture(self, request: Request) -> Response:
        if not self._is_in(request):
            return self._closed()
        path = await self._site.run(thumbnail_of, self._site, request.path_params["file"])
        if path is None:
            return HTMLResponse(self.pages.message("Nothing here", "There is no such picture."), 404)
        # A picture never changes under its name: the tables of rows need not fetch it again.
        headers = {"content-security-policy": _OF_MEDIA, "cache-control": "private, max-age=86400, immutable"}
        return FileResponse(path, media_type=picture_type(path) or "image/jpeg", headers=headers)

    def _is_in(self, request: Request) -> bool:
        return self._gate.is_open(request.cookies.get(_cookie(request)))

    def _entered(self, request: Request, ticket: str) -> Response:
        session = self._gate.enter(ticket)
        if session is None:
            return self._closed("This ticket was used already, or is older than a minute.")
        response = RedirectResponse("/look/", 303)
        response.set_cookie(
            _cookie(request), session, max_age=int(SESSION_SECONDS), path="/look", httponly=True, samesite="strict"
        )
        return response

    def _closed(self, why: str = "This page shows everything that the site holds, so it asks who you are.") -> Response:
        return HTMLResponse(self.pages.message("Please come in by the door", why, "Run:", command=_COMMAND), 401)


def _cookie(request: Request) -> str:
    """Cookies do not know ports: each sandbox of a machine has its own name."""
    return f"onepiece_look_{request.url.port or 80}"
