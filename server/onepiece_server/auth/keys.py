"""API keys: secrets are kept hashed, compared as bytes in constant time, and never shown again."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Protocol, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from onepiece_core.errors import CredentialsInvalid, CredentialsUnusable

Role = Literal[
    "render:read",
    "render:submit",
    "render:manage",
    "ingest:read",
    "review:read",
    "dashboard:read",
    "dashboard:manage",
]
ROLES: tuple[Role, ...] = get_args(Role)
KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
# What the dashboard's token may: all that the pages show, and nothing that changes anything.
DASHBOARD_ROLES: frozenset[Role] = frozenset({"dashboard:read", "review:read", "ingest:read", "render:read"})
_SECRET_SHORTEST = 16


class Credential(BaseModel):
    """One key. ``secret`` in clear is taken from what people write by hand and hashed at once.

    Attributes:
        secret_hash: ``sha256$SALT$HEX``. Secrets are long and random, so a slow hash would win nothing.
        expires_at: seconds since the epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: KeyId
    secret: str | None = Field(None, min_length=_SECRET_SHORTEST, max_length=1024, repr=False, exclude=True)
    secret_hash: str | None = Field(None, pattern=r"^sha256\$[0-9a-f]{32}\$[0-9a-f]{64}$", repr=False)
    roles: frozenset[Role]
    expires_at: float | None = None

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        if (self.secret is None) == (self.secret_hash is None):
            raise ValueError("give one of secret and secret_hash")
        return self


class Caller(BaseModel, frozen=True):
    """Who asks, known by a key.

    Attributes:
        mark: which secret it was known by, without telling it; another one after the key was renewed.
    """

    name: str
    roles: frozenset[Role]
    mark: str = Field("", repr=False)


_LIST = TypeAdapter(list[Credential])


class KeyRing(Protocol):
    """Who is let in, by the keys of now. Raises CredentialsInvalid.

    Attributes:
        problem: why they are not those that they should be.
    """

    @property
    def problem(self) -> str | None: ...

    def __len__(self) -> int: ...

    def authenticate(self, key: str, secret: str) -> Caller: ...

    def authenticate_token(self, token: str) -> Caller: ...

    def recall(self, name: str, mark: str) -> Caller | None: ...


class Keys:
    """The keys that a server lets in."""

    problem: str | None = None

    def __init__(self, credentials: Iterable[Credential], dashboard_token: str | None = None) -> None:
        self._hashes: dict[str, tuple[str, Credential]] = {}
        for each in credentials:
            if each.key in self._hashes:
                raise CredentialsUnusable(f"The key {each.key} is there twice")
            self._hashes[each.key] = (each.secret_hash or _hash_of_clear(each), each)
        self._nobody = hash_secret(secrets.token_urlsafe(32))
        self._dashboard = dashboard_token.encode() if dashboard_token else None
        self._dashboard_mark = _mark(f"dashboard {dashboard_token}") if dashboard_token else None

    def __len__(self) -> int:
        return len(self._hashes) + (self._dashboard is not None)

    def authenticate(self, key: str, secret: str) -> Caller:
        """Raises CredentialsInvalid; an unknown key takes as long as a wrong secret."""
        stored, found = self._hashes.get(key, (self._nobody, None))
        is_right = _matches(secret, stored)
        if found is None or not is_right or _has_ended(found):
            raise CredentialsInvalid("The key or its secret is not valid")
        return Caller(name=found.key, roles=found.roles, mark=_mark(stored))

    def authenticate_token(self, token: str) -> Caller:
        """``KEY.SECRET``, or the dashboard's token."""
        if self._dashboard and hmac.compare_digest(_bytes(token), self._dashboard):
            return self._of_dashboard()
        key, _, secret = token.partition(".")
        return self.authenticate(key, secret)

    def recall(self, name: str, mark: str) -> Caller | None:
        """Who was let in before, with the roles of now; None once its key has ended, or has another secret."""
        if mark == self._dashboard_mark:
            return self._of_dashboard()
        stored, found = self._hashes.get(name, (self._nobody, None))
        if found is None or _mark(stored) != mark or _has_ended(found):
            return None
        return Caller(name=name, roles=found.roles, mark=mark)

    def _of_dashboard(self) -> Caller:
        return Caller(name="dashboard", roles=DASHBOARD_ROLES, mark=self._dashboard_mark or "")


def hash_secret(secret: str) -> str:
    return _hashed(secrets.token_hex(16), secret)


def _hash_of_clear(credential: Credential) -> str:
    """The same in every process, as a hash in the file is: sessions are known by it."""
    salt = hashlib.sha256(f"onepiece key {credential.key}".encode()).hexdigest()[:32]
    return _hashed(salt, credential.secret or "")


def _hashed(salt: str, secret: str) -> str:
    return f"sha256${salt}${_digest(salt, secret)}"


def _mark(stored: str) -> str:
    return hashlib.sha256(f"onepiece session {stored}".encode("utf-8", "surrogateescape")).hexdigest()


def _has_ended(credential: Credential) -> bool:
    return credential.expires_at is not None and credential.expires_at <= time.time()


def read_credentials(file: Path | None, inline: str | None) -> list[Credential]:
    """The keys of the file and of the text, together. Raises CredentialsUnusable, which never quotes them."""
    found: list[Credential] = []
    if file is not None:
        try:
            found += _parse(file.read_text(encoding="utf-8"), str(file))
        except (OSError, UnicodeError) as cause:
            raise CredentialsUnusable(f"The keys cannot be read: {file}", file=str(file)) from cause
    if inline is not None:
        found += _parse(inline, "the environment")
    return found


def _parse(text: str, where: str) -> list[Credential]:
    try:
        values = json.loads(text)
        return _LIST.validate_python(values["keys"] if isinstance(values, Mapping) else values)
    except (ValueError, KeyError, RecursionError) as cause:
        problem = "is no JSON list of keys"
        if isinstance(cause, ValidationError):
            first = cause.errors(include_input=False, include_context=False, include_url=False)[0]
            problem = f"{'.'.join(str(part) for part in first['loc'] if isinstance(part, int))}: {first['type']}"
        raise CredentialsUnusable(f"The keys of {where} cannot be used: {problem}") from None


def _matches(secret: str, stored: str) -> bool:
    _, salt, digest = stored.split("$")
    return hmac.compare_digest(_digest(salt, secret), digest)


def _digest(salt: str, secret: str) -> str:
    return hashlib.sha256(salt.encode() + _bytes(secret)).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
