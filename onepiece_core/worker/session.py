"""What a worker has at hand while a host is open: settings, tracker, kept answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from onepiece_core.config import Settings
from onepiece_core.errors import OnePieceError, TrackerNotConfigured, TrackerUnavailable
from onepiece_core.journal import Journal
from onepiece_core.log import get_logger
from onepiece_core.progress import Reporter
from onepiece_core.publish.build import build_parts
from onepiece_core.publish.parts import PublishParts
from onepiece_core.tracker.cache import Cached, TrackerCache
from onepiece_core.tracker.tracker import Tracker
from onepiece_core.workfiles.keeper import LockKeeper

log = get_logger(__name__)

# How often the site's event log is read while a host is open.
FOLLOW_SECONDS = 5.0


@dataclass
class Session:
    """One host's worker. Safe for the worker's threads.

    Attributes:
        user: the login of the artist, at the tracker and on this machine.
        tracker: None when no site is configured, or nobody is signed in yet.
        environ: what a DCC that is started from here inherits.
        is_online: whether the site has answered the last question; None before the first.
        sign_in: looks again whether somebody has signed in: the login, the tracker and its cache.
    """

    settings: Settings
    state_dir: Path
    user: str
    tracker: Tracker | None
    cache: TrackerCache | None
    environ: Mapping[str, str] = field(default_factory=dict)
    is_online: bool | None = None
    sign_in: Callable[[], tuple[str, Tracker, TrackerCache] | None] | None = None
    _asked: dict[str, tuple[tuple[str, ...], Callable[[], Any]]] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def find_site(self) -> Tracker | None:
        """The tracker; None where none is configured, or nobody has signed in so far."""
        if self.tracker is None and self.sign_in is not None and (signed_in := self.sign_in()) is not None:
            self.user, self.tracker, self.cache = signed_in
        return self.tracker

    def site(self) -> Tracker:
        """The tracker. Raises TrackerNotConfigured."""
        if self.find_site() is None or self.tracker is None:
            if url := self.settings.shotgrid.url:
                raise TrackerNotConfigured(
                    f"Nobody is signed in at {url}.", hint="Sign in with `onepiece login`, then try again."
                )
            raise TrackerNotConfigured("No ShotGrid site is configured.", hint="`onepiece profile` shows the settings.")
        return self.tracker

    def parts(self, reporter: Reporter, show_code: str | None = None) -> PublishParts:
        """The parts of a publish, reporting to ``reporter``."""
        return build_parts(self.settings, self.state_dir, reporter, show_code=show_code)

    @cached_property
    def journal(self) -> Journal:
        """The operations of this machine."""
        return Journal(self.state_dir)

    @cached_property
    def locks(self) -> LockKeeper:
        """The workfiles that the host has open."""
        return LockKeeper()

    def items(self, key: str, types: Iterable[str], ask: Callable[[], list[Any]]) -> dict[str, Any]:
        """A list for a panel: from the cache where it can be, and then with its age."""
        found = self.kept(key, types, ask)
        return {"items": found.value, "from_cache": found.age_seconds is not None, "age_seconds": found.age_seconds}

    def kept(self, key: str, types: Iterable[str], ask: Callable[[], Any]) -> Cached:
        """An answer of the tracker, from the cache where it can be; events about ``types`` make it outdated."""
        self.site()
        assert self.cache is not None
        about = tuple(types)
        self._asked[key] = (about, ask)
        return self.cache.get(key, about, lambda: self._watched(ask))

    def _watched(self, ask: Callable[[], Any]) -> Any:
        """Whether the site is there, every question tells."""
        try:
            value = ask()
        except TrackerUnavailable:
            self.is_online = False
            raise
        self.is_online = True
        return value

    def follow(self) -> None:
        """Keep the answers warm until :meth:`end`: what the event log makes outdated is asked for again."""
        while not self._ended.wait(FOLLOW_SECONDS):
            self.follow_once()

    def follow_once(self) -> None:
        if self.cache is None:
            return
        try:
            for key in self.cache.follow():
                if key in self._asked:
                    self.cache.renew(key, *self._asked[key])
            self.is_online = True
        except OnePieceError as error:
            self.is_online = False
            log.info("worker.follow_failed", code=error.report.code)

    def end(self) -> None:
        self._ended.set()
        self.locks.end()
