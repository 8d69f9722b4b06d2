"""Trafalgar as an ASGI application: its parts are passed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from onepiece_core import __version__
from onepiece_core.config.models import Settings
from onepiece_core.errors import CredentialsUnusable, RenderStoreFailed
from onepiece_core.log import get_logger
from onepiece_core.render.jobs import Jobs
from onepiece_core.render.model import StoreHealth
from onepiece_server.audit import Audited, AuditLog
from onepiece_server.auth.door import Door
from onepiece_server.auth.gate import Gate, require
from onepiece_server.auth.keys import Caller, Keys
from onepiece_server.auth.sessions import Sessions
from onepiece_server.errors import answer_with_envelopes, internal
from onepiece_server.headers import SecurityHeaders
from onepiece_server.limits import BodyLimit, Rate
from onepiece_server.metrics import CONTENT_TYPE, exposition
from onepiece_server.openapi import describe
from onepiece_server.parts import Parts
from onepiece_server.render.events import Broadcast
from onepiece_server.render.routes import render_routes

log = get_logger(__name__)

Mount = Callable[[FastAPI, Parts], None]
_OPEN = ("/health", "/ready", "/render/v1/health", "/render/v1/ready", "/openapi.json")


def create_app(
    settings: Settings,
    jobs: Jobs,
    keys: Keys,
    *,
    state_dir: Path,
    audit: AuditLog | None = None,
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
    server = settings.server
    if not len(keys):
        raise CredentialsUnusable("The server has no keys", hint="Add one, or start it with --dev on this machine.")
    broadcast = Broadcast(jobs)
    rate = Rate(server.requests_per_minute)
    sessions = Sessions(state_dir / "server" / "sessions.db", keys, hours=server.session_hours)
    door = Door(keys, sessions, server, rate)
    door.open(*_OPEN)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        broadcast.start()
        yield
        broadcast.end()
        sessions.close()
        close()

    app = FastAPI(title="Trafalgar", lifespan=living, root_path=server.root_path, docs_url=None, redoc_url=None)
    app.state.broadcast = broadcast
    answer_with_envelopes(app)
    routes = render_routes(jobs, broadcast, settings.render.sse_keepalive_interval)
    app.include_router(routes, prefix="/render/v1")
    app.include_router(routes, include_in_schema=False)
    _own_state(app, jobs, health)
    _links(app, door)
    for mount in mounts:
        mount(app, Parts(settings, state_dir, door, audit, rate, jobs))
    describe(app, server, __version__)
    # The last one added is the first one asked.
    if audit is not None:
        app.add_middleware(Audited, audit=audit)
    app.add_middleware(BodyLimit, maximum=server.max_body_bytes)
    app.add_middleware(Gate, door=door, rate=rate)
    app.add_middleware(Unexpected)
    app.add_middleware(SecurityHeaders)
    return app


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


def _own_state(app: FastAPI, jobs: Jobs, told: Callable[[], StoreHealth] | None) -> None:
    @app.get("/render/v1/health", tags=["server"])
    @app.get("/health", include_in_schema=False)
    def health(request: Request) -> dict[str, Any]:
        """That it answers; to those who may read jobs also how the record and the farms are."""
        caller: Caller | None = request.state.caller
        if caller is None or "render:read" not in caller.roles:
            return {"status": "ok"}
        farms = [farm.model_dump(mode="json", exclude={"capabilities"}) for farm in jobs.list_farms()]
        record = None if told is None else told()
        fine = record is None or record.is_writable
        store = None if record is None else record.model_dump(mode="json")
        return {"status": "ok" if fine else "degraded", "store": store, "farms": farms}

    @app.get("/render/v1/ready", tags=["server"])
    @app.get("/ready", include_in_schema=False)
    def ready() -> dict[str, str]:
        """Whether jobs are taken. Raises RenderStoreFailed while they cannot be recorded."""
        if told is not None and not told().is_writable:
            raise RenderStoreFailed("The record of render jobs cannot be written")
        return {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    def metrics(_: Annotated[Caller, Depends(require("render:read"))]) -> Response:
        return Response(exposition(jobs.metrics(), told() if told else None), media_type=CONTENT_TYPE)


def _links(app: FastAPI, door: Door) -> None:
    @app.get("/", include_in_schema=False, response_model=None)
    def links(request: Request, response: Response) -> dict[str, str] | Response:
        base = request.scope.get("root_path", "")
        response.headers["Cache-Control"] = "no-store"
        if door.home is not None and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"{base}{door.home}", 303, {"Cache-Control": "no-store"})
        return {name: f"{base}/render/v1/{name}" for name in ("farms", "jobs", "health", "ready")}
