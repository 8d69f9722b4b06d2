"""Who may look: a browser that brought a ticket, which only the owner of the script's key can ask for.

A ticket opens the page once, within a minute; then a cookie does. Both live in memory alone: after a restart of the
site nobody is in.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict

from onepiece_server.sandbox.shotgrid import secret
from onepiece_server.sandbox.shotgrid.site import Site

TICKET_SECONDS = 60.0
SESSION_SECONDS = 12 * 3600.0
_MOST = 64
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Passes:
    """Random words that are good for a while. Only their digests are kept; the oldest make room for new ones."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._ends: OrderedDict[bytes, float] = OrderedDict()

    def new(self) -> str:
        word = secrets.token_urlsafe(24)
        with self._lock:
            self._ends[_digest(word)] = time.monotonic() + self._seconds
            while len(self._ends) > _MOST:
                self._ends.popitem(last=False)
        return word

    def is_good(self, word: str) -> bool:
        with self._lock:
            return self._ends.get(_digest(word), 0.0) > time.monotonic()

    def take(self, word: str) -> bool:
        """Whether the word is good; from now on it is not."""
        with self._lock:
            return self._ends.pop(_digest(word), 0.0) > time.monotonic()


class Gate:
    """The tickets and sessions of one site's page."""

    def __init__(self) -> None:
        self.tickets = Passes(TICKET_SECONDS)
        self._sessions = Passes(SESSION_SECONDS)

    def enter(self, ticket: str) -> str | None:
        """A session for a ticket; None for one that is wrong, used or too old."""
        return self._sessions.new() if self.tickets.take(ticket) else None

    def is_open(self, session: str | None) -> bool:
        return session is not None and self._sessions.is_good(session)


def knows_key(site: Site, authorization: str | None) -> bool:
    """Whether an ``Authorization`` header brings the script user's key."""
    kind, _, key = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not key:
        return False
    with site.database.read() as connection:
        user_id = viewer_id(site)
        return user_id is not None and secret.is_secret(connection, "ApiUser", user_id, key.strip())


def viewer_id(site: Site) -> int | None:
    """The script user, as whom the page reads."""
    with site.database.read() as connection:
        sql = "SELECT id FROM ApiUser WHERE firstname=? AND sg_status_list='act' AND \"__retired\"=0"
        found: tuple[int] | None = connection.execute(sql, [site.options.script_name]).fetchone()
    return found[0] if found else None


def is_loopback(host: str | None) -> bool:
    """Whether a ``Host`` header names this machine: a name that somebody points at 127.0.0.1 gets nothing."""
    name, _, port = (host or "").rpartition(":")
    return (name if port.isdigit() else host or "").lower() in _LOOPBACK


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
