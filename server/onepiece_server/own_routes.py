"""The server's own state: health, readiness, metrics, and where everything is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from onepiece_core.errors import RenderStoreFailed
from onepiece_core.render.model import StoreHealth
from onepiece_server.auth.door import Door
from onepiece_server.auth.gate import require
from onepiece_server.auth.keys import Caller, KeyRing
from onepiece_server.metrics import CONTENT_TYPE, exposition
from onepiece_server.parts import Parts

OPEN = ("/health", "/ready", "/render/v1/health", "/render/v1/ready", "/openapi.json")
_DETAILS = frozenset({"render:read", "dashboard:manage"})


def add_own_routes(app: FastAPI, parts: Parts, keys: KeyRing, told: Callable[[], StoreHealth] | None) -> None:
    jobs = parts.jobs

    @app.get("/render/v1/health", tags=["server"])
    @app.get("/health", include_in_schema=False)
    def health(request: Request) -> dict[str, Any]:
        """That it answers; to those who may read jobs also how the record, the keys and the farms are."""
        caller: Caller | None = request.state.caller
        if caller is None or caller.roles.isdisjoint(_DETAILS):
            return {"status": "ok"}
        farms = [farm.model_dump(mode="json", exclude={"capabilities"}) for farm in jobs.list_farms()]
        record = None if told is None else told()
        fine = keys.problem is None and (record is None or record.is_writable)
        store = None if record is None else record.model_dump(mode="json")
        return {
            "status": "ok" if fine else "degraded",
            "store": store,
            "farms": farms,
            "keys": {"count": len(keys), "problem": keys.problem},
        }

    @app.get("/render/v1/ready", tags=["server"])
    @app.get("/ready", include_in_schema=False)
    def ready() -> dict[str, str]:
        """Whether jobs are taken. Raises RenderStoreFailed while they cannot be recorded."""
        if told is not None and not told().is_writable:
            raise RenderStoreFailed("The record of render jobs cannot be written")
        return {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    def metrics(_: Annotated[Caller, Depends(require("render:read"))]) -> Response:
        text = exposition(jobs.metrics(), told() if told else None, are_keys_current=keys.problem is None)
        return Response(text, media_type=CONTENT_TYPE)

    _links(app, parts.door)


def _links(app: FastAPI, door: Door) -> None:
    @app.get("/", include_in_schema=False, response_model=None)
    def links(request: Request, response: Response) -> dict[str, str] | Response:
        base = request.scope.get("root_path", "")
        response.headers["Cache-Control"] = "no-store"
        if door.home is not None and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"{base}{door.home}", 303, {"Cache-Control": "no-store"})
        return {name: f"{base}/render/v1/{name}" for name in ("farms", "jobs", "health", "ready")}
