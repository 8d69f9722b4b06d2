"""HTTP to the tracker, each request sent once and never again by itself.

What matters after a failure is whether the request can have arrived: :class:`NotSent` says that nothing has left
this machine, :class:`NoAnswer` that the site may have carried it out.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

PIECE_BYTES = 1 << 20
# A whole answer may take so many time-outs once it has begun.
ANSWER_TIMEOUTS = 3
# How long to wait for a connection.
CONNECT_SECONDS = 5.0
# A server may close an idle connection at the very moment in which we write on it.
IDLE_SECONDS = 4.0


class NotSent(Exception):
    """Nothing of the request has left: no name, no route, nobody listens, no TLS."""

    def __init__(self, message: str, *, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


class NoAnswer(Exception):
    """The request, or some of it, has left and no whole answer came."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; header names in lower case."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body in pieces, of a length known before. Can be gone through once."""

    pieces: Iterable[bytes]
    size_bytes: int


class Transport:
    """Keeps one connection a host. Not safe for several threads: one each."""

    def __init__(self, *, timeout_seconds: float, ca_file: str | None = None) -> None:
        self._timeout = timeout_seconds
        self._connect_timeout = min(CONNECT_SECONDS, timeout_seconds)
        self._ca_file = ca_file
        self._open: dict[tuple[str, str], tuple[http.client.HTTPConnection, float]] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Body = b"",
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> Reply:
        """Send one request and read the whole answer. Redirects are not followed.

        Args:
            idle_seconds: a connection that was idle for longer is not used again.

        Raises:
            NotSent, NoAnswer: see the module.
        """
        parts = urlsplit(url)
        connection = self._connection(parts, idle_seconds)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        size = body.size_bytes if isinstance(body, Body) else len(body)
        sent = {"Content-Length": str(size), "Accept-Encoding": "identity", **headers}
        try:
            connection.request(method, target, body.pieces if isinstance(body, Body) else body, sent)
            reply = self._read(connection)
        except (OSError, http.client.HTTPException) as error:
            self._forget(parts)
            raise NoAnswer(_words(error, self._timeout)) from error
        except BaseException:
            self._forget(parts)
            raise
        if reply.headers.get("connection", "").lower() == "close":
            self._forget(parts)
        else:
            self._open[_place(parts)] = (connection, time.monotonic())
        return reply

    def close(self) -> None:
        for connection, _ in self._open.values():
            connection.close()
        self._open.clear()

    def _connection(self, parts: SplitResult, idle_seconds: float) -> http.client.HTTPConnection:
        from urllib3.util.wait import wait_for_read

        known = self._open.get(_place(parts))
        if known is not None:
            connection, used = known
            # A socket with something to read before we asked anything has been closed by the other side.
            idle = time.monotonic() - used
            if connection.sock is not None and idle < idle_seconds and not wait_for_read(connection.sock, timeout=0.0):
                return connection
            self._forget(parts)
        connection = self._new(parts)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            connection.close()
            refused = isinstance(error, ConnectionRefusedError)
            raise NotSent(_words(error, self._connect_timeout), refused=refused) from error
        connection.sock.settimeout(self._timeout)
        self._open[_place(parts)] = (connection, time.monotonic())
        return connection

    def _new(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme != "https":
            return http.client.HTTPConnection(host, parts.port, timeout=self._connect_timeout)
        context = ssl.create_default_context()
        if self._ca_file is not None:
            context.load_verify_locations(self._ca_file)
        return http.client.HTTPSConnection(host, parts.port, timeout=self._connect_timeout, context=context)

    def _read(self, connection: http.client.HTTPConnection) -> Reply:
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        # The socket's time-out is for one wait; an answer that trickles must end, too.
        ends_at = time.monotonic() + ANSWER_TIMEOUTS * self._timeout
        pieces = []
        while piece := response.read1(PIECE_BYTES):
            pieces.append(piece)
            if time.monotonic() > ends_at:
                raise TimeoutError
        # Where the other side closes the connection in order, read1 just stops.
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        response.read()  # nothing is left; the connection is free for the next request
        return Reply(response.status, response.reason, headers, b"".join(pieces))

    def _forget(self, parts: SplitResult) -> None:
        known = self._open.pop(_place(parts), None)
        if known is not None:
            known[0].close()


def form_body(fields: Mapping[str, Any], files: Mapping[str, Path], boundary: str) -> Body:
    """A multipart/form-data body that reads its files while it is sent."""
    heads: list[bytes] = []
    for name, value in fields.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        heads.append(head.encode())
    parts: list[tuple[bytes, Path, int]] = []
    for name, path in files.items():
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{_quoted(path.name)}"\r\n'
            f"Content-Type: {content_type(path)}\r\n\r\n"
        )
        parts.append((head.encode(), path, path.stat().st_size))
    tail = f"--{boundary}--\r\n".encode()
    size = sum(map(len, heads)) + sum(len(head) + size + 2 for head, _, size in parts) + len(tail)
    return Body(_form_pieces(heads, parts, tail), size)


def _form_pieces(heads: list[bytes], parts: list[tuple[bytes, Path, int]], tail: bytes) -> Iterator[bytes]:
    yield b"".join(heads)
    for head, path, size in parts:
        yield head
        yield from file_pieces(path, 0, size)
        yield b"\r\n"
    yield tail


def file_pieces(path: Path, start: int, size_bytes: int) -> Iterator[bytes]:
    """``size_bytes`` of a file from ``start``; raises OSError when it ends early."""
    with path.open("rb") as stream:
        stream.seek(start)
        left = size_bytes
        while left:
            piece = stream.read(min(PIECE_BYTES, left))
            if not piece:
                raise OSError(f"{path} became shorter while it was sent")
            left -= len(piece)
            yield piece


def content_type(path: Path) -> str:
    import mimetypes

    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """What a Retry-After header asks for, in seconds: it gives a number or a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except ValueError:
        return None


def _quoted(name: str) -> str:
    # As browsers do (WHATWG, multipart/form-data): a quote or a line end must not close the header.
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _place(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, parts.netloc


def _words(error: BaseException, timeout_seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_seconds:g} s"
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "the connection was closed before the answer"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer was cut short"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return str(error) or type(error).__name__
