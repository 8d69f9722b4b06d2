"""``POST /sandbox/seed``: a show of production size for a running site, told as JSON lines while it grows.

``Authorization: Bearer <the script user's key>`` opens it. The body is a :class:`SeedRequest`; with ``?dry_run=1``
the answer is the one object that says what would be made. Otherwise each line is ``{"phase", "done", "total"}`` and
the last one ``{"seed": {...}}`` or ``{"error": "..."}``. Whoever leaves in the middle leaves whole steps behind, and
goes on with the same request.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from onepiece_core.log import get_logger
from onepiece_server.sandbox.shotgrid.auth import authenticate
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.seed_plan import SeasonPlan, SeedRequest
from onepiece_server.sandbox.shotgrid.seed_show import SeedCounts, apply_seed, plan_seed
from onepiece_server.sandbox.shotgrid.site import Caller, Site

log = get_logger(__name__)

PATH = "/sandbox/seed"
_BEARER = "bearer "
_MAX_BYTES = 64 * 1024


def seed_routes(site: Site) -> list[Route]:
    async def seed(request: Request) -> Response:
        caller = await site.run(_caller, site, request.headers.get("authorization", ""))
        if caller is None:
            return _refused(401, "the key is missing or wrong")
        asked = _parsed(await _body(request))
        if isinstance(asked, Response):
            return asked
        try:
            counts = await site.run(plan_seed, site, asked)
        except Fault as fault:
            return _refused(409, fault.message)
        if request.query_params.get("dry_run") == "1":
            return JSONResponse(counts.model_dump())
        return StreamingResponse(_lines(site, caller, asked), media_type="application/x-ndjson")

    return [Route(PATH, seed, methods=["POST"])]


def _caller(site: Site, authorization: str) -> Caller | None:
    if not authorization.lower().startswith(_BEARER):
        return None
    key = authorization[len(_BEARER) :].strip()
    try:
        return authenticate(site, {"script_name": site.options.script_name, "script_key": key}, "")
    except Fault:
        return None


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_BYTES:
            return b""  # no request of ours
    return body


def _parsed(body: bytes) -> SeedRequest | Response:
    try:
        return SeedRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the request"
        return _refused(400, f"{place}: {first['msg']}")


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"errors": [why]}, status)


async def _lines(site: Site, caller: Caller, asked: SeedRequest) -> AsyncIterator[str]:
    steps = apply_seed(site, caller, asked)
    plan = SeasonPlan(asked)
    totals = {step.phase: step.end for step in plan.steps}
    try:
        while (made := await site.run(next, steps, None)) is not None:
            step = made[0]
            yield _line({"phase": step.phase, "done": step.end, "total": totals[step.phase]})
        counts: SeedCounts = await site.run(plan_seed, site, asked)
        yield _line({"seed": counts.model_dump()})
    except Fault as fault:
        yield _line({"error": fault.message})
    except Exception as error:  # the status is sent already: the last line has to say it
        log.error("shotgrid.seed_failed", error=repr(error), exc_info=True)
        yield _line({"error": f"{type(error).__name__}: {error}"})


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told) + "\n"
