"""Pictures and movies of Versions: from the disk, or from the tracker's media server through us.

Pages may show nothing of other servers, and an address of the tracker's with its signature is for nobody's eyes: a
movie is passed on piece by piece.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from onepiece_core.dashboard.board import Board, Media
from onepiece_core.errors import DashboardMediaFailed, DashboardMissing
from onepiece_core.log import get_logger
from onepiece_server.dashboard.asked import Reads, RowId

log = get_logger(__name__)

_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_MOVIES = frozenset({"video/mp4", "video/webm", "video/quicktime", "video/ogg", "video/x-m4v"})
_PIECE_BYTES = 128 * 1024
_TIMEOUT = Timeout(connect=5.0, read=20.0)
_HOPS = 3
# So many calls wait for the tracker at a time, whoever asks: the others' threads stay free for the board.
_CALLS = 16
# So many movies run at a time; each may hold a connection for as long as somebody looks.
_MOVIES_AT_ONCE = 64
_PASSED_ON = ("Range", "If-Range", "If-None-Match", "If-Modified-Since")
_GIVEN_BACK = ("Content-Length", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified")

_DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture or movie.", "content": {"image/jpeg": {}, "video/mp4": {}}},
    206: {"description": "The part that `Range` asked for.", "content": {"video/mp4": {}}},
    304: {"description": "Nothing has changed since that ETag."},
    416: {"description": "There is nothing at that `Range`.", "content": {"application/octet-stream": {}}},
}


def add_media(router: APIRouter, board: Board) -> None:
    passing = _Passing(board)

    @router.get("/versions/{version}/thumbnail", response_class=Response, responses=_DESCRIBED)
    async def thumbnail(_: Reads, request: Request, version: RowId) -> Response:
        return await passing.answer(request, version, "thumbnail")

    @router.get("/versions/{version}/movie", response_class=Response, responses=_DESCRIBED)
    async def movie(_: Reads, request: Request, version: RowId) -> Response:
        """By `Range`, as players ask."""
        return await passing.answer(request, version, "movie")


class _Passing:
    def __init__(self, board: Board) -> None:
        self._board = board
        self._pool = PoolManager(num_pools=4, maxsize=_MOVIES_AT_ONCE, retries=False, timeout=_TIMEOUT)
        self._running = 0
        self._calls: CapacityLimiter | None = None

    async def answer(self, request: Request, version: int, kind: Literal["thumbnail", "movie"]) -> Response:
        self._calls = self._calls or CapacityLimiter(_CALLS)
        found = await to_thread.run_sync(self._board.find_media, version, kind, limiter=self._calls)
        if found is None:
            raise DashboardMissing(f"The Version has no {kind}", version=version)
        if found.data is not None:
            return _whole(request, found, found.data)
        assert found.url is not None
        if self._running >= _MOVIES_AT_ONCE:
            raise DashboardMediaFailed("Too many movies run at once", hint="Try again in a moment.")
        wanted = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        answer = await to_thread.run_sync(self._open, found.url, wanted, limiter=self._calls)
        return self._passed_on(answer, kind)

    def _open(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """Raises DashboardMediaFailed. Redirects are followed on the same server alone."""
        asked = {**headers, "Accept-Encoding": "identity"}
        first = _server(url)
        for _ in range(_HOPS):
            try:
                answer = self._pool.request("GET", url, headers=asked, redirect=False, preload_content=False)
            except HTTPError as cause:
                raise DashboardMediaFailed("The media server does not answer", kind=type(cause).__name__) from cause
            if answer.status in (200, 206, 304, 416):
                return answer
            where = answer.headers.get("Location", "")
            _leave(answer)
            url = urljoin(url, where)
            if answer.status not in (301, 302, 303, 307, 308) or not where or _server(url) != first:
                break
        raise DashboardMediaFailed("The media server does not give it", status=answer.status)

    def _passed_on(self, answer: BaseHTTPResponse, kind: str) -> Response:
        headers = {name: answer.headers[name] for name in _GIVEN_BACK if name in answer.headers}
        headers["Cache-Control"] = "private, max-age=60"
        if answer.status == 304:
            headers.pop("Content-Length", None)
        media_type = _kind(answer.headers.get("Content-Type", ""), _MOVIES if kind == "movie" else _PICTURES)
        return _Passed(
            self._pieces(answer), answer.status, headers, media_type, begin=self._begin, end=partial(self._end, answer)
        )

    def _begin(self) -> None:
        self._running += 1

    def _end(self, answer: BaseHTTPResponse) -> None:
        self._running -= 1
        _leave(answer)

    async def _pieces(self, answer: BaseHTTPResponse) -> AsyncIterator[bytes]:
        read = partial(answer.read, _PIECE_BYTES, decode_content=False)
        try:
            while piece := await to_thread.run_sync(read, limiter=self._calls):
                yield piece
        except HTTPError as error:
            log.warning("server.media_cut", kind=type(error).__name__)


class _Passed(StreamingResponse):
    """Lets go of the other server's connection however it ends, also where nothing could be sent."""

    def __init__(self, *told: Any, begin: Callable[[], None], end: Callable[[], None]) -> None:
        super().__init__(*told)
        self._begin, self._end = begin, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._begin()
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


def _leave(answer: BaseHTTPResponse) -> None:
    # Closed, not emptied: a movie that somebody left half-way is not read to its end.
    answer.close()
    answer.release_conn()


def _whole(request: Request, found: Media, data: bytes) -> Response:
    headers = {
        "Cache-Control": "private, max-age=300",
        "ETag": f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"',
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=_kind(found.kind, _PICTURES | _MOVIES), headers=headers)


def _kind(told: str, known: frozenset[str]) -> str:
    """What a browser would run, as pages and SVG, is only bytes."""
    plain = told.partition(";")[0].strip().lower()
    return plain if plain in known else "application/octet-stream"


def _server(url: str) -> tuple[str, str | None, int | None]:
    """Raises DashboardMediaFailed for what is no address of a server."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(parts.scheme)
        return parts.scheme, parts.hostname, parts.port
    except ValueError as cause:
        raise DashboardMediaFailed("The tracker's address of it makes no sense") from cause
