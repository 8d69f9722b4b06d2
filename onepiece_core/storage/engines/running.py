"""Run a stream of jobs on a few threads; results come as they are done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def run_on_threads(
    work: Callable[[Item], Answer], items: Iterable[Item], *, jobs: int, stop: threading.Event
) -> Iterator[Answer]:
    """Yield ``work(item)`` for each of ``items``, which are taken only when a thread is free for them.

    The first exception, of ``items`` too, sets ``stop`` and is raised after the jobs that run have ended; so does
    whoever closes this iterator early. Once ``stop`` is set nothing new begins.
    """
    source = iter(items)
    lock = threading.Lock()
    landed: SimpleQueue[tuple[str, object]] = SimpleQueue()

    def run() -> None:
        try:
            while not stop.is_set():
                with lock:
                    try:
                        item = next(source)
                    except StopIteration:
                        break
                landed.put(("done", work(item)))
        except BaseException as error:  # raised again by the thread that reads
            stop.set()
            landed.put(("failed", error))
        landed.put(("ended", None))

    threads = [threading.Thread(target=run, name=f"onepiece-move-{number}", daemon=True) for number in range(jobs)]
    for thread in threads:
        thread.start()
    errors: list[BaseException] = []
    try:
        running = len(threads)
        while running:
            kind, value = landed.get()
            if kind == "done":
                yield value  # type: ignore[misc]
            elif isinstance(value, BaseException):
                errors.append(value)
            else:
                running -= 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


class LazyThreads:
    """An executor that is made when it is first asked for."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._made: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def __call__(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._made is None:
                self._made = ThreadPoolExecutor(self._count, thread_name_prefix="onepiece-part")
            return self._made

    def shut_down(self) -> None:
        if self._made is not None:
            self._made.shutdown(cancel_futures=True)
