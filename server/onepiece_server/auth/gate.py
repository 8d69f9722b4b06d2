"""Nobody gets past without a key: before a body is parsed or a route is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from onepiece_core.config.models import ServerSettings
from onepiece_core.errors import CredentialsInvalid, CredentialsMissing, OnePieceError, RoleMissing
from onepiece_server.auth.keys import Caller, Keys, Role
from onepiece_server.errors import envelope
from onepiece_server.limits import Rate

_OPEN = frozenset({"/health", "/ready", "/render/v1/health", "/render/v1/ready", "/openapi.json"})


class Gate:
    """ASGI: puts the caller in the request's state, or answers 401 or 429."""

    def __init__(self, app: ASGIApp, *, keys: Keys, settings: ServerSettings, rate: Rate) -> None:
        self._app, self._keys, self._rate = app, keys, rate
        self._key, self._secret = settings.api_key_header, settings.api_secret_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = HTTPConnection(scope).headers
        peer = (scope.get("client") or ("unknown",))[0]
        try:
            caller = self._caller(headers)
            if caller is None and _path(scope) not in _OPEN:
                raise CredentialsMissing("This needs an API key or a token")
            self._rate.take(caller.name if caller else f"address {peer}")
        except OnePieceError as error:
            try:
                if isinstance(error, CredentialsInvalid):
                    self._rate.take(f"address {peer}")  # guesses count too
            except OnePieceError as limited:
                error = limited
            await refuse(error, scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    def _caller(self, headers: Mapping[str, str]) -> Caller | None:
        scheme, _, token = _text(headers.get("authorization", "")).partition(" ")
        if scheme.lower() == "bearer":
            return self._keys.authenticate_token(token.strip())
        key, secret = headers.get(self._key), headers.get(self._secret)
        if key is None and secret is None:
            return None
        return self._keys.authenticate(_text(key or ""), _text(secret or ""))


async def refuse(error: OnePieceError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request or a WebSocket's handshake with the error's envelope."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    await envelope(error.report)(scope, receive, send)


def known(connection: HTTPConnection) -> Caller:
    """A dependency: the caller, whatever its roles."""
    caller: Caller | None = connection.state.caller
    if caller is None:
        raise CredentialsMissing("This needs an API key or a token")
    return caller


def require(role: Role) -> Callable[[HTTPConnection], Caller]:
    """A dependency: the caller, who has the role or manages the server."""

    def checked(connection: HTTPConnection) -> Caller:
        caller = known(connection)
        if role not in caller.roles and "dashboard:manage" not in caller.roles:
            raise RoleMissing(f"This needs the role {role}", role=role)
        return caller

    return checked


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path") or "")


def _text(header: str) -> str:
    """A header as its sender meant it: UTF-8 that arrived as Latin-1."""
    return header.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
