"""The file of API keys: made, listed, revoked and renewed. A secret is shown once, when it is made.

Whoever changes it holds its lock; whoever reads it sees the file before a change or after it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import CredentialsUnusable
from onepiece_core.filesystems import make_folders, write_file
from onepiece_core.storage.locking import file_lock
from onepiece_server.auth.keys import Credential, Role, hash_secret, read_credentials


@dataclass(frozen=True, slots=True)
class MadeKey:
    """What its owner needs: nobody can read the secret again."""

    key: str
    secret: str


def list_keys(file: Path) -> list[Credential]:
    """Those of the file; none where it is not there. Raises CredentialsUnusable."""
    return read_credentials(file, None) if file.exists() else []


def add_key(file: Path, key: str, roles: Iterable[Role], *, days: float | None = None) -> MadeKey:
    """Raises CredentialsUnusable for a key that is there already."""
    secret = secrets.token_urlsafe(32)
    expires_at = None if days is None else time.time() + days * 86400
    made = Credential(key=key, secret_hash=hash_secret(secret), roles=frozenset(roles), expires_at=expires_at)
    with _changing(file) as known:
        if any(each.key == key for each in known):
            raise CredentialsUnusable(
                f"The key {key} is there already", hint="Rotate it, or take another name.", key=key
            )
        known.append(made)
    return MadeKey(key, secret)


def rotate_key(file: Path, key: str) -> MadeKey:
    """A new secret for a key, which keeps its roles and its end."""
    secret = secrets.token_urlsafe(32)
    renewed = {"secret": None, "secret_hash": hash_secret(secret)}
    with _changing(file) as known:
        at = _position(known, key)
        known[at] = known[at].model_copy(update=renewed)
    return MadeKey(key, secret)


def revoke_key(file: Path, key: str) -> None:
    with _changing(file) as known:
        del known[_position(known, key)]


def _position(known: list[Credential], key: str) -> int:
    for at, each in enumerate(known):
        if each.key == key:
            return at
    raise CredentialsUnusable(f"There is no key {key}", key=key)


@contextmanager
def _changing(file: Path) -> Iterator[list[Credential]]:
    """The keys of now; what the caller makes of them is written, unless it raises."""
    make_folders(file.parent)
    with file_lock(file.with_name(f".{file.name}.lock")):
        known = list_keys(file)
        yield known
        _write(file, known)


def _write(file: Path, credentials: list[Credential]) -> None:
    keys = [
        {
            **each.model_dump(mode="json", exclude={"secret"}),
            "secret_hash": each.secret_hash or hash_secret(each.secret or ""),
        }
        for each in credentials
    ]
    write_file(file, (json.dumps({"keys": keys}, indent=1) + "\n").encode(), mode=0o600)
