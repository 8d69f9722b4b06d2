"""A folder and a listing, side by side: a merge-join of two sorted streams.

The scan runs ahead by a few thousand files. The last of each thousand bounds a range of the listing, and several
ranges are asked for at once while the ones before are joined.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.storage.s3.listing import Listed
from onepiece_core.sync.filters import Filters
from onepiece_core.sync.listing import PagedStore, Range, list_sorted
from onepiece_core.sync.order import BY_BYTES, Order
from onepiece_core.sync.scan import LocalFile, Trouble, scan

_RANGES = 4

Pair = tuple[LocalFile | None, Listed | None]


@dataclass(frozen=True, slots=True)
class Sides:
    """What is joined.

    Attributes:
        root: the folder, a real path; None: there is none yet.
        prefix: of the keys, ending in ``/``.
        chunk_files: how many files bound a range of the listing. Whole pages: a range whose objects are all here as
            files ends with its last page.
    """

    root: Path | None
    store: PagedStore
    prefix: str
    filters: Filters
    chunk_files: int = 3000


def join(sides: Sides, order: Order) -> Iterator[Pair | Trouble]:
    """Each path once: here, there, or both. Raises OrderBroken when the server does not list in ``order``."""
    with ThreadPoolExecutor(_RANGES, thread_name_prefix="onepiece-list") as executor:
        ahead: deque[tuple[list[LocalFile | Trouble], Range]] = deque()
        after: str | None = None
        try:
            for chunk, until in _chunks(_files(sides, order), sides.chunk_files):
                ahead.append((chunk, Range(sides.store, sides.prefix, order, after, until, executor)))
                after = until
                if len(ahead) > _RANGES:
                    yield from _merge(*ahead.popleft(), order)
            while ahead:
                yield from _merge(*ahead.popleft(), order)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def join_unsorted(sides: Sides) -> Iterator[Pair | Trouble]:
    """As :func:`join`, for a server that lists in no order we know: its listing is held and sorted."""
    yield from _merge(_files(sides, BY_BYTES), list_sorted(sides.store, sides.prefix), BY_BYTES)


def joined(sides: Sides, order: Order | None) -> Iterator[Pair | Trouble]:
    """:func:`join` in ``order``, or :func:`join_unsorted` for None."""
    return join_unsorted(sides) if order is None else join(sides, order)


def _files(sides: Sides, order: Order) -> Iterator[LocalFile | Trouble]:
    return iter(()) if sides.root is None else scan(sides.root, order, sides.filters)


def _chunks(found: Iterator[LocalFile | Trouble], size: int) -> Iterator[tuple[list[LocalFile | Trouble], str | None]]:
    """The scan in pieces, each with its last path; None for the last piece, which goes on to the listing's end."""
    chunk: list[LocalFile | Trouble] = []
    for item in found:
        chunk.append(item)
        if len(chunk) >= size and isinstance(item, LocalFile):
            yield chunk, item.relative
            chunk = []
    yield chunk, None


def _merge(files: Iterable[LocalFile | Trouble], rows: Iterable[Listed], order: Order) -> Iterator[Pair | Trouble]:
    key = order.key
    listing = iter(rows)
    row = next(listing, None)
    there = "" if row is None else key(row[0])
    for file in files:
        if isinstance(file, Trouble):
            yield file
            continue
        here = key(file[0])
        while row is not None and there < here:
            yield None, row
            row = next(listing, None)
            there = "" if row is None else key(row[0])
        if row is not None and there == here:
            yield file, row
            row = next(listing, None)
            there = "" if row is None else key(row[0])
        else:
            yield file, None
    while row is not None:
        yield None, row
        row = next(listing, None)
