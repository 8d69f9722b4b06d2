"""Trafalgar as an ASGI application: its parts are passed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from onepiece_core import __version__
from onepiece_core.config.models import Settings
from onepiece_core.errors import CredentialsUnusable
from onepiece_core.log import get_logger
from onepiece_core.render.jobs import AcceptingJobs
from onepiece_core.render.model import StoreHealth
from onepiece_server.audit import Audited, AuditLog
from onepiece_server.auth.door import Door
from onepiece_server.auth.gate import Gate
from onepiece_server.auth.keys import KeyRing
from onepiece_server.auth.sessions import Sessions
from onepiece_server.errors import answer_with_envelopes, internal
from onepiece_server.headers import SecurityHeaders
from onepiece_server.limits import BodyLimit
from onepiece_server.openapi import describe
from onepiece_server.own_routes import OPEN, add_own_routes
from onepiece_server.parts import Parts
from onepiece_server.rates import Rate, SharedBuckets
from onepiece_server.refusals import Refusals, RefusalsNoted
from onepiece_server.render.events import Broadcast
from onepiece_server.render.routes import render_routes

log = get_logger(__name__)

Mount = Callable[[FastAPI, Parts], None]


def create_app(
    settings: Settings,
    jobs: AcceptingJobs,
    keys: KeyRing,
    *,
    state_dir: Path,
    audit: AuditLog,
    health: Callable[[], StoreHealth] | None = None,
    close: Callable[[], None] = lambda: None,
    mounts: Iterable[Mount] = (),
) -> FastAPI:
    """The server over these jobs.

    Args:
        close: called when it ends.
        mounts: of other packages; each adds its routes, which stand behind the same gate, limits and audit log.

    Raises CredentialsUnusable when nobody could get in.
    """
    if not len(keys):
        raise CredentialsUnusable("The server has no keys", hint="Add one, or start it with --dev on this machine.")
    parts = _parts(settings, jobs, keys, state_dir, audit)
    broadcast, refusals = Broadcast(jobs), Refusals(audit)
    # Packages that stream add theirs.
    ends: list[Callable[[], None]] = [broadcast.end]

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        broadcast.start()
        async with refusals.swept():
            yield
            for end in ends:
                end()
        parts.door.sessions.close()
        parts.rate.close()
        close()

    app = FastAPI(title="Trafalgar", lifespan=living, docs_url=None, redoc_url=None)
    app.state.broadcast = broadcast
    app.state.ends = ends
    answer_with_envelopes(app)
    routes = render_routes(jobs, broadcast, parts.door, settings.render.sse_keepalive_interval)
    app.include_router(routes, prefix="/render/v1")
    app.include_router(routes, include_in_schema=False)
    add_own_routes(app, parts, keys, health)
    for mount in mounts:
        mount(app, parts)
    describe(app, settings.server, __version__)
    _guard(app, parts, refusals)
    return app


def _parts(settings: Settings, jobs: AcceptingJobs, keys: KeyRing, state_dir: Path, audit: AuditLog) -> Parts:
    server = settings.server
    rate = Rate(server.requests_per_minute, SharedBuckets(state_dir / "server" / "limits.db"))
    sessions = Sessions(state_dir / "server" / "sessions.db", keys, hours=server.session_hours)
    door = Door(keys, sessions, server, rate)
    door.open(*OPEN)
    return Parts(settings, state_dir, door, audit, rate, jobs)


def _guard(app: FastAPI, parts: Parts, refusals: Refusals) -> None:
    # The last one added is the first one asked.
    app.add_middleware(Audited, audit=parts.audit)
    limits = parts.settings.server
    app.add_middleware(BodyLimit, maximum=limits.max_body_bytes, seconds=limits.body_seconds)
    app.add_middleware(Gate, door=parts.door, rate=parts.rate)
    app.add_middleware(RefusalsNoted, refusals=refusals)
    app.add_middleware(Unexpected)
    app.add_middleware(SecurityHeaders)


class Unexpected:
    """ASGI: a mistake of ours is logged and answered with an envelope that says nothing of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def sending(message: object) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)  # type: ignore[arg-type]

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log.error("server.failed", kind=type(error).__name__, exc_info=True)
            if has_begun:
                raise
            await internal()(scope, receive, send)
