"""Personal sessions at a site, kept in the system's keyring: artists carry no script key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from onepiece_core.errors import KeyringUnavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

# How the keyring shows our entries; the site's address is the account.
SERVICE = "OnePiece ShotGrid session"


class PersonalSession(BaseModel):
    """Who is signed in at ``site``, and the token that says so."""

    model_config = ConfigDict(frozen=True)

    site: str
    login: str
    token: SecretStr


def sign_in(url: str, login: str, password: str, *, one_time_code: str | None = None, timeout_seconds: float) -> str:
    """A new session of a person; its token. Sent once.

    Raises:
        TrackerDenied: the site does not know this login and password; with ``reason`` ``one_time_code`` in its context
            where it asks for such a code.
        TrackerError: the site cannot be asked.
    """
    from onepiece_core.tracker.shotgrid import ShotgridTracker

    tracker = ShotgridTracker(
        url, "", "", identity={"login": login, "password": password}, timeout_seconds=timeout_seconds
    )
    try:
        return tracker.new_session(one_time_code)
    finally:
        tracker.close()


def find_session(site: str) -> PersonalSession | None:
    """The session at a site; None when nobody is signed in there, or this machine has no keyring."""
    try:
        with _keyring() as ring:
            told = ring.get_password(SERVICE, _account(site))
    except KeyringUnavailable:
        return None
    return _parse(site, told) if told else None


def keep_session(session: PersonalSession) -> None:
    """In place of an earlier one at that site. Raises KeyringUnavailable."""
    told = json.dumps({"login": session.login, "token": session.token.get_secret_value()})
    with _keyring() as ring:
        ring.set_password(SERVICE, _account(session.site), told)
        is_kept = ring.get_password(SERVICE, _account(session.site)) == told
    if not is_kept:
        raise KeyringUnavailable("The keyring of this machine keeps nothing.")


def forget_session(site: str) -> bool:
    """False when there was none. Raises KeyringUnavailable."""
    with _keyring() as ring:
        if not ring.get_password(SERVICE, _account(site)):
            return False
        ring.delete_password(SERVICE, _account(site))
    return True


def _account(site: str) -> str:
    return site.rstrip("/").lower()


def _parse(site: str, told: str) -> PersonalSession | None:
    """What somebody else wrote there is no session."""
    try:
        return PersonalSession.model_validate({**json.loads(told), "site": site.rstrip("/")})
    except (ValidationError, ValueError, TypeError):
        return None


@contextmanager
def _keyring() -> Iterator[KeyringBackend]:
    """The backend that the system, or the user's keyringrc.cfg, chooses. Raises KeyringUnavailable."""
    import keyring
    from keyring.errors import KeyringError

    try:
        yield keyring.get_keyring()
    except KeyringUnavailable:
        raise
    except (KeyringError, ImportError, OSError, RuntimeError) as cause:
        # The message of a backend never holds what it keeps; its type is enough all the same.
        raise KeyringUnavailable(
            f"The keyring of this machine cannot be used: {type(cause).__name__}.", backend=type(cause).__module__
        ) from None
