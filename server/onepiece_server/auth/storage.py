"""The file of API keys: made, listed, revoked and renewed. A secret is shown once, when it is made."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import CredentialsUnusable
from onepiece_core.filesystems import make_folders, write_file
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
    known = list_keys(file)
    if any(each.key == key for each in known):
        raise CredentialsUnusable(f"The key {key} is there already", hint="Rotate it, or take another name.", key=key)
    secret = secrets.token_urlsafe(32)
    expires_at = None if days is None else time.time() + days * 86400
    made = Credential(key=key, secret_hash=hash_secret(secret), roles=frozenset(roles), expires_at=expires_at)
    _write(file, [*known, made])
    return MadeKey(key, secret)


def rotate_key(file: Path, key: str) -> MadeKey:
    """A new secret for a key, which keeps its roles and its end."""
    known = list_keys(file)
    _require(known, key)
    secret = secrets.token_urlsafe(32)
    renewed = {"secret_hash": hash_secret(secret)}
    _write(file, [each.model_copy(update=renewed) if each.key == key else each for each in known])
    return MadeKey(key, secret)


def revoke_key(file: Path, key: str) -> None:
    known = list_keys(file)
    _require(known, key)
    _write(file, [each for each in known if each.key != key])


def _require(known: list[Credential], key: str) -> None:
    if all(each.key != key for each in known):
        raise CredentialsUnusable(f"There is no key {key}", key=key)


def _write(file: Path, credentials: list[Credential]) -> None:
    keys = [
        {
            **each.model_dump(mode="json", exclude={"secret"}),
            "secret_hash": each.secret_hash or hash_secret(each.secret or ""),
        }
        for each in credentials
    ]
    make_folders(file.parent)
    write_file(file, (json.dumps({"keys": keys}, indent=1) + "\n").encode())
    file.chmod(0o600)
