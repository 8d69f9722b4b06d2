"""What browsers and clients download: attachments (with a session) and thumbnails (without)."""

from __future__ import annotations

import base64
import time

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from onepiece_server.sandbox.shotgrid import secret, uploads
from onepiece_server.sandbox.shotgrid.attachments import PENDING, picture_type
from onepiece_server.sandbox.shotgrid.site import Site

# As long as a session: the client opens one before its first download and keeps it.
_GRACE_SECONDS = 86_400

# Uploads are anything: a browser takes them for what we say, and runs nothing that is in them.
_HARMLESS = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox; default-src 'none'"}

# One grey pixel: what a site shows while it makes a thumbnail.
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


def media_routes(site: Site) -> list[Route]:
    async def attachment(request: Request) -> Response:
        if not await site.run(_may_download, site, request.cookies.get("_session_id")):
            return PlainTextResponse("Please sign in.", 401)
        number = request.path_params["number"]
        found = await site.run(uploads.file_of, site, int(number)) if _is_id(number) else None
        if found is None:
            return PlainTextResponse("Attachment id doesn't exist or is a local file", 400)
        path, name, content_type = found
        return FileResponse(path, filename=name, media_type=content_type, headers=_HARMLESS)

    async def thumbnail(request: Request) -> Response:
        path = await site.run(uploads.thumbnail_of, site, request.path_params["file"])
        if path is None:
            return PlainTextResponse("Not found", 404)
        return FileResponse(path, media_type=picture_type(path) or "image/jpeg", headers=_HARMLESS)

    async def pending(_: Request) -> Response:
        return Response(_PIXEL, media_type="image/png")

    return [
        Route("/file_serve/attachment/{number}", attachment),
        Route("/thumbnail/{file}", thumbnail),
        Route(f"/{PENDING}", pending),
    ]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _may_download(site: Site, token: str | None) -> bool:
    """A session's cookie; or none at all, while anybody has a session.

    The client sends its cookie astray when the site's address has a port.
    """
    with site.database.read() as connection:
        if token is None:
            return secret.has_session_since(connection, time.time() - _GRACE_SECONDS)
        return secret.session_user(connection, token) is not None
