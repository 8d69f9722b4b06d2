"""Every route of the server, those of packages that mount theirs too, against everybody who may ask."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, routing
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from onepiece_core.config.models import Settings
from onepiece_server.auth.keys import ROLES, Caller, hash_secret
from onepiece_server.auth.sessions import COOKIE, Sessions
from onepiece_server.auth.storage import add_key, revoke_key
from onepiece_server.run import build_app
from tests.server.conftest import served

TOKEN = "the token of the dashboard"
# Whoever adds to these says here that it is meant so.
OPEN = {"/health", "/ready", "/render/v1/health", "/render/v1/ready", "/openapi.json", "/ui/sign-in"}
OPEN |= {"/ui/theme", "/ui/static/{name}"}  # light or dark, style sheets and scripts
OPEN |= {"/ui/enter"}  # takes a code that was told to who started the server
OF_ANY_CALLER = {"/", "/ui/sign-out", "/ui", "/ui/{rest}"}
# What it takes is in its form: other tests sign in.
FORM = ("POST", "/ui/sign-in")
# Also whose own the job is; this one is somebody else's.
OF_OWNERS = {"/jobs/{job_id}", "/jobs/{job_id}/retry"}

Headers = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Asked:
    method: str
    template: str
    path: str
    needed: tuple[frozenset[str], ...] | None  # one of each; None: it has no role of its own

    def lets_in(self, roles: frozenset[str]) -> bool:
        return self.needed is None or "dashboard:manage" in roles or all(roles & each for each in self.needed)


class Site:
    """The server as it is run, its routes, and what everybody sends."""

    def __init__(self, address: str, app: FastAPI, folder: Path, secrets: Mapping[str, str]) -> None:
        self.address, self.secrets, self.folder = address, secrets, folder
        self.client = httpx.Client(base_url=address, trust_env=False, timeout=30, follow_redirects=False)
        job = {"template": "command", "parameters": {"Command": "true"}, "output": "show:out", "hold": True}
        made = self.client.post("/jobs", json=job, headers=self.key("boss"))  # type: ignore[arg-type]
        assert made.status_code == 201, made.text
        # Signing out comes last: it ends the session that the others are asked with.
        self.routes = sorted(_routes(app, made.json()["job_id"]), key=lambda asked: asked.template == "/ui/sign-out")

    def key(self, name: str, secret: str | None = None) -> Headers:
        return {"X-API-Key": name, "X-API-Secret": secret or self.secrets[name]}

    def cookie(self, name: str, *, hours: float = 1.0, mark: str | None = None) -> Headers:
        from onepiece_server.auth.keys import Keys, read_credentials

        keys = Keys(read_credentials(self.folder / "server" / "credentials.json", None), TOKEN)
        caller = (
            keys.authenticate(name, self.secrets[name])
            if mark is None
            else Caller(name=name, roles=frozenset(), mark=mark)
        )
        sessions = Sessions(self.folder / "server" / "sessions.db", keys, hours=hours)
        try:
            return {"Cookie": f"{COOKIE}={sessions.open_session(caller)}"}
        finally:
            sessions.close()

    def ask(self, asked: Asked, headers: Headers) -> int:
        """The status; streams are left as soon as they begin."""
        if asked.method == "WEBSOCKET":
            return self._shake_hands(asked.path, headers)
        content = b"{}" if asked.method in ("POST", "PUT", "PATCH") else None
        sent = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        with self.client.stream(asked.method, asked.path, content=content, headers=sent) as answer:  # type: ignore[arg-type]
            return answer.status_code

    def _shake_hands(self, path: str, headers: Headers) -> int:
        told = [(name, value if isinstance(value, str) else value.decode("latin-1")) for name, value in headers.items()]
        try:
            with connect(f"ws{self.address[4:]}{path}", additional_headers=told, proxy=None):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


def _routes(app: FastAPI, job_id: str) -> Iterator[Asked]:
    for route in routing.iter_route_contexts(app.routes):
        template = path = str(route.path)
        for name, kind in (getattr(route, "param_convertors", None) or {}).items():
            value = job_id if name == "job_id" else "1"
            path = path.replace("{" + name + "}", value).replace(
                "{" + name + ":" + kind.__class__.__name__ + "}", value
            )
        path = path.replace(":path}", "}").replace("{", "").replace("}", "")
        if isinstance(route.original_route, routing.Mount):
            path += "/none.css"
        needed = _needed(getattr(route, "dependant", None), template.removeprefix("/render/v1"))
        needed = needed or _of_page(route.original_route)
        for method in route.methods or ({"GET"} if isinstance(route.original_route, routing.Mount) else {"WEBSOCKET"}):
            yield Asked(method, template.replace(":path}", "}"), path, needed)


def _needed(dependant: Any, template: str) -> tuple[frozenset[str], ...] | None:
    found = tuple(_roles(dependant)) if dependant is not None else ()
    if not found and template in OF_OWNERS:
        return (frozenset({"render:manage"}),)
    return found or None


def _of_page(route: Any) -> tuple[frozenset[str], ...] | None:
    """Pages ask for their roles themselves."""
    if not getattr(route, "endpoint", None) or ".Site.route." not in f".{route.endpoint.__qualname__}":
        return None
    roles = inspect.getclosurevars(route.endpoint).nonlocals["roles"]
    return (frozenset(roles),) if roles else None


def _roles(dependant: Any) -> Iterator[frozenset[str]]:
    for each in dependant.dependencies:
        if each.call.__qualname__ == "require.<locals>.checked":
            yield frozenset(inspect.getclosurevars(each.call).nonlocals["roles"])
        yield from _roles(each)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "show").mkdir()
    settings = Settings.model_validate(
        {
            "roots": {"show": {"linux": folder / "show"}},
            "render": {"farm": "mock", "sse_keepalive_interval": 0.2},
            "server": {"dashboard_token": TOKEN},
        }
    )
    keys = folder / "server" / "credentials.json"
    secrets = {role.replace(":", "-"): add_key(keys, role.replace(":", "-"), [role]).secret for role in ROLES}
    secrets["boss"] = add_key(keys, "boss", ROLES).secret
    secrets["old"] = add_key(keys, "old", ROLES, days=-1).secret
    secrets["gone"] = add_key(keys, "gone", ROLES).secret
    app = build_app(settings, folder, {})
    with served(app) as address:
        site = Site(address, app, folder, secrets)
        revoke_key(keys, "gone")
        yield site
        site.client.close()


def test_the_matrix_has_every_route_and_each_names_its_role_or_is_meant_for_all(site: Site) -> None:
    told = {(asked.method, asked.template) for asked in site.routes}
    described = site.client.get("/openapi.json").json()["paths"]
    assert {(method.upper(), path) for path, methods in described.items() for method in methods} <= told
    assert ("WEBSOCKET", "/render/v1/jobs/ws") in told
    without = {asked.template for asked in site.routes if asked.needed is None}
    assert without <= OPEN | OF_ANY_CALLER
    assert len(site.routes) >= 90


def _wrong(site: Site) -> dict[str, Headers]:
    return {
        "a wrong secret": site.key("boss", "wrong"),
        "no secret": {"X-API-Key": "boss"},
        "an unknown key": site.key("nobody", "wrong"),
        "an expired key": site.key("old"),
        "a revoked key": site.key("gone"),
        "non-ASCII": {"X-API-Key": "b\u00f6ss".encode(), "X-API-Secret": "p\u00e4ss".encode()},
        "no text": {"X-API-Key": b"\xff\xfe", "X-API-Secret": b"\xff"},
        "a wrong token": {"Authorization": "Bearer boss.wrong"},
        "half a token": {"Authorization": "Bearer"},
        "a token of no text": {"Authorization": b"Bearer \xff\xfe"},
        "the hash for the secret": site.key("boss", hash_secret("x")),
        "a wrong key beside a good cookie": {**site.cookie("boss"), **site.key("boss", "wrong")},
    }


def test_whoever_has_no_valid_key_gets_401_everywhere(site: Site) -> None:
    got: list[tuple[str, str, str, int]] = []
    for who, headers in _wrong(site).items():
        got += [(who, asked.method, asked.path, site.ask(asked, headers)) for asked in site.routes]
    assert [each for each in got if each[3] != 401] == []


def test_nobody_and_sessions_that_are_over_get_what_is_open_and_nothing_else(site: Site) -> None:
    nobodies: dict[str, Headers] = {
        "nobody": {},
        "a made up cookie": {"Cookie": f"{COOKIE}=made-up"},
        "a session that is over": site.cookie("boss", hours=-1),
        "a session of an older secret": site.cookie("boss", mark="0" * 64),
        "a session of a revoked key": site.cookie("gone", mark="0" * 64),
        "another scheme": {"Authorization": "Basic Ym9zczp4"},
    }
    got: list[tuple[str, str, str, int]] = []
    for who, headers in nobodies.items():
        for asked in site.routes:
            status = site.ask(asked, headers)
            is_right = status < 500 and status != 401 if asked.template in OPEN else status == 401
            got += [] if is_right else [(who, asked.method, asked.path, status)]
    assert got == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_routes_and_no_others(site: Site, role: str) -> None:
    _compare(site, site.key(role.replace(":", "-")), frozenset({role}))


def test_the_dashboards_token_opens_what_it_may_read(site: Site) -> None:
    roles = frozenset({"dashboard:read", "render:read", "review:read", "ingest:read"})
    _compare(site, {"Authorization": f"Bearer {TOKEN}"}, roles)


def test_a_session_opens_what_its_key_does_and_nothing_for_pages_of_other_sites(site: Site) -> None:
    headers = {**site.cookie("render-manage"), "Origin": site.address}
    _compare(site, headers, frozenset({"render:manage"}))
    boss = {**site.cookie("boss"), "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    got = {
        (asked.method, asked.path): site.ask(asked, boss)
        for asked in site.routes
        if asked.method not in ("GET", "HEAD", "OPTIONS")
    }
    assert got
    assert {each: status for each, status in got.items() if status != 403} == {}


def _compare(site: Site, headers: Headers, roles: frozenset[str]) -> None:
    wrong: list[tuple[str, str, int]] = []
    for asked in (each for each in site.routes if (each.method, each.template) != FORM):
        status = site.ask(asked, headers)
        is_right = status < 500 and status not in (401, 403) if asked.lets_in(roles) else status == 403
        wrong += [] if is_right else [(asked.method, asked.path, status)]
    assert not wrong, wrong
