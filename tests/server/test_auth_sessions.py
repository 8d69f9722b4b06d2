"""Browsers that sign in once: their cookie, what ends it, and pages of other sites that would use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from onepiece_core.config.models import RenderSettings, ServerSettings, Settings
from onepiece_core.errors import CredentialsInvalid, RateLimited
from onepiece_server.app import create_app
from onepiece_server.audit import AuditLog
from onepiece_server.auth.door import Door
from onepiece_server.auth.keys import ROLES, Credential, KeyRing, Keys, read_credentials
from onepiece_server.auth.live_keys import LiveKeys
from onepiece_server.auth.sessions import COOKIE, Sessions
from onepiece_server.auth.storage import add_key, revoke_key
from onepiece_server.parts import Parts
from onepiece_server.rates import MemoryBuckets, Rate
from tests.server.conftest import SECRET, served
from tests.support.disks import fill, small_filesystem
from tests.support.memory_jobs import MemoryJobs
from tests.support.rights import needs_mount

TOKEN = "the token of the dashboard"
JOB = {"template": "command", "name": "first"}


def pages(app: FastAPI, parts: Parts) -> None:
    """Signing in and out, as a package of pages does it."""
    parts.door.show_pages(home="/ui/", sign_in="/ui/sign-in")
    parts.door.open("/ui/static/")

    @app.post("/ui/sign-in", include_in_schema=False)
    async def sign_in(request: Request, response: Response) -> dict[str, str]:
        caller = parts.door.sign_in(request, **await request.json())
        sessions = parts.door.sessions
        sessions.set_cookie(response, sessions.open_session(caller), request)
        return {"name": caller.name}

    @app.post("/ui/sign-out", include_in_schema=False)
    def sign_out(request: Request, response: Response) -> None:
        parts.door.sessions.close_session(request)
        parts.door.sessions.clear_cookie(response, request)

    @app.get("/ui/", include_in_schema=False)
    def home(request: Request) -> str:
        return str(request.state.caller.name)


def keys(*, secret: str = SECRET, without: str = "") -> Keys:
    found = [
        Credential(key="boss", secret=secret, roles=frozenset(ROLES)),
        Credential(key="ann", secret=SECRET, roles=frozenset({"render:read", "render:submit"})),
    ]
    return Keys([each for each in found if each.key != without], TOKEN)


@contextmanager
def site(folder: Path, known: KeyRing, *, root_path: str = "", hours: float = 12.0) -> Iterator[httpx.Client]:
    settings = Settings(
        server=ServerSettings(root_path=root_path, session_hours=hours),
        render=RenderSettings(sse_keepalive_interval=0.2),
    )
    audit = AuditLog(folder / "server" / "audit.db")
    app = create_app(settings, MemoryJobs(), known, state_dir=folder, audit=audit, mounts=[pages], close=audit.close)
    with (
        served(app, root_path=root_path) as address,
        httpx.Client(base_url=address, trust_env=False, headers={"Origin": address}, timeout=20) as client,
    ):
        yield client


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[httpx.Client]:
    with site(tmp_path, keys()) as client:
        yield client


def sign_in(client: httpx.Client, **words: str) -> Any:
    answer = client.post("/ui/sign-in", json=words or {"key": "boss", "secret": SECRET})
    assert answer.status_code == 200, answer.text
    return SimpleCookie(answer.headers["set-cookie"])[COOKIE]


def with_cookie(client: httpx.Client, value: str) -> httpx.Response:
    """The jobs, asked by whoever has this cookie and nothing else."""
    return httpx.get(f"{client.base_url}/jobs", headers={"Cookie": f"{COOKIE}={value}"}, trust_env=False)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_browser_signs_in_once_and_signs_out(browser: httpx.Client) -> None:
    assert code(browser.get("/jobs")) == (401, "auth.missing")
    cookie = sign_in(browser)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "lax", "/", "")
    assert 11 * 3600 < int(cookie["max-age"]) <= 12 * 3600
    assert browser.get("/ui/").json() == "boss"
    assert browser.post("/jobs", json=JOB).status_code == 201
    assert browser.post("/ui/sign-out").status_code == 200
    assert COOKIE not in browser.cookies
    assert code(with_cookie(browser, cookie.value)) == (401, "auth.missing")


def test_below_a_proxys_path_and_over_tls_the_cookie_says_so(tmp_path: Path) -> None:
    with site(tmp_path, keys(), root_path="/trafalgar") as client:
        # What a proxy on this machine tells of the browser's side.
        client.headers.update({"X-Forwarded-Proto": "https", "Origin": f"https://{client.base_url.netloc.decode()}"})
        cookie = sign_in(client)
        assert (cookie["path"], cookie["secure"]) == ("/trafalgar", True)
        page = client.get("/ui/", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/trafalgar/ui/sign-in?next=/ui/")


def test_the_dashboards_token_reads_and_changes_nothing(browser: httpx.Client) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{browser.base_url}/jobs", headers=bearer, trust_env=False).status_code == 200
    sign_in(browser, token=TOKEN)
    assert browser.get("/jobs").status_code == 200
    assert code(browser.post("/jobs", json=JOB)) == (403, "auth.forbidden")


def test_a_browser_without_a_session_is_led_to_the_sign_in_and_back(browser: httpx.Client) -> None:
    as_page = {"Accept": "text/html,*/*"}
    led = browser.get("/ui/projects/a?b=c&d=é", headers=as_page)
    assert (led.status_code, led.headers["location"]) == (
        303,
        "/ui/sign-in?next=/ui/projects/a%3Fb%3Dc%26d%3D%25C3%25A9",
    )
    assert browser.get("/", headers=as_page).headers["location"] == "/ui/sign-in?next=/"
    assert browser.get("/ui/static/none.css", headers=as_page).status_code == 404
    assert code(browser.get("/ui/")) == (401, "auth.missing")
    assert code(browser.get("/jobs", headers=as_page)) == (401, "auth.missing")
    assert code(browser.post("/ui/", headers=as_page)) == (401, "auth.missing")
    sign_in(browser)
    assert browser.get("/", headers=as_page).headers["location"] == "/ui/"
    assert "jobs" in browser.get("/").json()


@pytest.mark.parametrize("words", [{"key": "boss", "secret": "wrong"}, {"token": "wrong"}, {"token": "é"}, {}])
def test_a_wrong_sign_in_opens_nothing(browser: httpx.Client, words: dict[str, str]) -> None:
    answer = browser.post("/ui/sign-in", json=words)
    assert code(answer) == (401, "auth.invalid")
    assert "set-cookie" not in answer.headers


def test_who_guesses_is_told_to_wait_whatever_is_guessed(tmp_path: Path) -> None:
    now, settings, known = [0.0], ServerSettings(), keys()
    sessions = Sessions(None, known, hours=1)
    door = Door(known, sessions, settings, Rate(settings.requests_per_minute, MemoryBuckets(lambda: now[0])))
    headers = [(b"sec-fetch-site", b"same-origin")]
    asked = Request({"type": "http", "method": "POST", "headers": headers, "client": ("192.0.2.1", 1)})
    for number in range(60):
        with pytest.raises(CredentialsInvalid):
            door.sign_in(asked, token=str(number))
    with pytest.raises(RateLimited):
        door.sign_in(asked, token=TOKEN)
    now[0] += 1.5
    assert door.sign_in(asked, token=TOKEN).name == "dashboard"
    sessions.close()


OTHERS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Origin": "file:///home"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Host": "evil.example", "Origin": "http://evil.example"},
]


@pytest.mark.parametrize("headers", OTHERS)
def test_a_page_of_another_site_changes_nothing_and_signs_nobody_in(
    browser: httpx.Client, headers: dict[str, str]
) -> None:
    assert code(browser.post("/ui/sign-in", json={"token": TOKEN}, headers=headers)) == (403, "auth.cross_origin")
    sign_in(browser)
    for method, path in [("POST", "/jobs"), ("DELETE", "/jobs/j1"), ("POST", "/ui/sign-out"), ("PUT", "/none")]:
        answer = browser.request(method, path, json=JOB, headers=headers)
        assert code(answer) == (403, "auth.cross_origin"), (method, path)
    assert browser.get("/jobs", headers=headers).json()["items"] == []
    with_key = {**headers, "X-API-Key": "boss", "X-API-Secret": SECRET}
    assert browser.post("/jobs", json=JOB, headers=with_key).status_code == 201, "no cookie let this one in"


def test_a_browser_that_names_no_origin_changes_nothing(browser: httpx.Client) -> None:
    sign_in(browser)
    del browser.headers["Origin"]
    assert code(browser.post("/jobs", json=JOB)) == (403, "auth.cross_origin")
    assert browser.post("/jobs", json=JOB, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 201


def test_a_page_of_another_site_opens_no_websocket(browser: httpx.Client) -> None:
    cookie = f"{COOKIE}={sign_in(browser).value}"
    at = f"ws{str(browser.base_url)[4:]}/jobs/ws"
    with connect(at, additional_headers={"Cookie": cookie}, origin=Origin(str(browser.base_url)), proxy=None) as socket:
        assert "snapshot" in str(socket.recv(10))
    with pytest.raises(InvalidStatus) as refused:
        connect(at, additional_headers={"Cookie": cookie}, origin=Origin("https://evil.example"), proxy=None).close()
    assert refused.value.response.status_code == 403


def test_a_session_is_known_to_every_worker_and_after_a_restart(tmp_path: Path) -> None:
    with site(tmp_path, keys()) as one:
        value = sign_in(one).value
        with site(tmp_path, keys()) as other:
            assert with_cookie(other, value).status_code == 200
    with site(tmp_path, keys()) as again:
        assert with_cookie(again, value).status_code == 200
    kept = b"".join(path.read_bytes() for path in (tmp_path / "server").iterdir())
    assert value.encode() not in kept
    assert SECRET.encode() not in kept


@pytest.mark.parametrize(
    "changed", [keys(secret="another secret of a test"), keys(without="boss"), Keys([], "another token")]
)
def test_a_session_ends_with_its_key(tmp_path: Path, changed: Keys) -> None:
    with site(tmp_path, keys()) as client:
        values = sign_in(client).value, sign_in(client, token=TOKEN).value
    with site(tmp_path, changed) as client:
        told = [with_cookie(client, value).status_code for value in values]
    assert told == ([401, 200] if len(changed) > 1 else [401, 401])


def test_a_session_ends_after_its_hours(tmp_path: Path) -> None:
    now, known = [1000.0], keys()
    sessions = Sessions(tmp_path / "sessions.db", known, hours=1, clock=lambda: now[0])
    value = sessions.open_session(known.authenticate("ann", SECRET))
    asked = Request({"type": "http", "headers": [(b"cookie", f"{COOKIE}={value}".encode())]})
    for seconds, who in ((3599.0, "ann"), (3600.0, None)):
        now[0] = 1000 + seconds
        found = sessions.caller_of(asked)
        assert (found and found.name) == who
    sessions.close()


def test_a_cookie_of_nobody_is_no_caller(browser: httpx.Client) -> None:
    for value in ("x", "x" * 5000, "%ff", "é".encode().decode("latin-1")):
        headers = {"Cookie": f"{COOKIE}={value}".encode("latin-1")}
        assert code(browser.get("/jobs", headers=headers)) == (401, "auth.missing")  # type: ignore[arg-type]
        assert browser.get("/health", headers=headers).json() == {"status": "ok"}  # type: ignore[arg-type]


def test_every_answer_tells_a_browser_what_it_may_run(browser: httpx.Client) -> None:
    sign_in(browser)
    for path in ("/ui/", "/jobs", "/none", "/health", "/metrics", "/openapi.json", "/jobs?limit=x"):
        headers = browser.get(path, headers={"Origin": "https://evil.example"}).headers
        policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert not [name for name in headers if name.startswith("access-control")]
    assert "content-security-policy" in httpx.get(f"{browser.base_url}/jobs", trust_env=False).headers


@pytest.mark.parametrize("ends", ["sign out", "revoke"])
def test_a_stream_ends_with_the_session_or_the_key_that_opened_it(tmp_path: Path, ends: str) -> None:
    file = tmp_path / "keys.json"
    made = add_key(file, "ann", ["render:read"])
    known = LiveKeys(file, lambda: Keys(read_credentials(file, None)))
    with site(tmp_path, known) as client:
        cookie = f"{COOKIE}={sign_in(client, key='ann', secret=made.secret).value}"
        at = f"ws{str(client.base_url)[4:]}/jobs/ws"
        with (
            connect(
                at, additional_headers={"Cookie": cookie}, origin=Origin(str(client.base_url)), proxy=None
            ) as socket,
            client.stream("GET", "/jobs/stream") as stream,
        ):
            assert "snapshot" in str(socket.recv(10))
            lines = stream.iter_lines()
            assert next(lines) == "event: snapshot"
            if ends == "revoke":
                revoke_key(file, "ann")
            else:
                httpx.post(
                    f"{client.base_url}/ui/sign-out",
                    headers={"Cookie": cookie, "Sec-Fetch-Site": "same-origin"},
                    trust_env=False,
                ).raise_for_status()
            assert not [line for line in lines if line.startswith("event:")], "it ends"
            with pytest.raises(ConnectionClosed) as closed:
                list(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


@needs_mount
def test_on_a_full_disk_nobody_signs_in_and_whoever_is_known_goes_on(tmp_path: Path) -> None:
    with small_filesystem(tmp_path / "disk", 2) as disk, site(disk, keys()) as client:
        value = sign_in(client).value
        client.cookies.clear()
        filler = fill(disk)
        refused = client.post("/ui/sign-in", json={"key": "boss", "secret": SECRET})
        assert code(refused) == (503, "auth.unusable")
        assert "set-cookie" not in refused.headers
        assert with_cookie(client, value).status_code == 200
        with_key = {"X-API-Key": "boss", "X-API-Secret": SECRET}
        assert [client.get("/jobs", headers=with_key).status_code for _ in range(130)] == [200] * 130
        filler.unlink()
        sign_in(client)
