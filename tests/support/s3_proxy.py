"""A loopback proxy in front of an S3 server that loses, refuses, cuts and delays what a test tells it to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Call:
    """One request as it passed."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What to do with a request.

    Attributes:
        forward: let the server carry it out.
        reply: bytes to answer with instead of the server's; None: the server's own.
        cut: send only so many bytes of the answer and hang up; None: all.
        reset: hang up with a reset, so that what is on its way is lost.
    """

    forward: bool = True
    reply: bytes | None = None
    cut: int | None = None
    reset: bool = False


PASS = Answer()
REPLY_LOST = Answer(cut=0)
HANG_UP = Answer(forward=False, reply=b"", cut=0)
RESET = Answer(forward=False, reply=b"", cut=0, reset=True)

# Given the request and how many of this method came before it.
Plan = Callable[[Call, int], Answer]


def http_reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def refused(status: str, code: str, *headers: str) -> Answer:
    """An S3 error, without asking the server."""
    return Answer(forward=False, reply=http_reply(status, f"<Error><Code>{code}</Code></Error>".encode(), *headers))


class S3Proxy:
    """``calls`` holds what passed; set ``plan`` to make trouble."""

    def __init__(self, endpoint_url: str, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(endpoint_url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tls = tls
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.plan: Plan = lambda _call, _before: PASS
        self.calls: list[Call] = []
        self.connections = 0
        self._lock = threading.Lock()

    def methods(self) -> list[str]:
        return [call.method for call in self.calls]

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve_client, args=(client,), daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve_client(self, client: socket.socket) -> None:
        # A connection that is reset under our hands is the client's business.
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError, ValueError):
            stack.enter_context(client)
            if self._tls:
                client = stack.enter_context(self._tls.wrap_socket(client, server_side=True))
            reader = client.makefile("rb")
            while (head := _read_head(reader)) is not None:
                body = reader.read(int(head[1].get("content-length", "0")))
                method, target = head[0].split()[:2]
                call = Call(method, target, head[1], body)
                with self._lock:
                    before = self.methods().count(method)
                    self.calls.append(call)
                answer = self.plan(call, before)
                reply = self._forward(head[2] + body, method) if answer.forward else b""
                reply = answer.reply if answer.reply is not None else reply
                client.sendall(reply if answer.cut is None else reply[: answer.cut])
                if answer.reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if answer.cut is not None:
                    return

    def _forward(self, request: bytes, method: str) -> bytes:
        """The server's whole reply. The Host header stays ours, for it is signed."""
        with socket.create_connection(self._server) as server:
            server.sendall(request)
            reader = server.makefile("rb")
            head = _read_head(reader)
            if head is None:
                return b""
            bodiless = method == "HEAD" or head[0].split()[1] in ("204", "304")
            if bodiless:
                return head[2]
            if "chunked" in head[1].get("transfer-encoding", ""):
                return head[2] + _read_chunked(reader)
            return head[2] + reader.read(int(head[1].get("content-length", "0")))


@contextlib.contextmanager
def s3_proxy(endpoint_url: str, tls: ssl.SSLContext | None = None) -> Iterator[S3Proxy]:
    """A proxy in front of ``endpoint_url`` that lets everything pass at first; with ``tls`` it speaks HTTPS."""
    proxy = S3Proxy(endpoint_url, tls)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()


def _read_head(reader: object) -> tuple[str, dict[str, str], bytes] | None:
    raw = b""
    lines: list[str] = []
    while True:
        line = reader.readline()  # type: ignore[attr-defined]
        if not line:
            return None
        raw += line
        if line == b"\r\n":
            break
        lines.append(line.decode().rstrip("\r\n"))
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return lines[0], headers, raw


def _read_chunked(reader: object) -> bytes:
    raw = b""
    while True:
        line = reader.readline()  # type: ignore[attr-defined]
        raw += line
        size = int(line.split(b";")[0], 16)
        raw += reader.read(size + 2)  # type: ignore[attr-defined]
        if size == 0:
            return raw
