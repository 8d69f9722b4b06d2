"""Small pictures for the lists of a panel: the worker makes them, a few at a time, and only of what is looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from onepiece_hosts.worker import Worker

# Under way at once: the worker has better things to do.
_AT_ONCE = 3
# What scrolled by long ago is not made any more.
_WAITING = 60


class Thumbnails:
    """Pictures by the file that they show. ``on_change`` is called when one has arrived."""

    def __init__(self, worker: Worker, on_change: Callable[[], None]) -> None:
        self._worker = worker
        self._on_change = on_change
        self._known: dict[str, str | None] = {}
        self._waiting: deque[str] = deque(maxlen=_WAITING)
        self._asked: set[str] = set()
        self._is_off = False

    def find(self, path: str | None) -> str | None:
        """The PNG or JPEG on this machine that shows ``path``; None while there is none. Asks for it, once."""
        if not path:
            return None
        if path not in self._known and path not in self._asked and path not in self._waiting and not self._is_off:
            self._waiting.append(path)
            self._go_on()
        return self._known.get(path)

    def forget(self) -> None:
        """Ask again for what there was no picture of."""
        self._known = {path: picture for path, picture in self._known.items() if picture}
        self._is_off = False

    def close(self) -> None:
        """Nobody looks any more."""
        self._is_off = True
        self._waiting.clear()

    def _go_on(self) -> None:
        while self._waiting and len(self._asked) < _AT_ONCE:
            self._ask(self._waiting.pop())  # the newest first: that is what is on the screen

    def _ask(self, path: str) -> None:
        self._asked.add(path)

        def answered(told: Mapping[str, Any]) -> None:
            self._asked.discard(path)
            self._known[path] = told.get("file")
            self._go_on()
            if self._known[path] and not self._is_off:
                self._on_change()

        def failed(_: Any) -> None:
            # A worker that is missing or dead is not started again for a picture.
            self._asked.discard(path)
            self.close()

        self._worker.request("thumbnail", {"path": path}, on_result=answered, on_error=failed)
