"""What every answer tells a browser: run nothing but the server's own files, show it in no other page's frame."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


_RAW = [(name.lower().encode(), value.encode()) for name, value in _ALWAYS.items()]
_NAMES = frozenset(name for name, _ in _RAW)


class SecurityHeaders:
    """ASGI: no answer leaves without them, failures included. There is no CORS: other sites' pages read nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    pair for pair in message.get("headers", ()) if pair[0].lower() not in _NAMES
                ] + _RAW
            await send(message)

        await self._app(scope, receive, sending)
