"""Servers on this machine that take messages: a webhook and e-mail."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])  # type: ignore[index]
    finally:
        server.shutdown()
        server.server_close()


# The message is taken, and nobody hears so.
DROP = 0


class Hook(ThreadingHTTPServer):
    """Answers with ``status`` and keeps what it took."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _HookCall)
        self.status = 200
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.was_taken, self._may_answer = threading.Event(), threading.Event()
        self._may_answer.set()

    def hold(self) -> None:
        """Take messages, and answer none until ``release``."""
        self._may_answer.clear()

    def release(self) -> None:
        self._may_answer.set()

    def wait(self) -> None:
        self.was_taken.set()
        self._may_answer.wait(60)


class _HookCall(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        if server.status in (200, DROP):
            server.taken.append((self.headers["Idempotency-Key"], json.loads(body)))
            server.wait()
        if server.status == DROP:
            self.close_connection = True
            return
        self.send_response(server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class Mail(socketserver.ThreadingTCPServer):
    """Takes every message."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailCall)
        self.taken: list[str] = []


class _MailCall(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.taken.append(text.decode())  # type: ignore[attr-defined]
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")
