"""Pictures and movies through the server, from media servers that are as bad as they like; and a root path."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import httpx
import pytest

from onepiece_core.config.models import ServerSettings, Settings
from onepiece_core.dashboard.board import Media
from onepiece_core.errors import DashboardStoreFailed
from onepiece_server.app import create_app
from onepiece_server.audit import AuditLog
from onepiece_server.auth.keys import ROLES, Credential, Keys
from onepiece_server.dashboard.mount import mount
from tests.server.conftest import SECRET, served
from tests.support.memory_board import MemoryBoard
from tests.support.memory_jobs import MemoryJobs

MOVIE = bytes(range(256)) * 4096
NONE: Mapping[str, str] = {}
HEADERS = {"X-API-Key": "boss", "X-API-Secret": SECRET}


class MediaServer(BaseHTTPRequestHandler):
    """Gives a movie by Range, sends elsewhere, breaks off. It keeps what it was asked."""

    asked: list[tuple[str, dict[str, str]]]
    elsewhere: str

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        name = self.path.partition("?")[0]
        if name in ("/away", "/around", "/loop"):
            where = {"/away": f"{self.elsewhere}/movie", "/around": "/movie", "/loop": "/loop"}[name]
            self._answer(302, b"", more={"Location": where})
        elif name == "/denied":
            self._answer(403, b"<Error>the signature is over</Error>")
        elif name == "/page":
            self._answer(200, b"<script>alert(1)</script>", kind="text/html")
        elif name == "/short":
            self._answer(200, MOVIE[:1000], length=len(MOVIE))
        elif told := self.headers.get("Range"):
            first, _, last = told.removeprefix("bytes=").partition("-")
            part = MOVIE[int(first) : int(last or len(MOVIE)) + 1]
            where = f"bytes {first}-{int(first) + len(part) - 1}/{len(MOVIE)}"
            self._answer(206, part, more={"Content-Range": where})
        else:
            self._answer(200, MOVIE, more={"Set-Cookie": "theirs=1", "Accept-Ranges": "bytes"})

    def _answer(
        self, status: int, body: bytes, *, kind: str = "video/mp4", length: int = -1, more: Mapping[str, str] = NONE
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(max(length, len(body))), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def media_server(elsewhere: str = "") -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    asked: list[tuple[str, dict[str, str]]] = []
    handler = type("Handler", (MediaServer,), {"asked": asked, "elsewhere": elsewhere})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


class MediaBoard(MemoryBoard):
    """``media``: what every Version has."""

    media: Media | None = None

    def find_media(self, version: int, kind: Literal["thumbnail", "movie"]) -> Media | None:
        return self.media


@pytest.fixture
def board() -> MediaBoard:
    return MediaBoard("=1+1")


@contextmanager
def opened(board: MediaBoard, folder: Path, root_path: str = "") -> Iterator[httpx.Client]:
    keys = Keys([Credential(key="boss", secret=SECRET, roles=frozenset(ROLES))])
    settings = Settings(server=ServerSettings(root_path=root_path))
    audit = AuditLog(folder / "server" / "audit.db")
    app = create_app(
        settings, MemoryJobs(), keys, state_dir=folder, audit=audit, close=audit.close,
        mounts=[lambda app, parts: mount(app, parts, board)],
    )  # fmt: skip
    with (
        served(app, root_path=root_path) as address,
        httpx.Client(base_url=address, headers=HEADERS, trust_env=False, timeout=30) as client,
    ):
        yield client


@pytest.fixture
def client(board: MediaBoard, tmp_path: Path) -> Iterator[httpx.Client]:
    with opened(board, tmp_path) as client:
        yield client


def test_a_movie_is_passed_on_by_range_without_the_trackers_address(board: MediaBoard, client: httpx.Client) -> None:
    with media_server() as (url, asked):
        board.media = Media("video/mp4", url=f"{url}/movie?signature=secret")
        whole = client.get("/versions/1/movie")
        assert (whole.status_code, whole.content) == (200, MOVIE)
        assert whole.headers["accept-ranges"] == "bytes"
        assert whole.headers["content-length"] == str(len(MOVIE))
        assert not [value for value in whole.headers.values() if "secret" in value or "theirs" in value]
        part = client.get("/dashboard/v1/versions/1/movie", headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, MOVIE[1000:2000])
        assert part.headers["content-range"] == f"bytes 1000-1999/{len(MOVIE)}"
        # Nothing of who asks is told to the other server.
        assert not [name for _, headers in asked for name in headers if name.lower() in ("x-api-secret", "cookie")]
        board.media = Media("video/mp4", url=f"{url}/around")
        assert client.get("/versions/1/movie").content == MOVIE


def test_no_other_server_is_followed_and_nothing_is_run(board: MediaBoard, client: httpx.Client) -> None:
    with media_server() as (foreign, foreign_asked), media_server(foreign) as (url, _):
        for name in ("away", "loop", "denied"):
            board.media = Media("video/mp4", url=f"{url}/{name}")
            answer = client.get("/versions/1/movie")
            assert (answer.status_code, answer.json()["error"]["code"]) == (502, "dashboard.media_unavailable")
            assert url not in answer.text
        assert foreign_asked == []
        board.media = Media("video/mp4", url=f"{url}/page")
        assert client.get("/versions/1/movie").headers["content-type"] == "application/octet-stream"
        board.media = Media("video/mp4", url=f"{url}/short")
        with pytest.raises(httpx.HTTPError):
            client.get("/versions/1/movie")
    for gone in (url, "file:///etc/passwd", "http://[", "gopher://127.0.0.1/"):
        board.media = Media("video/mp4", url=gone)
        assert client.get("/versions/1/movie").status_code == 502
    assert client.get("/status").status_code == 200


def test_whoever_leaves_in_the_middle_leaves_nothing_behind(board: MediaBoard, client: httpx.Client) -> None:
    with media_server() as (url, _):
        board.media = Media("video/mp4", url=f"{url}/movie")
        for _ in range(80):
            with client.stream("GET", "/versions/1/movie") as answer:
                assert answer.status_code == 200
                next(answer.iter_bytes(1000))
        assert client.get("/versions/1/movie").content == MOVIE


def test_a_picture_is_sent_once_and_is_never_a_page(board: MediaBoard, client: httpx.Client) -> None:
    board.media = Media("image/png", data=b"picture")
    answer = client.get("/versions/1/thumbnail")
    assert (answer.content, answer.headers["content-type"]) == (b"picture", "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = client.get("/versions/1/thumbnail", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for kind in ("image/svg+xml", "text/html; charset=utf-8", ""):
        board.media = Media(kind, data=b"<script>")
        assert client.get("/versions/1/thumbnail").headers["content-type"] == "application/octet-stream"
    board.media = None
    assert client.get("/versions/1/thumbnail").status_code == 404


def test_nothing_is_read_for_who_has_it_already(board: MediaBoard, client: httpx.Client) -> None:
    answer = client.get("/projects/FG/shots")
    board.failing = DashboardStoreFailed("The mirror cannot be read")
    again = client.get("/projects/FG/shots", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    failed = client.get("/projects/FG/shots")
    assert (failed.status_code, failed.headers["retry-after"]) == (503, "5")
    csv = client.get("/projects/FG/shots?format=csv")
    assert (csv.status_code, csv.json()["error"]["code"]) == (503, "dashboard.store_unavailable")
    board.number += 1
    assert client.get("/projects/FG/shots", headers={"If-None-Match": answer.headers["etag"]}).status_code == 503


def test_everything_is_where_it_is_behind_a_proxys_path(board: MediaBoard, tmp_path: Path) -> None:
    # Such a proxy takes its path off before it asks.
    with opened(board, tmp_path, "/studio/trafalgar") as client:
        for path in ("/dashboard/v1/status", "/status", "/projects/FG/shots?format=csv", "/dashboard/v1/admin/cache"):
            assert client.get(path).status_code == 200, path
        tag = client.get("/status").headers["etag"]
        assert client.get("/status", headers={"If-None-Match": tag}).status_code == 304
        home = client.get("/", headers={"Accept": "text/html"})
        assert home.headers["location"] == "/studio/trafalgar/ui/"
        entered = client.get("/ui/enter?code=none")
        assert (entered.status_code, entered.headers["location"]) == (303, "/studio/trafalgar/ui/")
