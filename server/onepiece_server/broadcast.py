"""Events for many clients: one thread asks for them, every stream gets what it finds."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from threading import Thread
from types import FrameType
from typing import Any, Generic, Protocol, TypeVar

from onepiece_core.errors import OnePieceError
from onepiece_core.log import get_logger

# A client that is this far behind is let go; it comes back with its Last-Event-ID.
_BEHIND = 1000
# The event loop is woken for so many at once.
_TOGETHER = 100
_AGAIN_SECONDS = 1.0
# A buffering proxy would keep events until there are many.
SSE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

log = get_logger(__name__)


class Numbered(Protocol):
    """``seq`` only grows."""

    @property
    def seq(self) -> int: ...


Event = TypeVar("Event", bound=Numbered)
First = TypeVar("First", bound=Numbered)


class Broadcast(Generic[Event, First]):
    """Lives as long as the app; ``start`` and ``end`` are called on its event loop.

    Args:
        follow: events after a number, or from now on, as they happen; None where it has found all that there are.
        first: what a client gets that has seen nothing yet; its ``seq`` is that of the last event that it holds.
        name: of the thread.
    """

    def __init__(
        self,
        follow: Callable[[int | None], Iterator[Event | None]],
        *,
        name: str,
        first: Callable[[], First] | None = None,
    ) -> None:
        self._events, self._first, self._name = follow, first, name
        self._listening: set[asyncio.Queue[Event | None]] = set()
        self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        Thread(target=self._follow, name=self._name, daemon=True).start()
        self._end_when_told()

    def _end_when_told(self) -> None:
        """A server that is told to end waits for its streams, and only then for the app."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)
            if callable(before):
                signal.signal(number, partial(self._told_to_end, before))

    def _told_to_end(self, before: Any, number: int, frame: FrameType | None) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.end)
        before(number, frame)

    def end(self) -> None:
        """Every stream ends."""
        self._ended = True
        for queue in list(self._listening):
            self._let_go(queue)

    async def listen(self, after: int | None, keep_alive_seconds: float) -> AsyncIterator[Event | First | None]:
        """What comes first, or what happened after ``after``; then events; None where a sign of life is due."""
        if self._loop is None:
            self.start()
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_BEHIND + 1)
        self._listening.add(queue)
        seen = after or 0
        try:
            if after is None:
                if self._first is not None:
                    begins_with = await asyncio.to_thread(self._first)
                    seen = begins_with.seq
                    yield begins_with
            else:
                for missed in await asyncio.to_thread(lambda: list(self._missed(after))):
                    seen = missed.seq
                    yield missed
            while not self._ended:
                try:
                    event = await asyncio.wait_for(queue.get(), keep_alive_seconds)
                except TimeoutError:
                    yield None
                    continue
                if event is None:
                    return
                if event.seq > seen:
                    seen = event.seq
                    yield event
        finally:
            self._listening.discard(queue)

    def _missed(self, after: int) -> Iterator[Event]:
        for event in self._events(after):
            if event is None:
                return
            yield event

    def _follow(self) -> None:
        import time

        after: int | None = None
        found: list[Event] = []
        while not self._ended:
            try:
                for event in self._events(after):
                    if self._ended:
                        return
                    if event is not None:
                        after = event.seq
                        found.append(event)
                    if found and (event is None or len(found) >= _TOGETHER):
                        self._tell(found)
                        found = []
            except OnePieceError as error:
                log.warning("server.events_interrupted", code=error.report.code)
            time.sleep(_AGAIN_SECONDS)

    def _tell(self, events: list[Event]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._put, events)
        except RuntimeError:  # the loop is gone: so are its clients
            self._ended = True

    def _put(self, events: list[Event]) -> None:
        for queue in list(self._listening):
            if queue.qsize() + len(events) > _BEHIND:
                self._let_go(queue)
                continue
            for event in events:
                queue.put_nowait(event)

    def _let_go(self, queue: asyncio.Queue[Event | None]) -> None:
        self._listening.discard(queue)
        if not queue.full():
            queue.put_nowait(None)
