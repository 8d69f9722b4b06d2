"""Keeps the locks of one process alive: a thread renews them until they are released."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from onepiece_core.errors import OnePieceError, StorageError, WorkfileLocked
from onepiece_core.journal import Owner
from onepiece_core.log import get_logger
from onepiece_core.workfiles import locks
from onepiece_core.workfiles.model import Lock

log = get_logger(__name__)


def _ignore(_workfile: Path, _error: OnePieceError) -> None:
    pass


class LockKeeper:
    """The locks that ``owner`` (this process) holds; leaving it releases them. Safe for threads.

    ``on_lost`` is called, on the keeper's thread, when somebody has stolen or removed one.
    """

    def __init__(
        self,
        *,
        owner: Owner | None = None,
        renew_seconds: float = locks.RENEW_SECONDS,
        on_lost: Callable[[Path, OnePieceError], None] = _ignore,
    ) -> None:
        self._owner = owner or Owner.me()
        self._renew_seconds = renew_seconds
        self._on_lost = on_lost
        self._held: set[Path] = set()
        self._mutex = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def held(self) -> frozenset[Path]:
        """The workfiles that are locked through this keeper."""
        with self._mutex:
            return frozenset(self._held)

    def take(self, workfile: Path, *, steal: bool = False) -> Lock:
        """Raises as :func:`locks.take`."""
        lock = locks.take(workfile, steal=steal, owner=self._owner)
        with self._mutex:
            self._held.add(workfile)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="onepiece-locks", daemon=True)
                self._thread.start()
        return lock

    def release(self, workfile: Path) -> bool:
        """Raises as :func:`locks.release`."""
        with self._mutex:
            self._held.discard(workfile)
        return locks.release(workfile, owner=self._owner)

    def end(self) -> None:
        """Release everything."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=60)
        for workfile in self.held:
            try:
                self.release(workfile)
            except OnePieceError as error:
                log.info("workfile.release_failed", path=str(workfile), error=error.report.code)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def _run(self) -> None:
        while not self._ended.wait(self._renew_seconds):
            for workfile in self.held:
                try:
                    locks.renew(workfile, owner=self._owner)
                except WorkfileLocked as error:
                    with self._mutex:
                        self._held.discard(workfile)
                    self._on_lost(workfile, error)
                except StorageError as error:
                    log.warning("workfile.renewal_failed", path=str(workfile), error=error.report.code)
