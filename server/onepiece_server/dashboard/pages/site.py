"""What all pages share: templates, addresses, answers that are kept while nothing changes, and errors as pages."""

from __future__ import annotations

import gzip
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from onepiece_core.dashboard.board import Board
from onepiece_core.dashboard.model import Freshness
from onepiece_core.errors import (
    CredentialsMissing,
    ErrorReport,
    OnePieceError,
    RequestInvalid,
    RoleMissing,
    RouteMissing,
)
from onepiece_core.log import get_logger
from onepiece_core.render.model import FarmInfo
from onepiece_server.auth.keys import Caller, Role
from onepiece_server.dashboard.pages.addresses import url_maker
from onepiece_server.dashboard.pages.templating import Templates
from onepiece_server.dashboard.static_files import StaticFiles
from onepiece_server.errors import INTERNAL, http_status
from onepiece_server.parts import Parts

log = get_logger(__name__)

THEME_COOKIE = "trafalgar_theme"
THEMES = ("auto", "light", "dark")
# What the board's generation does not cover, as that somebody reads the tracker just now, may be late by this much.
_KEPT_SECONDS = 60.0
_FRESHNESS_SECONDS = 3.0
_FARMS_SECONDS = 10.0
_KEPT_BYTES = 24 * 1024 * 1024
_GZIP_LEVEL = 5
_SMALL_BYTES = 1024

View = Callable[["Asked"], Response]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a page. ``form``: the fields of a POST, each once; ``root``: what a proxy puts in front."""

    request: Request
    caller: Caller | None
    root: str
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def here(self) -> str:
        """This page again: its address below ``root`` with its query."""
        query = self.request.url.query
        return path_below(self.request, self.root) + (f"?{query}" if query else "")

    @property
    def theme(self) -> str:
        wanted = self.request.cookies.get(THEME_COOKIE, "")
        return wanted if wanted in THEMES else "auto"

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def number(self, name: str) -> int:
        """Raises RouteMissing for what is no id."""
        text = self.path(name)
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise RouteMissing("There is nothing at this address")
        return int(text)

    def whole(self, name: str) -> int:
        """A number of the query; 0 for what is none."""
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def may(self, *roles: Role) -> bool:
        """Whether the caller has one of the roles, or manages the server."""
        return self.caller is not None and not self.caller.roles.isdisjoint({*roles, "dashboard:manage"})


class Site:
    """The pages of one process. Any thread may call it.

    Attributes:
        places: the addresses of all pages, as their routes have them.
    """

    def __init__(self, parts: Parts, board: Board) -> None:
        self.parts, self.board = parts, board
        self.static = StaticFiles()
        self.places: frozenset[str] = frozenset()
        self._templates = Templates(self.static, lambda name: f"/ui/{name}" in self.places)
        self._kept = _Kept(_KEPT_BYTES)
        # Stands in kept pages for the time at which they are sent.
        self._now_mark = secrets.token_hex(16)
        self._freshness = Freshness()
        self._freshness_at = 0.0
        self._farms: tuple[float, list[FarmInfo]] = (0.0, [])

    def route(
        self, path: str, view: View, *, roles: Sequence[Role] = ("dashboard:read",), methods: Sequence[str] = ("GET",)
    ) -> Route:
        """``view`` runs in a thread; what it raises becomes a page. ``roles``: any of them; none is for everybody."""

        async def answer(request: Request) -> Response:
            asked = Asked(request, request.state.caller, root_of(request))
            try:
                if roles:
                    _check(asked, roles)
                if request.method == "POST":
                    asked = Asked(request, asked.caller, asked.root, await _form(request))
                return await run_in_threadpool(view, asked)
            except OnePieceError as error:
                return await run_in_threadpool(self.error_page, asked, error.report)
            except Exception as error:
                log.error("server.page_failed", kind=type(error).__name__, exc_info=True)
                report = ErrorReport(code=INTERNAL, message="The server made a mistake; its log says more.")
                return await run_in_threadpool(self.error_page, asked, report)

        return Route(path, answer, methods=list(methods), include_in_schema=False)

    def page(self, asked: Asked, template: str, *, status: int = 200, **told: Any) -> Response:
        """The template with ``told``; see templates/base.html for what every page is told besides."""
        return self._answer(asked, self._packed(asked, template, told), status)

    def kept_page(
        self, asked: Asked, template: str, read: Callable[[], dict[str, Any]], *, project: str | None = None
    ) -> Response:
        """Like ``page``, kept as long as the board's generation (of the project) stays, a minute at most."""
        roles = tuple(sorted(asked.caller.roles)) if asked.caller else ()
        name = asked.caller.name if asked.caller else ""
        key = (template, asked.root, asked.here, name, roles, asked.theme, self.board.generation(project))
        body = self._kept.find(key)
        if body is None:
            body = self._packed(asked, template, read())
            self._kept.keep(key, body)
        return self._answer(asked, body, 200)

    def error_page(self, asked: Asked, report: ErrorReport) -> Response:
        status = http_status(report.code)
        body = self._packed(asked, "error.html", {"error": report, "status": status})
        response = self._answer(asked, body, status)
        if status in (429, 503, 507):
            response.headers["Retry-After"] = str(report.context.get("retry_after_seconds", 5))
        return response

    def farms(self) -> list[FarmInfo]:
        """As they were some seconds ago: to ask them all takes its time."""
        at, found = self._farms
        if not found or time.monotonic() - at > _FARMS_SECONDS:
            found = self.parts.jobs.list_farms()
            self._farms = time.monotonic(), found
        return found

    def redirect(self, asked: Asked, *parts: str | int, **query: Any) -> Response:
        """See other: to the page of ours at these parts of an address."""
        return RedirectResponse(url_maker(asked.root)(*parts, **query), 303, {"Cache-Control": "no-store"})

    def _packed(self, asked: Asked, template: str, told: Mapping[str, Any]) -> _Body:
        html = self._rendered(asked, template, told).encode("utf-8", "replace")
        # Of what is shown: the same page is the same whenever, and by whichever process, it was made.
        shown = html.replace(self._now_mark.encode(), b"")
        return _Body(html, f'W/"{hashlib.blake2b(shown, digest_size=12).hexdigest()}"')

    def _answer(self, asked: Asked, body: _Body, status: int) -> Response:
        headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Cookie", "ETag": body.tag}
        if status == 200 and asked.request.headers.get("if-none-match") == body.tag:
            return Response(status_code=304, headers=headers)
        html = body.html.replace(self._now_mark.encode(), b"%.3f" % time.time())
        if "gzip" in asked.request.headers.get("accept-encoding", "") and len(html) > _SMALL_BYTES:
            zipped = gzip.compress(html, _GZIP_LEVEL, mtime=0)
            return HTMLResponse(zipped, status, {**headers, "Content-Encoding": "gzip"})
        return HTMLResponse(html, status, headers)

    def _rendered(self, asked: Asked, template: str, told: Mapping[str, Any]) -> str:
        context: dict[str, Any] = {
            "asked": asked,
            "now": time.time(),
            "now_mark": self._now_mark,
            "freshness": None,
            "project": "",
            **told,
        }
        if context["freshness"] is None:
            context["freshness"] = self._overall() if asked.caller else Freshness()
        return self._templates.render(template, asked.root, context)

    def _overall(self) -> Freshness:
        now = time.monotonic()
        if now - self._freshness_at > _FRESHNESS_SECONDS:
            try:
                self._freshness = self.board.overview().freshness
            except OnePieceError as error:
                self._freshness = Freshness(link="down", error=error.report)
            self._freshness_at = now
        return self._freshness


def _check(asked: Asked, roles: Sequence[Role]) -> None:
    if asked.caller is None:
        raise CredentialsMissing("This needs somebody who has signed in")
    if not asked.may(*roles):
        raise RoleMissing(f"This needs the role {' or '.join(roles)}", role=roles[0])


@dataclass(frozen=True, slots=True)
class _Body:
    html: bytes
    tag: str


class _Kept:
    """Finished pages, those asked for last, up to a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._size = most_bytes, 0
        self._lock = Lock()
        self._pages: OrderedDict[object, tuple[float, _Body]] = OrderedDict()

    def find(self, key: object) -> _Body | None:
        with self._lock:
            at, body = self._pages.get(key, (0.0, None))
            if body is None or time.monotonic() - at > _KEPT_SECONDS:
                return None
            self._pages.move_to_end(key)
            return body

    def keep(self, key: object, body: _Body) -> None:
        with self._lock:
            before = self._pages.pop(key, None)
            self._size += len(body.html) - (len(before[1].html) if before else 0)
            self._pages[key] = (time.monotonic(), body)
            while self._size > self._most and self._pages:
                self._size -= len(self._pages.popitem(last=False)[1][1].html)


def root_of(request: Request) -> str:
    return str(request.scope.get("root_path") or "").rstrip("/")


def path_below(request: Request, root: str) -> str:
    return request.url.path.removeprefix(root)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form as browsers send it without files. Raises RequestInvalid."""
    try:
        text = (await request.body()).decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=200))
    except ValueError as cause:
        raise RequestInvalid("The form cannot be read") from cause
