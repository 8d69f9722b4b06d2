"""A site on 127.0.0.1 that answers what a test tells it, call by call."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

INFO = {"version": [8, 98, 0], "full_version": [8, 98, 0, 0], "api_max_entities_per_page": 500}
DIRECT = {"s3_uploads_enabled": True, "s3_direct_uploads_enabled": True, "s3_enabled_upload_types": {"Version": "*"}}


@dataclass
class Answer:
    """One answer. ``cut`` sends only so many bytes of the body; ``drop`` closes without a word; ``hang`` never answers.
    ``trickle`` waits so many seconds before every byte.

    ``then_close`` closes a connection that the answer promised to keep. ``politely`` closes as a process that is
    killed does, rather than with a reset.
    """

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drop: bool = False
    hang: bool = False
    trickle: float = 0.0
    then_close: bool = False
    politely: bool = False


@dataclass
class Call:
    """What came in: the API's method, or the path of an upload."""

    name: str
    params: Any
    body: bytes
    connection: int


class ScriptedSite:
    """``answers`` maps a call's name to the answers it gets, one after the other; the last one stays.

    ``closed`` is set once it has closed a connection.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {"info": [Answer(INFO)]}
        self.calls: list[Call] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def names(self) -> list[str]:
        return [call.name for call in self.calls]

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def _next(self, call: Call) -> Answer:
        with self._lock:
            self.calls.append(call)
            left = self.answers.get(call.name) or [Answer({"exception": True, "message": f"no {call.name}"})]
            return left.pop(0) if len(left) > 1 else left[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                name, params = self.path, None
                if self.path.endswith("/api3/json"):
                    asked = json.loads(body)
                    name, params = asked["method_name"], asked["params"]
                self._answer(site._next(Call(name, params, body, self.client_address[1])))

            do_PUT = do_POST

            def _answer(self, answer: Answer) -> None:
                if answer.hang:
                    site._stopping.wait(30)
                if answer.drop or answer.hang:
                    self._close()
                    return
                text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                body = text.encode()
                self.send_response(answer.status)
                kind = "application/json" if not isinstance(answer.body, str) else "text/plain"
                for key, value in {"Content-Type": kind, "Content-Length": str(len(body)), **answer.headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                with suppress(OSError):  # nobody may be listening any more
                    self._write(body if answer.cut is None else body[: answer.cut], answer.trickle)
                if answer.cut is not None or answer.then_close:
                    self._close(politely=answer.politely)

            def _write(self, body: bytes, trickle: float) -> None:
                if not trickle:
                    self.wfile.write(body)
                    return
                for byte in body:
                    site._stopping.wait(trickle)
                    self.wfile.write(bytes([byte]))

            def _close(self, *, politely: bool = False) -> None:
                self.close_connection = True
                with suppress(OSError):
                    self.wfile.flush()
                    if not politely:
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.shutdown(socket.SHUT_RDWR)
                site.closed.set()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler


def found(*rows: dict[str, Any]) -> Answer:
    """An answer to ``read``."""
    return Answer({"results": {"entities": list(rows), "paging_info": {"has_next_page": False}}})


def fault(message: str, code: int = 104) -> Answer:
    return Answer({"exception": True, "error_code": code, "message": message})
