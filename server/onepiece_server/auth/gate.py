"""Nobody gets past without a key: before a body is parsed or a route is looked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from onepiece_core.errors import CredentialsInvalid, CredentialsMissing, OnePieceError, RoleMissing
from onepiece_server.auth.door import Door, peer_of
from onepiece_server.auth.keys import Caller, Role
from onepiece_server.errors import envelope
from onepiece_server.rates import Rate


class Gate:
    """ASGI: puts the caller in the request's state, or answers 401, 403 or 429."""

    def __init__(self, app: ASGIApp, *, door: Door, rate: Rate) -> None:
        self._app, self._door, self._rate = app, door, rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection, address = HTTPConnection(scope), f"address {peer_of(scope)}"
        try:
            caller = self._door.caller_of(connection)
            if caller is None and not self._door.is_open(scope):
                page = self._door.sign_in_page(connection)
                if page is not None:
                    await RedirectResponse(page, 303, {"Cache-Control": "no-store"})(scope, receive, send)
                    return
                raise CredentialsMissing("This needs an API key or a token")
            self._rate.take(caller.name if caller else address)
        except OnePieceError as error:
            try:
                if isinstance(error, CredentialsInvalid):
                    self._rate.take(address)  # guesses count too
            except OnePieceError as limited:
                error = limited
            await refuse(error, scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)


async def refuse(error: OnePieceError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request or a WebSocket's handshake with the error's envelope."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    await envelope(error.report)(scope, receive, send)


async def known(connection: HTTPConnection) -> Caller:
    """A dependency: the caller, whatever its roles."""
    return _caller(connection)


def require(*roles: Role) -> Callable[[HTTPConnection], Awaitable[Caller]]:
    """A dependency: the caller, who has one of the roles or manages the server."""

    # Asynchronous though it waits for nothing: otherwise each request would go through another thread for it.
    async def checked(connection: HTTPConnection) -> Caller:
        caller = _caller(connection)
        if caller.roles.isdisjoint(roles) and "dashboard:manage" not in caller.roles:
            raise RoleMissing(f"This needs the role {' or '.join(roles)}", role=roles[0])
        return caller

    return checked


def _caller(connection: HTTPConnection) -> Caller:
    caller: Caller | None = connection.state.caller
    if caller is None:
        raise CredentialsMissing("This needs an API key or a token")
    return caller
