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

from onepiece_server.sandbox.shotgrid.auth import authenticate
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.site import Site

TICKET_SECONDS = 60.0
SESSION_SECONDS = 12 * 3600.0
_MOST = 64


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
    if kind.lower() != "bearer":
        return False
    try:
        authenticate(site, {"script_name": site.options.script_name, "script_key": key.strip()}, "")
    except Fault:
        return False
    return True


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
