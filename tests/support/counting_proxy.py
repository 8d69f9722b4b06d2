"""A loopback proxy that only counts the bytes of each direction."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class CountingProxy:
    """``sent`` went to the server, ``received`` came from it.

    ``on_their_way`` counts the directions that are not at their end: what was sent into them may still be counted.
    """

    def __init__(self, endpoint_url: str) -> None:
        parts = urlsplit(endpoint_url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = 0
        self.received = 0
        self.on_their_way = 0
        self._lock = threading.Lock()

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            with self._lock:
                self.on_their_way += 2
            for source, target, is_sent in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, target, is_sent), daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pump(self, source: socket.socket, target: socket.socket, is_sent: bool) -> None:
        buffer = memoryview(bytearray(256 * 1024))
        with contextlib.suppress(OSError):
            while count := source.recv_into(buffer):
                with self._lock:
                    if is_sent:
                        self.sent += count
                    else:
                        self.received += count
                target.sendall(buffer[:count])
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        with self._lock:
            self.on_their_way -= 1


@contextlib.contextmanager
def counting_proxy(endpoint_url: str) -> Iterator[CountingProxy]:
    proxy = CountingProxy(endpoint_url)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
