"""Run many small jobs on a few threads without queueing them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def run_bounded(
    work: Callable[[Item], Answer], items: Iterable[Item], *, jobs: int, window: int = 4
) -> Iterator[tuple[Item, Answer]]:
    """Yield ``(item, work(item))`` as they are done, with ``jobs * window`` of them in flight at most.

    The first exception is raised after the jobs that run have ended; the others never start.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="onepiece") as pool:
        flying: dict[Future[Answer], Item] = {}
        try:
            for item in items:
                flying[pool.submit(work, item)] = item
                if len(flying) >= jobs * window:
                    yield from _landed(flying)
            while flying:
                yield from _landed(flying)
        finally:
            for future in flying:
                future.cancel()


def _landed(flying: dict[Future[Answer], Item]) -> Iterator[tuple[Item, Answer]]:
    done, _ = wait(flying, return_when=FIRST_COMPLETED)
    for future in done:
        yield flying.pop(future), future.result()
