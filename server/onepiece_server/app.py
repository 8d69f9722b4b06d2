"""Trafalgar as an ASGI application: its parts are passed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from onepiece_core.config.models import RenderSettings, ServerSettings
from onepiece_core.errors import CredentialsUnusable
from onepiece_core.log import get_logger
from onepiece_core.render.jobs import Jobs
from onepiece_server.auth.gate import Gate
from onepiece_server.auth.keys import Keys
from onepiece_server.errors import answer_with_envelopes, internal
from onepiece_server.limits import BodyLimit, Rate
from onepiece_server.render.events import Broadcast
from onepiece_server.render.routes import render_routes

log = get_logger(__name__)


def create_app(server: ServerSettings, render: RenderSettings, jobs: Jobs, keys: Keys) -> FastAPI:
    """The server over these jobs. Raises CredentialsUnusable when nobody could get in."""
    if not len(keys):
        raise CredentialsUnusable("The server has no keys", hint="Add one, or start it with --dev on this machine.")
    broadcast = Broadcast(jobs)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        broadcast.start()
        yield
        broadcast.end()

    app = FastAPI(title="Trafalgar", lifespan=living, root_path=server.root_path, docs_url=None, redoc_url=None)
    app.state.broadcast = broadcast
    answer_with_envelopes(app)
    routes = render_routes(jobs, broadcast, render.sse_keepalive_interval)
    app.include_router(routes, prefix="/render/v1")
    app.include_router(routes, include_in_schema=False)
    _own_state(app, jobs)
    # The last one added is the first one asked.
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


def _own_state(app: FastAPI, jobs: Jobs) -> None:
    @app.get("/render/v1/health", tags=["server"])
    @app.get("/health", include_in_schema=False)
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/render/v1/ready", tags=["server"])
    @app.get("/ready", include_in_schema=False)
    def ready() -> dict[str, str]:
        jobs.metrics()
        return {"status": "ready"}

    @app.get("/", include_in_schema=False)
    def links(request: Request, response: Response) -> dict[str, str]:
        base = request.scope.get("root_path", "")
        response.headers["Cache-Control"] = "no-store"
        return {name: f"{base}/render/v1/{name}" for name in ("farms", "jobs", "health", "ready")}
