"""A code that signs one browser in once, soon after it was made: for a server that was started to be looked at."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from onepiece_core.errors import CredentialsMissing
from onepiece_core.filesystems import make_folders, write_file
from onepiece_server.auth.keys import Caller
from onepiece_server.parts import Parts

ENTER = "/ui/enter"
_SECONDS = 60.0


def make_code(state_dir: Path, caller: Caller, *, seconds: float = _SECONDS) -> str:
    """The file has its hash alone, and whom it stands for. It replaces one that was made before."""
    code = secrets.token_urlsafe(32)
    told = {"hash": _hash(code), "ends_at": time.time() + seconds, "name": caller.name, "mark": caller.mark}
    path = _path(state_dir)
    make_folders(path.parent)
    write_file(path, json.dumps(told).encode(), mode=0o600)
    return code


def spend_code(state_dir: Path, code: str) -> tuple[str, str]:
    """Name and mark of the caller. Of several that come with it one gets in. Raises CredentialsMissing."""
    path = _path(state_dir)
    try:
        told = json.loads(path.read_bytes())
        if not hmac.compare_digest(_hash(code), told["hash"]):
            raise CredentialsMissing("This code is not valid, or was used before")
        path.unlink()
        if told["ends_at"] > time.time():
            return str(told["name"]), str(told["mark"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise CredentialsMissing("This code is not valid, or was used before")


def enter_route(parts: Parts, home: str) -> Route:
    """Where the code is given; who has none, or too late, is sent to sign in by hand."""

    def enter(request: Request) -> Response:
        root, door = str(request.scope.get("root_path") or ""), parts.door
        response = RedirectResponse(f"{root}{home}", 303, {"Cache-Control": "no-store"})
        try:
            caller = door.recall(*spend_code(parts.state_dir, request.query_params.get("code", "")))
        except CredentialsMissing:
            caller = None
        if caller is not None:
            door.sessions.set_cookie(response, door.sessions.open_session(caller), request)
        return response

    parts.door.open(ENTER)
    return Route(ENTER, enter, include_in_schema=False)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogateescape")).hexdigest()


def _path(state_dir: Path) -> Path:
    return state_dir / "server" / "enter.json"
