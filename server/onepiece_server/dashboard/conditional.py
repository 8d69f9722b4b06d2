"""Answers that a client need not take twice: 304 by the board's generation, before anything is read."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from onepiece_core.dashboard.board import Board
from onepiece_server.auth.door import path_of

# Of its answers, for the API's description.
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing has changed since that ETag."}}
_SMALL_BYTES = 2048
# A matrix of 500 shots is zipped in a millisecond or two; more level brings little.
_GZIP_LEVEL = 2


class Conditional:
    """Makes the answers of one board."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def answer(self, request: Request, read: Callable[[], BaseModel], *, project: str | None = None) -> Response:
        """``read``'s model as JSON. ``project``: the show alone decides whether it is still the same."""
        headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding", "ETag": self._tag(request, project)}
        if _has(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return json_answer(request, read(), headers)

    def _tag(self, request: Request, project: str | None) -> str:
        seed = (self._board.generation(project), path_of(request.scope), request.scope.get("query_string", b""))
        return f'W/"{hashlib.blake2b(repr(seed).encode("utf-8", "replace"), digest_size=12).hexdigest()}"'


def json_answer(request: Request, model: BaseModel, headers: dict[str, str]) -> Response:
    """Zipped where the client takes it and it is worth it."""
    # Lone surrogates of names that are no Unicode would end the answer half-way.
    data = model.model_dump_json().encode("utf-8", "replace")
    if len(data) > _SMALL_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        data, headers = gzip.compress(data, _GZIP_LEVEL, mtime=0), {**headers, "Content-Encoding": "gzip"}
    return Response(data, media_type="application/json", headers=headers)


def _has(told: str, tag: str) -> bool:
    """Whether If-None-Match names it; weakly compared, as the header's are (RFC 9110, 13.1.2)."""
    bare = tag.removeprefix("W/")
    return any(each.strip() in ("*", tag, bare) for each in told.split(","))
