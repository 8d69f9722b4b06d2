"""The upload endpoints: forms in, text whose first character is the status out.

The client repeats a form on any HTTP error, so refusals travel as HTTP 200 with ``0`` and the reason.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from onepiece_core.log import get_logger
from onepiece_server.sandbox.shotgrid import uploads
from onepiece_server.sandbox.shotgrid.auth import authenticate
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.site import Caller, Site

log = get_logger(__name__)

_Handler = Callable[[Site, Caller, FormData], Awaitable[str]]


def upload_routes(site: Site) -> list[Route]:
    handlers: dict[str, _Handler] = {
        "upload_file": _upload_file,
        "publish_thumbnail": _publish_thumbnail,
        "share_thumbnail": _share_thumbnail,
        "api_get_upload_link_info": _link_info,
        "api_get_upload_link_for_part": _part_link,
        "api_complete_multipart_upload": _complete,
        "api_link_file": _link_file,
    }

    def route(name: str, handler: _Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            return PlainTextResponse(await _answered(site, request, handler))

        return Route(f"/upload/{name}", endpoint, methods=["POST"])

    async def put(request: Request) -> Response:
        return await _receive(site, request)

    return [
        *(route(name, handler) for name, handler in handlers.items()),
        Route("/storage/{token}", put, methods=["PUT"]),
    ]


async def _answered(site: Site, request: Request, handler: _Handler) -> str:
    try:
        async with request.form(max_files=4, max_fields=100) as form:
            auth = {key: value for key, value in form.items() if isinstance(value, str)}
            base_url = str(request.base_url).rstrip("/")
            caller = await site.run(authenticate, site, auth, base_url)
            return await handler(site, caller, form)
    except Fault as fault:
        return f"0\n{fault.message}\n"
    except OSError as error:
        log.error("shotgrid.upload_failed", error=str(error))
        return f"0\nThe file could not be stored: {error.strerror}\n"
    except Exception as error:  # cut short, no form at all, or a fault of ours
        log.error("shotgrid.upload_failed", error=repr(error), exc_info=True)
        return f"0\nThe upload could not be read: {type(error).__name__}\n"


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    if not isinstance(value, str) or not value:
        raise Fault(f"Missing parameter '{name}'.")
    return value


def _optional(form: FormData, name: str) -> str | None:
    value = form.get(name)
    return value if isinstance(value, str) and value else None


async def _upload_file(site: Site, caller: Caller, form: FormData) -> str:
    return await _store(site, caller, form, "file", _optional(form, "field_name"))


async def _publish_thumbnail(site: Site, caller: Caller, form: FormData) -> str:
    field = "filmstrip_image" if _optional(form, "filmstrip") else "image"
    return await _store(site, caller, form, "thumb_image", field)


async def _store(site: Site, caller: Caller, form: FormData, key: str, field_name: str | None) -> str:
    upload = form.get(key)
    if not isinstance(upload, UploadFile):
        raise Fault(f"Missing file '{key}'.")
    file = site.files.new_name()
    await site.run(site.files.save, file, upload.file)
    return await _linked(site, caller, form, file, upload.filename or "file", field_name)


async def _linked(site: Site, caller: Caller, form: FormData, file: str, filename: str, field_name: str | None) -> str:
    upload = uploads.Upload(
        entity_type=_text(form, "entity_type"),
        entity_id=_text(form, "entity_id"),
        file=file,
        filename=filename,
        field_name=field_name,
        display_name=_optional(form, "display_name"),
    )
    try:
        attachment_id = await site.run(uploads.link_upload, site, caller, upload)
    except BaseException:
        await site.run(site.files.remove, file)
        raise
    return f"1:{attachment_id}\n{_optional(form, 'display_name') or filename}\n"


async def _share_thumbnail(site: Site, _caller: Caller, form: FormData) -> str:
    filmstrip = _optional(form, "filmstrip_thumbnail") in ("1", "True")
    field = "filmstrip_image" if filmstrip else "image"
    source, targets = _text(form, "source_entity"), _text(form, "entities").split(",")
    shared = await site.run(uploads.share_picture, site, source, targets, field)
    if shared is None:
        return "2\nThe thumbnail of the source entity is not ready yet.\n"
    return f"1:{shared}\n"


async def _link_info(site: Site, caller: Caller, form: FormData) -> str:
    kind, filename = _text(form, "upload_type"), _text(form, "filename").replace("\n", " ")
    parts = _optional(form, "multipart_upload") == "True"
    token = await site.run(_new_upload, site, kind, filename)
    url = f"{caller.base_url}/storage/{token}" + ("-0" if parts else "")
    return "\n".join(["1", url, str(int(time.time())), kind, token, filename])


def _new_upload(site: Site, kind: str, filename: str) -> str:
    token = secrets.token_hex(16)
    with site.database.write() as connection:
        connection.execute(
            'INSERT INTO "__uploads" (token, kind, filename, created_at) VALUES (?,?,?,?)',
            [token, kind, filename, time.time()],
        )
    return token


def _upload(site: Site, token: str) -> tuple[str, str]:
    """Kind and file name of an upload that was announced."""
    with site.database.read() as connection:
        found: tuple[str, str] | None = connection.execute(
            'SELECT kind, filename FROM "__uploads" WHERE token=?', [token]
        ).fetchone()
    if found is None:
        raise Fault("Unknown upload.")
    return found


async def _part_link(site: Site, caller: Caller, form: FormData) -> str:
    token, part = _text(form, "upload_id"), _text(form, "part_number")
    await site.run(_upload, site, token)
    if not part.isascii() or not part.isdigit() or not 1 <= int(part) <= 10_000:
        raise Fault(f"Invalid part number '{part[:20]}'.")
    return f"1\n{caller.base_url}/storage/{token}-{int(part)}"


async def _complete(site: Site, _: Caller, form: FormData) -> str:
    token, etags = _text(form, "upload_id"), _text(form, "etags").split(",")
    await site.run(_upload, site, token)
    try:
        await site.run(site.files.join, token, [f"{token}.{n}" for n in range(1, len(etags) + 1)])
    except FileNotFoundError as error:
        raise Fault("A part of the upload is missing.") from error
    return "1\n"


async def _link_file(site: Site, caller: Caller, form: FormData) -> str:
    lines = _text(form, "upload_link_info").split("\n")
    if len(lines) < 6:
        raise Fault("Invalid 'upload_link_info'.")
    token = lines[4]
    kind, filename = await site.run(_upload, site, token)
    if not site.files.path(token).is_file():
        raise Fault("The file was not uploaded.")
    field: Any = _optional(form, "field_name")
    if kind == "Thumbnail":
        field = "filmstrip_image" if _optional(form, "filmstrip") else "image"
    return await _linked(site, caller, form, token, filename, field)


async def _receive(site: Site, request: Request) -> Response:
    """A PUT to an address that ``api_get_upload_link_info`` gave: its token is the permission."""
    token, _, part = request.path_params["token"].partition("-")
    try:
        await site.run(_upload, site, token)
    except Fault as fault:
        return PlainTextResponse(fault.message, 403)
    if part and not (part.isascii() and part.isdigit() and len(part) < 6):
        return PlainTextResponse("Invalid part.", 400)
    name = f"{token}.{part}" if part else token
    try:
        etag = await site.files.receive(name, request.stream())
    except OSError as error:
        return PlainTextResponse(f"The file could not be stored: {error.strerror}", 507)
    return Response(headers={"ETag": f'"{etag}"'})
