"""Trafalgar, the server: who asks, and what a request may be."""

from __future__ import annotations

from onepiece_core.errors.base import OnePieceError


class ServerError(OnePieceError):
    code = "server.failed"


class RequestInvalid(ServerError):
    """A body, query or path that does not fit the route."""

    code = "server.request_invalid"


class RouteMissing(ServerError):
    code = "server.not_found"


class MethodNotAllowed(ServerError):
    code = "server.method_not_allowed"


class BodyTooLarge(ServerError):
    code = "server.body_too_large"


class BodyTooSlow(ServerError):
    """A body that does not arrive in time."""

    code = "server.body_too_slow"


class RangeNotThere(ServerError):
    """A part of a log that does not exist, or not yet."""

    code = "server.range_not_there"


class RateLimited(ServerError):
    code = "server.rate_limited"
    hint = "Wait as long as Retry-After says."


class ServerUnreachable(ServerError):
    """The server does not answer at its address."""

    code = "server.unreachable"
    hint = "Check the address (--server, TRAFALGAR_URL) and that the server runs: `onepiece server run`."


class ServerAnswerInvalid(ServerError):
    """What answered is no render service, or another release of it."""

    code = "server.answer_invalid"


class AuditBroken(ServerError):
    """The record of who changed what was changed itself, or cannot be written."""

    code = "server.audit_broken"


class AuthError(OnePieceError):
    """The server does not do this for whoever asks."""

    code = "auth.failed"


class CredentialsMissing(AuthError):
    code = "auth.missing"
    hint = "Send an API key and its secret, or a bearer token."


class CredentialsInvalid(AuthError):
    """Unknown, wrong, expired: a caller is not told which."""

    code = "auth.invalid"


class RoleMissing(AuthError):
    code = "auth.forbidden"


class CrossOrigin(AuthError):
    """A browser that is signed in here sent what a page of another site asked it to."""

    code = "auth.cross_origin"
    hint = "Do it on the server's own pages, or send an API key."


class CredentialsUnusable(AuthError):
    """The server's own list of keys is missing or broken; nobody is let in."""

    code = "auth.unusable"
    hint = "Repair the file or the variable that holds the keys."
