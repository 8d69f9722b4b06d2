"""One keep-alive HTTP/1.1 connection, as lean as S3 allows.

The standard library opens the socket (TLS, proxies); requests and replies are written and read here, because
thousands of small objects make each microsecond of a generic client count.
"""

from __future__ import annotations

import select
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from ssl import SSLContext

# Head and body of a request up to this size leave in one send.
_JOINED_BYTES = 1024 * 1024
_PIECE_BYTES = 1024 * 1024
# Pieces of a body whose rate is held down.
_SLOW_BYTES = 64 * 1024
_MAX_HEADERS = 200
# What a live exchange holds: a head, with a body that comes with it; and the largest body.
_LIVE_BYTES = 128 * 1024
LIVE_BODY_BYTES = 1024 * 1024


class WireError(Exception):
    """The other side did not speak HTTP, or hung up in the middle of a reply."""


class UnusualReply(WireError):
    """HTTP that :class:`LiveExchange` leaves to :class:`Connection`."""


# Told how many bytes are about to be sent or were received; takes its time when that is too fast.
Throttle = Callable[[int], None]


class _SendingSocket(Protocol):
    def sendall(self, data: bytes | memoryview, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect. ``host_header`` is what the signature covers."""

    scheme: str
    host: str
    port: int
    proxy: tuple[str, int] | None = None

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host_header}"


@dataclass(slots=True)
class Reply:
    """Status and headers (lower-case names); ``body`` is whole unless the request asked for a stream."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Connection:
    """One socket; used by one thread at a time."""

    def __init__(
        self,
        address: Address,
        tls: SSLContext | None,
        *,
        connect_seconds: float,
        read_seconds: float,
        throttle: Throttle | None = None,
    ) -> None:
        self.address = address
        self._throttle = throttle
        self._sock = open_socket(address, tls, connect_seconds)
        self._sock.settimeout(read_seconds)
        self._reader = cast(BufferedReader, self._sock.makefile("rb", 64 * 1024))
        self._left = 0
        self.is_usable = True  # for one more request
        self.idle_since = time.monotonic()

    def close(self) -> None:
        self.is_usable = False
        self._reader.close()
        self._sock.close()

    def is_stale(self) -> bool:
        """Something to read before anything was asked: the server hung up."""
        readable, _, _ = select.select([self._sock], [], [], 0) if self._sock.fileno() >= 0 else ([self._sock], [], [])
        return bool(readable)

    def exchange(self, head: bytes, body: bytes | memoryview, *, bodiless: bool, stream: bool = False) -> Reply:
        """Send a request and read its reply; OSError or WireError when that fails.

        ``bodiless``: a HEAD request. ``stream``: leave the body of a 2xx reply to :meth:`iter_body`.
        """
        self.is_usable = False
        try:
            self._send(head, body)
        except OSError:
            # A server that refuses early replies first and then closes: its words are worth more than EPIPE.
            try:
                return self._read_reply(bodiless, stream=False)
            except (OSError, WireError):
                pass
            raise
        return self._read_reply(bodiless, stream)

    def iter_body(self) -> Iterator[bytes]:
        """The body of a streamed reply; WireError when it ends early."""
        at_once = _SLOW_BYTES if self._throttle else _PIECE_BYTES
        while self._left:
            piece = self._reader.read1(min(self._left, at_once))
            self._took(len(piece))
            yield piece

    def read_into(self, buffer: memoryview) -> int:
        """The next bytes of a streamed reply, put into ``buffer``; 0 at its end, WireError when it ends early."""
        if not self._left:
            return 0
        at_once = min(self._left, len(buffer), _SLOW_BYTES if self._throttle else len(buffer))
        count = self._reader.readinto1(buffer[:at_once])
        self._took(count)
        return count

    def _took(self, count: int) -> None:
        if not count:
            raise WireError(f"the reply ended {self._left} bytes early")
        self._left -= count
        self.is_usable = self._left == 0
        if self._throttle:
            self._throttle(count)

    def _send(self, head: bytes, body: bytes | memoryview) -> None:
        sock = cast(_SendingSocket, self._sock)
        if self._throttle:
            self._send_slowly(sock, head, memoryview(body), self._throttle)
            return
        if len(body) <= _JOINED_BYTES:
            sock.sendall(head + body if body else head)
            return
        sock.sendall(head)
        sock.sendall(body)

    @staticmethod
    def _send_slowly(sock: _SendingSocket, head: bytes, body: memoryview, throttle: Throttle) -> None:
        sock.sendall(head)
        for start in range(0, len(body), _SLOW_BYTES):
            piece = body[start : start + _SLOW_BYTES]
            throttle(len(piece))
            sock.sendall(piece)

    def _read_reply(self, bodiless: bool, stream: bool) -> Reply:
        reply = self._read_head()
        while reply.status == 100:
            reply = self._read_head()
        keep_alive = reply.headers.get("connection", "").lower() != "close"
        if bodiless or reply.status in (204, 304):
            self.is_usable = keep_alive
        elif "chunked" in reply.headers.get("transfer-encoding", "").lower():
            reply.body = self._read_chunks()
            self.is_usable = keep_alive
        elif (length := reply.headers.get("content-length")) is None:
            reply.body = self._reader.read()
        else:
            self._left = _number(length)
            if not (stream and reply.status < 300):
                reply.body = b"".join(self.iter_body())
            self.is_usable = keep_alive and self._left == 0
        return reply

    def _read_head(self) -> Reply:
        words = self._line().split(None, 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1."):
            raise WireError("no HTTP reply")
        reply = Reply(_number(words[1]))
        for _ in range(_MAX_HEADERS):
            line = self._line()
            if not line:
                return reply
            name, _, value = line.partition(":")
            reply.headers[name.lower()] = value.strip()
        raise WireError("too many headers")

    def _line(self) -> str:
        line = self._reader.readline(64 * 1024)
        if not line.endswith(b"\n"):
            raise WireError("the connection was closed")
        return line.rstrip(b"\r\n").decode("utf-8", "replace")

    def _read_chunks(self) -> bytes:
        pieces = []
        while size := _number(self._line().partition(";")[0], 16):
            piece = self._reader.read(size)
            if len(piece) < size:
                raise WireError("the reply ended early")
            pieces.append(piece)
            self._line()
        while self._line():
            pass  # trailers
        return b"".join(pieces)


class LiveExchange:
    """A socket that never waits: a request leaves and its reply comes in as the socket has room and bytes.

    For one plain reply after the other; whatever else HTTP knows (chunks, a reply of unknown length) is an
    UnusualReply, and the connection is of no more use then.
    """

    def __init__(self, sock: socket.socket, address: Address) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.address = address
        self.events = selectors.EVENT_READ  # that whoever serves it waits for
        self._out = memoryview(b"")
        self._in = bytearray(_LIVE_BYTES)
        self._got = 0
        self._reply: Reply | None = None
        self._body_at = self._left = 0

    def begin(self, head: bytes, body: bytes | memoryview) -> None:
        self._out = memoryview(head + body if body else head)
        self._got = 0
        self._reply = None

    @property
    def is_sending(self) -> bool:
        return bool(self._out)

    def send(self) -> bool:
        """Whether all is sent. Raises OSError."""
        try:
            while self._out:
                self._out = self._out[self.sock.send(self._out) :]
        except BlockingIOError:
            return False
        return True

    def receive(self) -> Reply | None:
        """The reply once it is here as a whole. Raises OSError, WireError."""
        with memoryview(self._in) as view:
            try:
                count = self.sock.recv_into(view[self._got :])
            except BlockingIOError:
                return None
        if not count:
            raise WireError("the connection was closed")
        self._got += count
        if self._reply is None and not self._read_head():
            return None
        reply, end = self._reply, self._body_at + self._left
        if reply is None or self._got < end:
            return None
        if self._got > end:
            raise WireError("more than one reply")
        reply.body = bytes(memoryview(self._in)[self._body_at : end])
        return reply

    def _read_head(self) -> bool:
        end = self._in.find(b"\r\n\r\n", 0, self._got)
        if end < 0:
            if self._got == len(self._in):
                raise WireError("too many headers")
            return False
        self._reply = reply = _parse_head(self._in[:end].decode("utf-8", "replace"))
        self._body_at, length = end + 4, reply.headers.get("content-length")
        if reply.status < 200 or "transfer-encoding" in reply.headers or (length is None and reply.status != 204):
            raise UnusualReply("an unusual reply")
        self._left = 0 if length is None or reply.status == 204 else _number(length)
        if self._left > LIVE_BODY_BYTES:
            raise UnusualReply("a long reply")
        self._in.extend(bytes(max(0, self._body_at + self._left - len(self._in))))
        return True


def _parse_head(text: str) -> Reply:
    first, *lines = text.split("\r\n")
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or len(lines) > _MAX_HEADERS:
        raise WireError("no HTTP reply")
    pairs = [line.partition(":") for line in lines]
    return Reply(_number(words[1]), {name.lower(): value.strip() for name, _, value in pairs})


def open_socket(address: Address, tls: SSLContext | None, timeout_seconds: float) -> socket.socket:
    """Connected, within ``timeout_seconds``; each send leaves at once. Raises OSError."""
    if tls is None and address.proxy is None:
        sock = socket.create_connection((address.host, address.port), timeout=timeout_seconds)
    else:
        sock = _open_guarded(address, tls, timeout_seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _open_guarded(address: Address, tls: SSLContext | None, timeout_seconds: float) -> socket.socket:
    import http.client

    host, port = address.proxy or (address.host, address.port)
    if tls is None:
        opened: http.client.HTTPConnection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    else:
        opened = http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=tls)
    if address.proxy:
        opened.set_tunnel(address.host, address.port)
    try:
        opened.connect()
    except http.client.HTTPException as odd:  # a proxy that speaks no HTTP
        raise OSError(f"{host}:{port} gave no tunnel: {odd}") from odd
    return cast(socket.socket, opened.sock)


def _number(text: str, base: int = 10) -> int:
    try:
        return int(text, base)
    except ValueError as bad:
        raise WireError("no HTTP reply") from bad
