"""Direct uploads: an address is announced, the bytes come there, then they are linked to a row.

The token in the address is the permission to write to it. What is announced and never linked goes after a day.
"""

from __future__ import annotations

import secrets
import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.files import WrongPart
from onepiece_server.sandbox.shotgrid.site import Site

_KEPT_SECONDS = 86_400.0
MAX_PARTS = 10_000


def announce(site: Site, kind: str, filename: str) -> str:
    """A new address for one file; its token."""
    token = secrets.token_hex(16)
    with site.database.write() as connection:
        connection.execute(
            'INSERT INTO "__uploads" (token, kind, filename, created_at) VALUES (?,?,?,?)',
            [token, kind, filename, time.time()],
        )
    return token


def announced(site: Site, token: str) -> tuple[str, str]:
    """Kind and file name of an upload.

    Raises:
        Fault: no such upload was announced.
    """
    with site.database.read() as connection:
        sql = 'SELECT kind, filename FROM "__uploads" WHERE token=?'
        found: tuple[str, str] | None = connection.execute(sql, [token]).fetchone()
    if found is None:
        raise Fault("Unknown upload.")
    return found


def checked_part(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5 or not 1 <= int(text) <= MAX_PARTS:
        raise Fault(f"Invalid part number '{text[:20]}'.")
    return int(text)


def complete(site: Site, token: str, etags: list[str]) -> None:
    """Make one file of the parts; a second call for the same upload, after a lost reply, is fine.

    Raises:
        Fault: the parts are not those that arrived.
    """
    announced(site, token)
    if len(etags) > MAX_PARTS:
        raise Fault("Too many parts.")
    try:
        site.files.join(token, etags)
    except WrongPart as error:
        if not site.files.has(token):
            raise Fault(f"The upload is not complete: {error}.") from error


def forget_stale(site: Site) -> None:
    """Remove what was announced long ago and never linked."""
    with site.database.write() as connection:
        sql = 'DELETE FROM "__uploads" WHERE created_at < ? RETURNING token'
        tokens = [row[0] for row in connection.execute(sql, [time.time() - _KEPT_SECONDS]).fetchall()]
        linked = 'SELECT 1 FROM "__upload_links" WHERE token=?'
        stale = [token for token in tokens if connection.execute(linked, [token]).fetchone() is None]
        connection.executemany('DELETE FROM "__upload_links" WHERE token=?', [(token,) for token in tokens])
    for token in stale:
        site.files.remove(token)


async def receive(site: Site, request: Request) -> Response:
    """A PUT to an address that was announced, for a whole file or (``token-3``) a part of it."""
    token, _, part = request.path_params["token"].partition("-")
    try:
        await site.run(_check_open, site, token)
        # A client that never asks for parts sends the whole to the address of "part 0".
        name = f"{token}.{checked_part(part)}" if part and part != "0" else token
    except Fault as fault:
        return PlainTextResponse(fault.message, 403)
    try:
        etag = await site.files.receive(name, request.stream())
    except OSError as error:
        return PlainTextResponse(f"The file could not be stored: {error.strerror}", 507)
    return Response(headers={"ETag": f'"{etag}"'})


def _check_open(site: Site, token: str) -> None:
    announced(site, token)
    with site.database.read() as connection:
        found = connection.execute('SELECT 1 FROM "__upload_links" WHERE token=?', [token]).fetchone()
    if found:
        raise Fault("This upload is done.")
