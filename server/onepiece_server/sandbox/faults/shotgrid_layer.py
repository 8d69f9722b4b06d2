"""In front of the site's application: who may ask, what is planned to go wrong, and what is written down."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from onepiece_server.sandbox.faults.admin import MAX_PLAN_BYTES, Admin, Asked
from onepiece_server.sandbox.faults.calls import UNKNOWN, Journal
from onepiece_server.sandbox.faults.deciding import Decider
from onepiece_server.sandbox.faults.incoming import Incoming
from onepiece_server.sandbox.faults.paths import OWN_HEADER, PATHS
from onepiece_server.sandbox.faults.plan import UPLOADS, VERBS, Plan
from onepiece_server.sandbox.faults.spoiling import Outgoing, Passing, Spoiler
from onepiece_server.sandbox.shotgrid.app import MAX_BODY_BYTES
from onepiece_server.sandbox.shotgrid.auth import authenticate
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.site import Site

_HOST = re.compile(rb"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_API = "/api3/json"
_OWN_HEADER = OWN_HEADER.encode()
# The page that looks into the site is no client of it: nothing goes wrong there, nor is it written down.
_LOOK = "/look"


def layered(app: ASGIApp, site: Site, folder: Path, plan: Plan) -> SandboxLayer:
    """A site's application with its faults, and its journal of calls in ``folder``."""
    decider = Decider("shotgrid", plan)

    def is_key(text: str) -> bool:
        try:
            authenticate(site, {"script_name": site.options.script_name, "script_key": text}, "")
        except Fault:
            return False
        return True

    async def is_key_there(text: str) -> bool:
        return await site.run(is_key, text)

    def changed() -> None:
        site.held_pictures.hold(decider.has("thumbnail_stuck"))

    changed()
    journal = Journal(folder)
    return SandboxLayer(app, Admin(decider, is_key_there, changed, journal), journal)


class SandboxLayer:
    """An ASGI application around ``app``."""

    def __init__(self, app: ASGIApp, admin: Admin, journal: Journal) -> None:
        self._app, self._admin, self._journal = app, admin, journal
        self._decider = admin.decider
        self._spoiler = Spoiler(app, journal)

    def close(self) -> None:
        self._journal.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if not _is_own_name(headers.get(b"host", b"")):
            # A page in a browser may have made its own name point at 127.0.0.1.
            await PlainTextResponse("This site is served to 127.0.0.1 and localhost only.", 421)(scope, receive, send)
        elif scope["path"] in PATHS:
            await self._administer(scope, receive, send)
        elif _OWN_HEADER in headers or scope["path"].startswith(_LOOK):
            await self._app(scope, receive, send)
        else:
            await self._call(scope, receive, send)

    async def _administer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_PLAN_BYTES:
                await PlainTextResponse("Request Entity Too Large", 413)(scope, receive, send)
                return
        authorization = request.headers.get("authorization", "")
        asked = Asked(request.method, request.url.path, request.url.query, authorization, body)
        status, told = await self._admin.answer(asked)
        await JSONResponse(told, status)(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = self._journal.begin()
        scope.setdefault("state", {})["record"] = record
        passing = Passing(scope, Incoming(receive, record), Outgoing(send, record), record)
        try:
            search_bytes = MAX_BODY_BYTES if self._decider.has_rules else 0
            record.method = _endpoint(scope) or await passing.incoming.method_name(search_bytes=search_bytes)
            rule = self._decider.next(record.method)
            if rule is None:
                await self._app(scope, passing.incoming, passing.outgoing)
            else:
                record.fault = rule.fault
                await self._spoiler.spoil(rule, passing)
        finally:
            if not passing.goes_on:
                self._journal.end(record)


def _is_own_name(host: bytes) -> bool:
    """Whether a Host header names this machine's loopback, at any port. Old clients send none: no browser is one."""
    return not host or _HOST.fullmatch(host) is not None


def _endpoint(scope: Scope) -> str | None:
    """What a request is called in plans and in the journal; None when its body says it."""
    path = scope["path"]
    if path.endswith(_API) and scope["method"] == "POST":
        return None
    if path.startswith("/upload/"):
        name = path.removeprefix("/upload/")
        return name if name in UPLOADS else UNKNOWN
    return scope["method"] if scope["method"] in VERBS else UNKNOWN
