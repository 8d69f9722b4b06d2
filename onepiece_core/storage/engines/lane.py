"""Many small files at once by one thread.

Python threads that each wait for one small reply spend more time handing the interpreter to each other than on files.
Here one thread begins the requests of all, and takes each file up again when its reply is there. What has to wait goes
to threads of its own: large files, requests that must be repeated, and all files when the disk turns out to be slow.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Protocol

from onepiece_core.errors import OnePieceError
from onepiece_core.storage.engine import Download, Moved, NotMoved, Upload
from onepiece_core.storage.s3.calls import Call, go_on
from onepiece_core.storage.s3.pool import First, Outcome, Pool, Request
from onepiece_core.storage.s3.wire import LiveExchange, Reply, UnusualReply, WireError

Item = Upload | Download
Results = list[Moved | NotMoved]
# Results are handed over in groups: each time costs a change of threads.
_GROUP = 32
_GROUP_SECONDS = 0.05
# A thread that waited for its disk for half of this time or more leaves files to several.
_LOOK_AFTER_SECONDS = 0.3
# Every so manieth step is timed; an odd number, for begins and ends of files come in turns.
_SAMPLE = 7


class Mover(Protocol):
    """How one item is moved, as a call where it is small; see ``BucketMover``."""

    def begin(self, item: Item) -> Call[Results] | None: ...

    def move(self, item: Item) -> Results: ...


class Judge(Protocol):
    """What a failure means. Each method may raise, which ends the run."""

    def check(self, item: Item) -> None: ...

    def arrived(self) -> None: ...

    def failed(self, item: Item, error: OnePieceError) -> Results: ...


@dataclass(slots=True)
class _Busy:
    """A small file whose reply is awaited."""

    item: Item
    call: Call[Results]
    request: Request
    exchange: LiveExchange
    until: float


def run_lane(
    pool: Pool, mover: Mover, judge: Judge, items: Iterable[Item], *, jobs: int, small: int
) -> Iterator[Results]:
    """Move ``items``, which are taken when there is room for them: ``small`` ones at a time, and on ``jobs`` threads.

    The first exception, of ``items`` too, is raised after what had begun has ended; so does whoever closes this
    iterator early.
    """
    lane = _Lane(pool, mover, judge, iter(items), jobs, small)
    thread = threading.Thread(target=lane.run, name="onepiece-lane", daemon=True)
    thread.start()
    try:
        while (landed := lane.landed.get()) is not None:
            yield landed
    finally:
        lane.stop()
        thread.join()
    if lane.error is not None:
        raise lane.error


class _Lane:
    def __init__(self, pool: Pool, mover: Mover, judge: Judge, items: Iterator[Item], jobs: int, small: int) -> None:
        self._pool = pool
        self._mover = mover
        self._judge = judge
        self._items = items
        self._jobs = jobs
        self._small = small
        self._lock = threading.Lock()
        self._stopped = False
        self._is_empty = False
        self._busy: dict[LiveExchange, _Busy] = {}
        self._idle: list[LiveExchange] = []
        self._waiting = 0  # jobs of other threads
        self._group: Results = []
        self._group_since = 0.0
        self._began = time.monotonic()
        self._disk_seconds = 0.0
        self._steps = 0
        self._needs_threads = False
        self._selector = selectors.DefaultSelector()
        self._wake, self._bell = socket.socketpair()
        self._threads: ThreadPoolExecutor | None = None
        self.landed: SimpleQueue[Results | None] = SimpleQueue()
        self.error: BaseException | None = None

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped = True

    def run(self) -> None:
        """All of it, on the lane's own thread."""
        self._wake.setblocking(False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        try:
            while True:
                self._fill()
                if not self._busy and not self._waiting:
                    break
                self._turn()
        except BaseException as error:  # raised again by the thread that reads
            self._fail(error)
        finally:
            self._close()
            self.landed.put(None)

    def _fill(self) -> None:
        """Begin as many items as there is room for."""
        while not self._stopped and not self._is_empty and self._has_room():
            try:
                item = next(self._items)
            except StopIteration:
                self._is_empty = True
                return
            except BaseException as error:
                self._fail(error)
                return
            self._begin(item)

    def _has_room(self) -> bool:
        return self._waiting < self._jobs and self._waiting + len(self._busy) < self._small

    def _begin(self, item: Item) -> None:
        call = None if self._needs_threads else self._mover.begin(item)
        if call is None:
            self._give_away(item, partial(self._mover.move, item))
            return
        self._step(item, call, None)

    def _step(self, item: Item, call: Call[Results], outcome: Outcome | None) -> None:
        """Take a call up to its next request, or to its end."""
        try:
            if outcome is None:
                self._judge.check(item)
            request = self._timed(partial(next, call) if outcome is None else partial(call.send, outcome))
        except StopIteration as done:
            self._judge.arrived()
            self._land(done.value)
        except OnePieceError as error:
            self._land_error(item, error)
        except BaseException as error:
            self._fail(error)
        else:
            self._ask(item, call, request)

    def _timed(self, work: Callable[[], Request]) -> Request:
        """Tell apart what this thread does from what it waits for."""
        self._steps += 1
        if self._needs_threads or self._steps % _SAMPLE:
            return work()
        began, worked = time.monotonic(), time.thread_time()
        try:
            return work()
        finally:
            now = time.monotonic()
            self._disk_seconds += _SAMPLE * ((now - began) - (time.thread_time() - worked))
            elapsed = now - self._began
            self._needs_threads = elapsed > _LOOK_AFTER_SECONDS and self._disk_seconds > elapsed / 2

    def _ask(self, item: Item, call: Call[Results], request: Request) -> None:
        try:
            head = self._pool.head_of(request)
            exchange = self._connected()
        except OSError:
            # The pool knows how to go on.
            self._give_away(item, partial(go_on, self._pool, call, request))
            return
        busy = _Busy(item, call, request, exchange, time.monotonic() + self._pool.read_seconds)
        self._busy[exchange] = busy
        exchange.begin(head, request.body)
        self._send(busy)

    def _connected(self) -> LiveExchange:
        address = self._pool.target.address
        while self._idle:
            exchange = self._idle.pop()
            if exchange.address == address:
                return exchange
            self._hang_up(exchange)
        exchange = LiveExchange(self._pool.open_socket(), address)
        self._selector.register(exchange.sock, selectors.EVENT_READ, exchange)
        return exchange

    def _hang_up(self, exchange: LiveExchange) -> None:
        self._selector.unregister(exchange.sock)
        exchange.sock.close()

    def _send(self, busy: _Busy) -> None:
        try:
            is_sent = busy.exchange.send()
        except OSError:
            # A server that refuses early replies first and then closes.
            is_sent = True
        self._watch(busy.exchange, selectors.EVENT_READ if is_sent else selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _watch(self, exchange: LiveExchange, events: int) -> None:
        if exchange.events != events:
            exchange.events = events
            self._selector.modify(exchange.sock, events, exchange)

    def _turn(self) -> None:
        """Take up what has news."""
        self._hand_over(is_due=False)
        for key, events in self._selector.select(_GROUP_SECONDS):
            exchange: LiveExchange | None = key.data
            if exchange is None:
                self._hear_bell()
            elif (busy := self._busy.get(exchange)) is None:
                # The server is tired of waiting.
                if exchange in self._idle:
                    self._idle.remove(exchange)
                    self._hang_up(exchange)
            else:
                if events & selectors.EVENT_WRITE:
                    self._send(busy)
                if events & selectors.EVENT_READ:
                    self._receive(busy)
        now = time.monotonic()
        for busy in [busy for busy in self._busy.values() if busy.until < now]:
            self._leave(busy, TimeoutError("the server said nothing"))

    def _receive(self, busy: _Busy) -> None:
        try:
            reply = busy.exchange.receive()
        except (OSError, WireError) as error:
            # Who answers so once will do so again.
            self._needs_threads = self._needs_threads or isinstance(error, UnusualReply)
            self._leave(busy, error)
            return
        if reply is None:
            busy.until = time.monotonic() + self._pool.read_seconds
            return
        outcome = Outcome(reply, False)
        if not 200 <= reply.status < 300:
            self._leave(busy, outcome)
            return
        self._free(busy, reply)
        self._step(busy.item, busy.call, outcome)

    def _leave(self, busy: _Busy, first: First) -> None:
        """The rest of a call whose first attempt was no success needs patience."""
        self._free(busy, first.reply if isinstance(first, Outcome) else None)
        self._give_away(busy.item, partial(go_on, self._pool, busy.call, busy.request, first))

    def _free(self, busy: _Busy, reply: Reply | None) -> None:
        exchange = busy.exchange
        del self._busy[exchange]
        if reply is None or exchange.is_sending or reply.headers.get("connection", "").lower() == "close":
            self._hang_up(exchange)
        else:
            self._idle.append(exchange)

    def _give_away(self, item: Item, work: Callable[[], Results]) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._jobs, thread_name_prefix="onepiece-move")
        self._waiting += 1
        self._threads.submit(self._work, item, work)

    def _work(self, item: Item, work: Callable[[], Results]) -> None:
        """On another thread."""
        try:
            try:
                self._judge.check(item)
                results = work()
            except OnePieceError as error:
                results = self._judge.failed(item, error)
            else:
                self._judge.arrived()
            self.landed.put(results)
        except BaseException as error:
            self._fail(error)
        finally:
            self._bell.send(b"\0")

    def _hear_bell(self) -> None:
        self._waiting -= len(self._wake.recv(4096))

    def _land_error(self, item: Item, error: OnePieceError) -> None:
        try:
            self._land(self._judge.failed(item, error))
        except BaseException as final:
            self._fail(final)

    def _land(self, results: Results) -> None:
        if not self._group:
            self._group_since = time.monotonic()
        self._group += results
        self._hand_over(is_due=len(self._group) >= _GROUP)

    def _hand_over(self, *, is_due: bool) -> None:
        if self._group and (is_due or time.monotonic() - self._group_since > _GROUP_SECONDS):
            self.landed.put(self._group)
            self._group = []

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self.error = self.error or error
            self._stopped = True

    def _close(self) -> None:
        for busy in list(self._busy.values()):
            busy.call.close()
            busy.exchange.sock.close()
        if self._threads is not None:
            self._threads.shutdown()
        for exchange in self._idle:
            exchange.sock.close()
        self._selector.close()
        self._wake.close()
        self._bell.close()
        self._hand_over(is_due=True)
