"""Who may come in: by a key and its secret, a token, or a browser's session."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.types import Scope

from onepiece_core.config.models import ServerSettings
from onepiece_core.errors import CredentialsInvalid, OnePieceError
from onepiece_server.auth.keys import Caller, KeyRing, Role
from onepiece_server.auth.origin import check_same_origin
from onepiece_server.auth.sessions import Sessions
from onepiece_server.rates import Rate

# What changes nothing, so that a page of another site gains nothing by asking for it.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOK_SECONDS = 1.0
# A person does not sign in more often than this.
_SIGN_INS_PER_MINUTE = 60


class Door:
    """Packages that add routes tell it, before the first request, which of them need no key."""

    def __init__(self, keys: KeyRing, sessions: Sessions, settings: ServerSettings, rate: Rate) -> None:
        self.sessions = sessions
        self._keys, self._rate = keys, rate
        self._guesses = rate.narrower(_SIGN_INS_PER_MINUTE)
        self._key, self._secret = settings.api_key_header, settings.api_secret_header
        self._open: set[str] = set()
        self.home: str | None = None
        self._pages: tuple[str, str] | None = None  # below which browsers look, and where they sign in

    def open(self, *paths: str) -> None:
        """These need no key; one that ends in ``/`` stands for all that lies below it."""
        self._open.update(paths)

    def show_pages(self, *, home: str, sign_in: str) -> None:
        """A browser that asks for ``/`` is sent to ``home``, and one that is not signed in, and asks for that or what
        lies below it, to ``sign_in?next=PATH``, which is open.
        """
        self.home, self._pages = home, (home.rstrip("/"), sign_in)
        self.open(sign_in)

    def is_open(self, scope: Scope) -> bool:
        path = path_of(scope)
        return path in self._open or any(each.endswith("/") and path.startswith(each) for each in self._open)

    def caller_of(self, connection: HTTPConnection) -> Caller | None:
        """None where nothing was sent, or a session that is over.

        Raises CredentialsInvalid for a key or token that is not valid, CrossOrigin for a session that somebody else's
        page makes use of.
        """
        headers = connection.headers
        scheme, _, token = _text(headers.get("authorization", "")).partition(" ")
        if scheme.lower() == "bearer":
            return self._keys.authenticate_token(token.strip())
        key, secret = headers.get(self._key), headers.get(self._secret)
        if key is not None or secret is not None:
            return self._keys.authenticate(_text(key or ""), _text(secret or ""))
        caller = self.sessions.caller_of(connection)
        # A WebSocket begins with a GET, and no browser asks first whether the page may.
        if caller is not None and connection.scope.get("method") not in _SAFE:
            check_same_origin(connection)
        return caller

    def watch(self, connection: HTTPConnection, role: Role) -> Callable[[], bool]:
        """Whether who opened a stream may still read it: its key may be revoked, or its browser sign out, meanwhile.

        Asked as often as one likes; it looks once a second.
        """
        looked_at, still = time.monotonic(), True

        def may_read() -> bool:
            nonlocal looked_at, still
            if still and time.monotonic() - looked_at >= _LOOK_SECONDS:
                looked_at = time.monotonic()
                try:
                    caller = self.caller_of(connection)
                except OnePieceError:
                    caller = None
                still = caller is not None and not caller.roles.isdisjoint({role, "dashboard:manage"})
            return still

        return may_read

    def sign_in(self, connection: HTTPConnection, *, key: str = "", secret: str = "", token: str = "") -> Caller:
        """Whom a sign-in form's words stand for; give the key and its secret, or a token.

        Raises CredentialsInvalid, RateLimited for who guesses, and CrossOrigin where another site's page sent them.
        """
        check_same_origin(connection)
        address = peer_of(connection.scope)
        self._guesses.take(f"sign-in {address}")
        if token:
            return self._keys.authenticate_token(token.strip())
        if not key:
            raise CredentialsInvalid("Give a key and its secret, or a token")
        return self._keys.authenticate(key.strip(), secret)

    def recall(self, name: str, mark: str) -> Caller | None:
        """Who was let in before, with the roles of now; None once its key has ended."""
        return self._keys.recall(name, mark)

    def sign_in_page(self, connection: HTTPConnection) -> str | None:
        """Where a browser without a session goes, None where it is told 401."""
        path = path_of(connection.scope)
        wants_page = "text/html" in connection.headers.get("accept", "")
        if self._pages is None or connection.scope.get("method") not in ("GET", "HEAD") or not wants_page:
            return None
        below, page = self._pages
        if path not in ("/", below) and not path.startswith(below + "/"):
            return None
        query = connection.scope.get("query_string", b"").decode("latin-1")
        wanted = quote(f"{path}?{query}" if query else path, safe="/")
        return f"{connection.scope.get('root_path') or ''}{page}?next={wanted}"


def path_of(scope: Scope) -> str:
    """The address without what a proxy puts in front."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path") or "")


def peer_of(scope: Scope) -> str:
    return str((scope.get("client") or ("unknown",))[0])


def _text(header: str) -> str:
    """A header as its sender meant it: UTF-8 that arrived as Latin-1."""
    return header.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
