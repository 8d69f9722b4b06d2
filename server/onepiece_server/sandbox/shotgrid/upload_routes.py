"""The upload endpoints: forms in, text whose first character is the status out.

The client repeats a form on any HTTP error, so refusals travel as HTTP 200 with ``0`` and the reason.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from onepiece_core.log import get_logger
from onepiece_server.sandbox.faults.calls import note_upload, record_of
from onepiece_server.sandbox.shotgrid import direct_uploads, uploads
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
        return await direct_uploads.receive(site, request)

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
            note_upload(record_of(request.scope), caller.name, auth.get("entity_type"))
            return await handler(site, caller, form)
    except Fault as fault:
        return f"0\n{fault.message}\n"
    except OSError as error:
        log.error("shotgrid.upload_failed", error=str(error))
        return f"0\nThe file could not be stored: {error.strerror}\n"
    except sqlite3.Error as error:
        log.error("shotgrid.database_failed", error=str(error))
        return f"0\nThe site's database said: {error}\n"
    except HTTPException as error:  # no form
        return f"0\nThe upload could not be read: {error.detail}\n"
    except ClientDisconnect:  # nobody is there to read it
        return "0\nThe upload was cut short.\n"
    except Exception as error:  # a fault of ours
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
    return await _store(site, caller, form, "thumb_image", _picture_field(form))


async def _store(site: Site, caller: Caller, form: FormData, key: str, field_name: str | None) -> str:
    upload = form.get(key)
    if not isinstance(upload, UploadFile):
        raise Fault(f"Missing file '{key}'.")
    file = site.files.new_name()
    await site.run(site.files.save, file, upload.file)
    try:
        return await _linked(site, caller, _upload(form, file, upload.filename or "file", field_name))
    except BaseException:
        await site.run(site.files.remove, file)
        raise


def _picture_field(form: FormData) -> str:
    return "filmstrip_image" if _optional(form, "filmstrip") else "image"


def _upload(
    form: FormData, file: str, filename: str, field_name: str | None, token: str | None = None
) -> uploads.Upload:
    tags = (tag.strip() for tag in (_optional(form, "tag_list") or "").split(","))
    return uploads.Upload(
        entity_type=_text(form, "entity_type"),
        entity_id=_text(form, "entity_id"),
        file=file,
        filename=filename,
        field_name=field_name,
        display_name=_optional(form, "display_name"),
        tags=tuple(tag for tag in tags if tag),
        created_at=_moment(_optional(form, "created_at")),
        token=token,
    )


def _moment(text: str | None) -> str | None:
    """A ``created_at`` of a form, in either of the two ways that the client spells it; without a zone it is UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError) as error:
        raise Fault(f"Invalid 'created_at': {text[:40]!r}.") from error


async def _linked(site: Site, caller: Caller, upload: uploads.Upload) -> str:
    attachment_id = await site.run(uploads.link_upload, site, caller, upload)
    name = (upload.display_name or upload.filename).replace("\n", " ")
    return f"1:{attachment_id}\n{name}\n"


async def _share_thumbnail(site: Site, caller: Caller, form: FormData) -> str:
    filmstrip = _optional(form, "filmstrip_thumbnail") in ("1", "True")
    field = "filmstrip_image" if filmstrip else "image"
    source, targets = _text(form, "source_entity"), _text(form, "entities").split(",")
    shared = await site.run(uploads.share_picture, site, caller, source, targets, field)
    if shared is None:
        return "2\nThe thumbnail of the source entity is not ready yet.\n"
    return f"1:{shared}\n"


async def _link_info(site: Site, caller: Caller, form: FormData) -> str:
    kind, filename = _text(form, "upload_type"), _text(form, "filename").replace("\n", " ")
    if kind not in ("Attachment", "Thumbnail"):
        raise Fault(f"Invalid 'upload_type': {kind[:40]!r}.")
    parts = _optional(form, "multipart_upload") == "True"
    await site.run(direct_uploads.forget_stale, site)
    token = await site.run(direct_uploads.announce, site, kind, filename)
    url = f"{caller.base_url}/storage/{token}" + ("-0" if parts else "")
    return "\n".join(["1", url, str(int(time.time())), kind, token, filename])


async def _part_link(site: Site, caller: Caller, form: FormData) -> str:
    token, part = _text(form, "upload_id"), direct_uploads.checked_part(_text(form, "part_number"))
    await site.run(direct_uploads.announced, site, token)
    return f"1\n{caller.base_url}/storage/{token}-{part}"


async def _complete(site: Site, _: Caller, form: FormData) -> str:
    etags = [etag.strip().strip('"') for etag in _text(form, "etags").split(",")]
    await site.run(direct_uploads.complete, site, _text(form, "upload_id"), etags)
    return "1\n"


async def _link_file(site: Site, caller: Caller, form: FormData) -> str:
    lines = _text(form, "upload_link_info").split("\n")
    if len(lines) < 6:
        raise Fault("Invalid 'upload_link_info'.")
    token = lines[4]
    kind, filename = await site.run(direct_uploads.announced, site, token)
    if not site.files.has(token):
        raise Fault("The file was not uploaded.")
    field_name = _picture_field(form) if kind == "Thumbnail" else _optional(form, "field_name")
    return await _linked(site, caller, _upload(form, token, filename, field_name, token))
