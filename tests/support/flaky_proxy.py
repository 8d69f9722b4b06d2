"""A proxy on 127.0.0.1 before a ShotGrid site that spoils calls which make rows.

``drop``   the site carries the call out, its answer is thrown away and the connection is cut.
``late``   the call is held until its sender has given up, and carried out only then.
``lose``   the call never reaches the site.

Every ``every``-th call that makes a row (create, batch, the row-making uploads) is spoilt; all others pass.
As a program, for tests of the command line::

    python -m tests.support.flaky_proxy --upstream http://127.0.0.1:8000 --fault late --every 5 --hold-seconds 25

prints ``ready URL`` and serves until SIGTERM.
"""

from __future__ import annotations

import argparse
import http.client
import json
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

METHODS = frozenset({"create", "batch"})
UPLOADS = frozenset({"/upload/upload_file", "/upload/publish_thumbnail", "/upload/api_link_file"})
FAULTS = ("drop", "late", "lose")
# What belongs to one connection and is not passed on (RFC 9110, 7.6.1).
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade"})


class FlakyProxy:
    """Attributes:

    spoilt: the calls that were, by name, in order.
    """

    def __init__(self, upstream: str, *, fault: str, every: int, hold_seconds: float = 0.0) -> None:
        self._upstream = urlsplit(upstream).netloc
        self._fault, self._every, self._hold_seconds = fault, every, hold_seconds
        self._lock = threading.Lock()
        self._making = 0
        self._held: list[threading.Thread] = []
        self.spoilt: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def serve(self) -> None:
        """Until :meth:`stop`."""
        self._server.serve_forever(0.02)

    def stop(self) -> None:
        """Also waits until what is held has been carried out."""
        self._server.shutdown()
        self.settle()
        self._server.server_close()

    def settle(self) -> None:
        """Wait until nothing is under way any more."""
        with self._lock:
            held = list(self._held)
        for thread in held:
            thread.join()

    def forward(self, verb: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, Any, bytes]:
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        try:
            connection.request(verb, path, body, headers)
            response = connection.getresponse()
            return response.status, response.reason, response.getheaders(), response.read()
        finally:
            connection.close()

    def hold(self, verb: str, path: str, headers: dict[str, str], body: bytes) -> None:
        """Carry the call out later, whoever still waits for it."""

        def later() -> None:
            threading.Event().wait(self._hold_seconds)
            self.forward(verb, path, headers, body)

        thread = threading.Thread(target=later, daemon=True)
        with self._lock:
            self._held.append(thread)
        thread.start()

    def fault_of(self, path: str, body: bytes) -> str | None:
        name = urlsplit(path).path
        if name.endswith("/api3/json"):
            name = str(json.loads(body).get("method_name"))
        if name not in METHODS and name not in UPLOADS:
            return None
        with self._lock:
            self._making += 1
            if self._making % self._every:
                return None
            self.spoilt.append(name)
            return self._fault

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
                call = self.command, self.path, headers, body
                fault = proxy.fault_of(self.path, body)
                if fault == "late":
                    proxy.hold(*call)
                    self._wait_for_the_sender()
                elif fault == "drop":
                    proxy.forward(*call)
                if fault is not None:
                    self._cut()
                    return
                status, reason, told, answer = proxy.forward(*call)
                self.send_response_only(status, reason)
                for name, value in told:
                    if name.lower() not in _HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_HEAD = _pass

            def _wait_for_the_sender(self) -> None:
                """Until it gives up: that is when it closes the connection."""
                with suppress(OSError):
                    self.connection.settimeout(proxy._hold_seconds)
                    self.connection.recv(1)

            def _cut(self) -> None:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler


@contextmanager
def flaky_proxy(upstream: str, *, fault: str, every: int, hold_seconds: float = 0.0) -> Iterator[FlakyProxy]:
    """A proxy in this process."""
    proxy = FlakyProxy(upstream, fault=fault, every=every, hold_seconds=hold_seconds)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Spoil calls that make rows.")
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--fault", choices=FAULTS, required=True)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--hold-seconds", type=float, default=25.0)
    options = parser.parse_args(arguments)
    proxy = FlakyProxy(options.upstream, fault=options.fault, every=options.every, hold_seconds=options.hold_seconds)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=proxy.stop).start())
    sys.stdout.write(f"ready {proxy.url}\n")
    sys.stdout.flush()
    proxy.serve()
    proxy.settle()
    return 0


if __name__ == "__main__":
    sys.exit(main())
