"""Trafalgar as an ASGI application: its parts are passed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from onepiece_core import __version__
from onepiece_core.config.models import RenderSettings, ServerSettings
from onepiece_core.errors import CredentialsUnusable, RenderStoreFailed
from onepiece_core.log import get_logger
from onepiece_core.render.jobs import Jobs
from onepiece_core.render.model import StoreHealth
from onepiece_server.audit import Audited, AuditLog
from onepiece_server.auth.gate import Gate, require
from onepiece_server.auth.keys import Caller, Keys
from onepiece_server.errors import answer_with_envelopes, internal
from onepiece_server.limits import BodyLimit, Rate
from onepiece_server.metrics import CONTENT_TYPE, exposition
from onepiece_server.openapi import describe
from onepiece_server.render.events import Broadcast
from onepiece_server.render.routes import render_routes

log = get_logger(__name__)


def create_app(
    server: ServerSettings,
    render: RenderSettings,
    jobs: Jobs,
    keys: Keys,
    *,
    audit: AuditLog | None = None,
    health: Callable[[], StoreHealth] | None = None,
    close: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The server over these jobs; ``close`` is called when it ends.

    Raises CredentialsUnusable when nobody could get in.
    """
    if not len(keys):
        raise CredentialsUnusable("The server has no keys", hint="Add one, or start it with --dev on this machine.")
    broadcast = Broadcast(jobs)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        broadcast.start()
        yield
        broadcast.end()
        close()

    app = FastAPI(title="Trafalgar", lifespan=living, root_path=server.root_path, docs_url=None, redoc_url=None)
    app.state.broadcast = broadcast
    answer_with_envelopes(app)
    routes = render_routes(jobs, broadcast, render.sse_keepalive_interval)
    app.include_router(routes, prefix="/render/v1")
    app.include_router(routes, include_in_schema=False)
    _own_state(app, jobs, health)
    describe(app, server, __version__)
    # The last one added is the first one asked.
    if audit is not None:
        app.add_middleware(Audited, audit=audit)
    app.add_middleware(BodyLimit, maximum=server.max_body_bytes)
    app.add_middleware(Gate, keys=keys, settings=server, rate=Rate(server.requests_per_minute))
    app.add_middleware(Unexpected)
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

    @app.get("/", include_in_schema=False)
    def links(request: Request, response: Response) -> dict[str, str]:
        base = request.scope.get("root_path", "")
        response.headers["Cache-Control"] = "no-store"
        return {name: f"{base}/render/v1/{name}" for name in ("farms", "jobs", "health", "ready")}
