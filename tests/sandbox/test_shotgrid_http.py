"""Below the calls: bodies, connections and requests that no client of the site sends. The site goes on."""

from __future__ import annotations

import json
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

AUTH = {"script_name": SCRIPT, "script_key": KEY}
QUERY = {"type": "Project", "return_fields": ["name"], "filters": {"logical_operator": "and", "conditions": []}}
READ = json.dumps({"method_name": "read", "params": [AUTH, {**QUERY, "return_only": "active"}]}).encode()
MB = 1024 * 1024


@pytest.fixture(scope="module", params=["quiet", "planned"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    """A site of its own: whole and silent at the end, also when the fault layer looks at every call."""
    process = SiteProcess(tmp_path_factory.mktemp("site")).start()
    if request.param == "planned":
        process.set_faults(RULES)
    yield process
    told = process.ask("GET", "/sandbox/calls?limit=1")
    assert told["under_way"] == 0
    assert process.stop() == 0
    assert "Traceback" not in process.log()
    with sqlite3.connect(process.folder / "site" / "site.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# It stands, and is never due.
RULES = [{"method": "*", "fault": "drop_reply", "nth": 1_000_000}]


@pytest.fixture(autouse=True)
def it_goes_on(site: SiteProcess) -> Iterator[None]:
    yield
    assert site.client().find_one("Project", [])["type"] == "Project"


def connect(site: SiteProcess) -> socket.socket:
    host, port = urlsplit(site.url).netloc.split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def request(
    site: SiteProcess, body: bytes, *headers: str, path: str = "/api3/json", length: int | None = None
) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {urlsplit(site.url).netloc}", "Content-Type: application/json", *headers]
    if not any(header.startswith("Transfer-Encoding") for header in headers):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers(line: socket.socket, count: int = 1) -> list[tuple[int, bytes]]:
    """Status and body of so many answers; fewer when the connection ends."""
    found = []
    reader = line.makefile("rb")
    while len(found) < count and (first := reader.readline()):
        headers = {}
        while (header := reader.readline()) not in (b"\r\n", b""):
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()
        if first.split()[1] != b"100":
            found.append((int(first.split()[1]), reader.read(int(headers.get("content-length", 0)))))
    return found


def is_fault(answer: tuple[int, bytes]) -> bool:
    return answer[0] == 200 and json.loads(answer[1])["exception"] is True


def memory(site: SiteProcess) -> int:
    return psutil.Process(site.process.pid).memory_info().rss


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "statuses"),
        [
            (b"[" * 50 * MB, {200}),
            (b'{"method_name": "read", "params": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}", {200}),
            (b'{"method_name": "read", "params": [{}, "' + b"x" * 50 * MB + b'"]}', {200}),
            (b'{"params": [{}, "' + b"x" * 50 * MB + b'"], "method_name": "read"}', {200}),
            (b'{"method_name": "read", "params": [{}, [' + b'{"a":1},' * 6 * MB + b"1]]}", {200}),
            (b"x" * 65 * MB, {413}),
            (b"\0" * 1000, {200}),
            (b'{"method_name": "re\0ad", "params": []}', {200}),
            (b'{"method_name": "' + b"r" * 100_000 + b'"}', {200}),
            (b'{"method_name": "read", "params": [' + b"1" * 100_000 + b"]}", {200}),
            (bytes(random.Random(7).randbytes(10_000)), {200}),
            (b"", {200}),
        ],
        ids=lambda value: repr(value[:30]) if isinstance(value, bytes) else "",
    )
    def test_a_body_that_is_no_call_is_a_fault_or_too_large(self, site: SiteProcess, body: bytes, statuses: set[int]):
        watched = _Watched(site)
        with watched, connect(site) as line:
            sending = threading.Thread(target=_send, args=(line, request(site, body, "Connection: close")))
            sending.start()
            (answer,) = answers(line)
            sending.join()
        assert answer[0] in statuses
        assert answer[0] != 200 or is_fault(answer)
        assert watched.highest < 400 * MB

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "\xff"])
    def test_the_content_type_does_not_matter(self, site: SiteProcess, kind: str):
        answer = requests.post(
            f"{site.url}/api3/json", READ, headers={"Content-Type": kind.encode("latin-1")}, timeout=10
        )
        assert answer.json()["results"]["entities"]

    def test_chunks_are_a_body_too(self, site: SiteProcess):
        pieces = (READ[start : start + 7] for start in range(0, len(READ), 7))
        assert requests.post(f"{site.url}/api3/json", pieces, timeout=10).json()["results"]["entities"]

    @pytest.mark.parametrize(
        "chunk", [b"zz\r\n", b"-1\r\nx\r\n", b"5\r\nabc", b"ffffffffffffffffffff\r\nx", b"5;" + b"x" * 100_000]
    )
    def test_broken_chunks_are_no_request(self, site: SiteProcess, chunk: bytes):
        with connect(site) as line:
            line.sendall(request(site, chunk, "Transfer-Encoding: chunked"))
            line.shutdown(socket.SHUT_WR)
            assert [status for status, _ in answers(line)] in ([], [400])

    def test_a_body_may_come_byte_by_byte(self, site: SiteProcess):
        with connect(site) as line:
            whole = request(site, READ)
            head = whole.index(b"\r\n\r\n") + 20
            for start in range(0, head):
                line.sendall(whole[start : start + 1])
            slow = site.client()
            assert slow.find_one("Project", [])  # others do not wait for it
            line.sendall(whole[head:])
            (answer,) = answers(line)
            assert json.loads(answer[1])["results"]["entities"]

    def test_a_body_that_was_announced_too_long_is_forgotten(self, site: SiteProcess):
        for length in (len(READ) + 1, 10**9, 10**17):
            with connect(site) as line:
                line.sendall(request(site, READ, length=length))
                line.shutdown(socket.SHUT_WR)
                assert [status for status, _ in answers(line)] in ([], [400])

    def test_what_follows_a_body_that_was_announced_too_short_is_no_request(self, site: SiteProcess):
        with connect(site) as line:
            line.sendall(request(site, READ + b"\r\n\r\n", length=10))
            first, second = answers(line, 2)
            assert is_fault(first)
            assert second[0] == 400


class TestRequests:
    def test_requests_may_follow_each_other_at_once(self, site: SiteProcess):
        info = b'{"method_name": "info", "params": []}'
        bodies = [READ, b"nonsense", info, READ, b"{}"] * 10
        with connect(site) as line:
            line.sendall(b"".join(request(site, body) for body in bodies))
            found = [json.loads(body) for _, body in answers(line, len(bodies))]
        kinds = ["entities" if "results" in one else "fault" if "exception" in one else "info" for one in found]
        assert kinds == ["entities", "fault", "info", "entities", "fault"] * 10

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
    @pytest.mark.parametrize(
        "path", ["/api3/json", "/upload/upload_file", "/nowhere", "/../../etc/passwd", "/%00", "//"]
    )
    def test_other_verbs_and_places_are_http_errors(self, site: SiteProcess, method: str, path: str):
        with connect(site) as line:
            line.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            status = int(line.recv(64).split()[1])
        assert status in (404, 405)

    @pytest.mark.parametrize(
        "raw",
        [
            b"\0" * 1000,
            b"GET\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
            b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\xff\xfe: \xff\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,  # TLS
            b"POST /api3/json HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        ],
        ids=lambda raw: repr(raw[:40]),
    )
    def test_what_is_no_request_is_refused(self, site: SiteProcess, raw: bytes):
        with connect(site) as line:
            try:
                line.sendall(raw)
                line.shutdown(socket.SHUT_WR)
                answer = line.recv(64)
            except OSError:  # it was cut while we still spoke
                answer = b""
        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))

    def test_harmless_oddities_are_served(self, site: SiteProcess):
        strange = (
            "Expect: 100-continue",
            "X-Forwarded-Host: evil.example",
            "Upgrade: websocket",
            "Cookie: _session_id=\xff",
        )
        with connect(site) as line:
            line.sendall(request(site, READ, *strange).decode("utf-8").encode("latin-1"))
            (answer,) = answers(line)
        assert json.loads(answer[1])["results"]["entities"]


class TestNames:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:99", "[::1]:8000"])
    def test_the_loopbacks_names_are_served(self, site: SiteProcess, host: str):
        answer = requests.post(f"{site.url}/api3/json", READ, headers={"Host": host}, timeout=10)
        assert answer.json()["results"]["entities"]

    @pytest.mark.parametrize(
        "host",
        ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.1:x", "127.1", "[::2]", "@"],
    )
    @pytest.mark.parametrize("path", ["/", "/api3/json", "/sandbox/calls", "/sandbox/faults", "/look/"])
    def test_names_that_a_page_in_a_browser_could_bring_are_not(self, site: SiteProcess, host: str, path: str):
        headers = {"Host": host, "Authorization": f"Bearer {KEY}"}
        assert requests.post(f"{site.url}{path}", READ, headers=headers, timeout=10).status_code == 421


class TestUploads:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"nonsense",
            b"--x\r\n",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhal',
            b"\0" * 10_000,
        ],
        ids=repr,
    )
    def test_a_form_that_is_none_is_refused_in_the_sites_way(self, site: SiteProcess, body: bytes):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        for name in ("upload_file", "publish_thumbnail", "api_get_upload_link_info", "api_link_file"):
            answer = requests.post(f"{site.url}/upload/{name}", body, headers=headers, timeout=10)
            assert (answer.status_code, answer.text[:1]) == (200, "0")

    def test_uploads_that_are_cut_leave_nothing(self, site: SiteProcess):
        project = site.client().find_one("Project", [])
        fields = {**AUTH, "entity_type": "Project", "entity_id": str(project["id"])}
        form = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
        )
        form += '--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
        kind = "Content-Type: multipart/form-data; boundary=x"
        head = f"POST /upload/upload_file HTTP/1.1\r\nHost: localhost\r\n{kind}\r\nContent-Length: {50 * MB}\r\n\r\n"
        files = sorted((site.folder / "site" / "files").rglob("*"))
        for _ in range(3):
            with connect(site) as line:
                line.sendall((head + form).encode() + b"x" * 3 * MB)
        token = requests.post(
            f"{site.url}/upload/api_get_upload_link_info",
            {**AUTH, "upload_type": "Attachment", "filename": "a"},
            timeout=10,
        ).text.split("\n")[1]
        with connect(site) as line:
            line.sendall(
                f"PUT {urlsplit(token).path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {50 * MB}\r\n\r\n".encode()
                + b"x" * 3 * MB
            )
        site.settle()
        assert site.client().find("Attachment", []) == []
        left = [path for path in sorted((site.folder / "site" / "files").rglob("*")) if path not in files]
        assert not [path for path in left if path.is_file() and path.stat().st_size > 1000], left


class TestTogether:
    def test_eight_clients_work_while_others_send_garbage(self, site: SiteProcess):
        stop = threading.Event()
        chance = random.Random(11)
        garbage = [
            b"\0" * 5000,
            request(site, b"[" * 100_000),
            request(site, READ, length=10**6),
            request(site, b"zz\r\n", "Transfer-Encoding: chunked"),
            request(site, READ)[:150],
        ]

        def disturb() -> None:
            while not stop.wait(0.005):
                try:
                    with connect(site) as line:
                        line.sendall(chance.choice(garbage))
                        if chance.random() < 0.3:
                            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                except OSError:
                    continue

        def work(number: int) -> int:
            sg = site.client()
            project = sg.create("Project", {"name": f"worker {number} {time.monotonic_ns()}"})
            for index in range(15):
                sg.create("Shot", {"project": project, "code": f"{index:04d}"})
            return len(sg.find("Shot", [["project", "is", project]]))

        disturbing = [threading.Thread(target=disturb) for _ in range(3)]
        for thread in disturbing:
            thread.start()
        try:
            with ThreadPoolExecutor(8) as pool:
                assert list(pool.map(work, range(8))) == [15] * 8
        finally:
            stop.set()
            for thread in disturbing:
                thread.join()
        site.settle()


class _Watched:
    """The highest memory of the site meanwhile."""

    def __init__(self, site: SiteProcess) -> None:
        self._site = site
        self._over = threading.Event()
        self.highest = 0

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            self.highest = max(self.highest, memory(self._site))

    def __enter__(self) -> None:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join()


def _send(line: socket.socket, data: bytes) -> None:
    try:
        line.sendall(data)
    except OSError:
        return  # it was answered before all was said
