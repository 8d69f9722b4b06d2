"""The site as an ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from onepiece_server.sandbox.faults.calls import record_of
from onepiece_server.sandbox.shotgrid import rpc
from onepiece_server.sandbox.shotgrid.look.routes import look_routes
from onepiece_server.sandbox.shotgrid.media_routes import media_routes
from onepiece_server.sandbox.shotgrid.seed_routes import seed_routes
from onepiece_server.sandbox.shotgrid.site import Site
from onepiece_server.sandbox.shotgrid.upload_routes import upload_routes

# More than any sensible batch; a larger body is refused before it fills the memory.
MAX_BODY_BYTES = 64 * 1024 * 1024


def create_app(site: Site) -> Starlette:
    """Everything that the unmodified client asks for, over one site."""

    async def api(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("Request Entity Too Large", 413)
        base_url = str(request.base_url).rstrip("/")
        reply = await site.run(rpc.answer, site, body, base_url, record_of(request.scope))
        return Response(reply.body, media_type=reply.media_type)

    async def gone(_: Request, __: Exception) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    return Starlette(
        routes=[
            # The client keeps the path of the address that it was given in front.
            Route("/api3/json", api, methods=["POST"]),
            Route("/{prefix:path}/api3/json", api, methods=["POST"]),
            *upload_routes(site),
            *media_routes(site),
            *look_routes(site),
            *seed_routes(site),
        ],
        exception_handlers={ClientDisconnect: gone},
    )


async def _body(request: Request) -> bytearray | None:
    """The whole body; None when it is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            return None
    return body
