"""What a lean HTTP client may meet from a server that is right, but unusual."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from onepiece_core.checksums import Stamp
from onepiece_core.config.models import AwsSettings
from onepiece_core.progress import Reporter
from onepiece_core.storage.engine import Moved, Upload
from onepiece_core.storage.engines.pool import PoolEngine
from onepiece_core.storage.opening import open_store

Answer = Callable[[BaseHTTPRequestHandler], None]


def _plainly(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("ETag", '"tag"')
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _in_chunks(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("ETag", '"tag"')
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"2\r\nok\r\n0\r\n\r\n")


def _and_hanging_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header("ETag", '"tag"')
    handler.send_header("Content-Length", "0")
    handler.send_header("Connection", "close")
    handler.end_headers()


def _and_hanging_up_untold(handler: BaseHTTPRequestHandler) -> None:
    _plainly(handler)
    handler.close_connection = True


def _after_a_word(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    _plainly(handler)


def _in_small_pieces(handler: BaseHTTPRequestHandler) -> None:
    for byte in b'HTTP/1.1 200 OK\r\nETag: "tag"\r\nContent-Length: 3\r\n\r\nyes':
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()


@contextmanager
def _server(answer: Answer) -> Iterator[tuple[str, dict[str, bytes]]]:
    """An address, and what was put there."""
    kept: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def log_message(self, *_words: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "answer",
    [_plainly, _in_chunks, _and_hanging_up, _and_hanging_up_untold, _after_a_word, _in_small_pieces],
    ids=lambda answer: answer.__name__.strip("_"),
)
def test_small_files_arrive_at_a_server_that_answers(answer: Answer, tmp_path: Path) -> None:
    files = {f"plate.{number:04d}.exr": f"frame {number}".encode() * (number * 200) for number in range(20)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with _server(answer) as (address, kept):
        aws = AwsSettings(
            region="us-east-1", endpoint_url=address, access_key_id="key", secret_access_key=SecretStr("secret")
        )
        engine = PoolEngine(open_store("bucket", aws), state_dir=tmp_path / "state")
        items = [Upload(f"p/{name}", tmp_path / name, Stamp.of((tmp_path / name).stat())) for name in files]

        results = list(engine.move(items, Reporter(), operation="sync"))

    assert {type(result) for result in results} == {Moved}
    assert len(results) == len(files)
    assert kept == {f"/bucket/p/{name}": data for name, data in files.items()}
