"""What is kept about telling: since when each rule exists, how far was read, and who wants to hear nothing of what."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from onepiece_core.config.models import NotifyEvent
from onepiece_core.errors import JournalError

EVENTS: tuple[NotifyEvent, ...] = get_args(NotifyEvent)
# A rule that nobody has seen for so long was taken away in the meantime: it begins anew.
_FORGOTTEN_SECONDS = 30 * 86_400.0

_SCHEMA = """
create table if not exists rules (
    event text primary key, since real not null, mark real not null, seen_at real not null
);
create table if not exists mutes (user text not null, event text not null, primary key (user, event));
pragma user_version = 1;
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """Seconds since the epoch when a rule was first seen, and how far its source was read."""

    since: float
    mark: float


class NotifyMemory:
    """A small file in the state folder; each call opens and closes it. Raises JournalError."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "notify.db"

    def find(self, event: NotifyEvent) -> Mark | None:
        """None for a rule that is new. A known one counts as seen now."""
        now = time.time()
        with self._change() as db:
            db.execute("delete from rules where event = ? and seen_at < ?", (event, now - _FORGOTTEN_SECONDS))
            rows = db.execute(
                "update rules set seen_at = ? where event = ? returning since, mark", (now, event)
            ).fetchall()
        return Mark(*rows[0]) if rows else None

    def note(self, event: NotifyEvent, mark: float | None = None) -> None:
        """A rule exists from now on; one that is known stays. ``mark``: left out, the time."""
        now = time.time()
        with self._change() as db:
            values = event, now, now if mark is None else mark, now
            db.execute("insert or ignore into rules values (?, ?, ?, ?)", values)

    def advance(self, event: NotifyEvent, mark: float) -> None:
        """Never back."""
        with self._change() as db:
            db.execute("update rules set mark = max(mark, ?) where event = ?", (mark, event))

    def mute(self, user: str, event: NotifyEvent) -> None:
        with self._change() as db:
            db.execute("insert or ignore into mutes values (?, ?)", (user.casefold(), event))

    def unmute(self, user: str, event: NotifyEvent) -> None:
        with self._change() as db:
            db.execute("delete from mutes where user = ? and event = ?", (user.casefold(), event))

    def list_mutes(self) -> list[tuple[str, str]]:
        with self._change() as db:
            return [(str(user), str(event)) for user, event in db.execute("select * from mutes order by user, event")]

    def is_muted(self, recipient: str, event: str) -> bool:
        """``recipient`` is an address; people may be muted by it, or by the name before the @."""
        address = recipient.casefold()
        names = address, address.split("@", maxsplit=1)[0]
        with self._change() as db:
            sql = "select 1 from mutes where user in (?, ?) and event = ?"
            return db.execute(sql, (*names, event)).fetchone() is not None

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as db:
                if db.execute("pragma user_version").fetchone()[0] < 1:
                    db.executescript(_SCHEMA)
                db.execute("begin immediate")
                yield db
                db.execute("commit")
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"The memory of messages cannot be used: {error}", path=str(self._path)) from error
