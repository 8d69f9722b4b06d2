"""What lies under a prefix, in ranges that are read at the same time, in an order that is verified while reading."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import islice
from operator import lt
from typing import Protocol

from onepiece_core.storage.s3.listing import Listed, Page
from onepiece_core.sync.order import BY_BYTES, BY_FOLDERS, Order

# A range is held until it is its turn; what is longer is read on page by page then.
_HELD_PAGES = 8


class PagedStore(Protocol):
    """The part of an S3 store that listings need."""

    @property
    def is_aws(self) -> bool: ...

    def list_page(self, prefix: str, *, start_after: str = "", token: str | None = None, size: int = 1000) -> Page: ...


class OrderBroken(Exception):
    """The server does not list in the order that it was taken to list in."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a first look tells.

    Attributes:
        orders: to try, one after the other.
        is_empty: nothing is there.
        keeps_backslashes: SeaweedFS stores ``a\\b`` as ``a/b``, which would be another file's key.
        server_seconds: the server's clock.
    """

    orders: tuple[Order, ...]
    is_empty: bool
    keeps_backslashes: bool
    server_seconds: float | None


def look(store: PagedStore, prefix: str) -> Start:
    """Ask for one key. Raises a StorageError when this bucket cannot be listed, before anything else is done."""
    page = store.list_page(prefix, size=1)
    by_folders = not store.is_aws and "seaweedfs" in page.server.lower()
    orders = (BY_FOLDERS, BY_BYTES) if by_folders else (BY_BYTES, BY_FOLDERS)
    return Start(orders, not page.rows, not by_folders, page.server_seconds)


class Range:
    """The objects behind ``after`` up to and with ``until`` (relative to ``prefix``; None: to the end).

    The first pages are read at once, by ``executor``. Keys are yielded relative to ``prefix``.
    """

    def __init__(
        self, store: PagedStore, prefix: str, order: Order, after: str | None, until: str | None, executor: Executor
    ) -> None:
        self._store = store
        self._prefix = prefix
        self._order = order
        self._after = after
        self._until = None if until is None else order.key(until)
        self._first = self._last = None if after is None else order.key(after)
        self._executor = executor
        self._held = executor.submit(self._hold)

    def __iter__(self) -> Iterator[Listed]:
        """Raises OrderBroken, StorageError."""
        pages, token = self._held.result()
        following = self._ask(token)
        while pages:
            yield from pages.pop(0)
        while following is not None:
            page = following.result()
            rows, is_end = self._cut(page)
            following = None if is_end else self._ask(page.token)
            yield from rows

    def _ask(self, token: str | None) -> Future[Page] | None:
        return None if token is None else self._executor.submit(self._store.list_page, self._prefix, token=token)

    def _hold(self) -> tuple[list[list[Listed]], str | None]:
        pages: list[list[Listed]] = []
        token, start = None, self._start_after()
        for _ in range(_HELD_PAGES):
            page = self._store.list_page(self._prefix, start_after=start, token=token)
            rows, is_end = self._cut(page)
            pages.append(rows)
            token = page.token
            if is_end or token is None:
                return pages, None
        return pages, token

    def _start_after(self) -> str:
        if self._after is None:
            return ""
        # SeaweedFS takes `a` for the folder, when there is one, and begins behind all that it holds.
        return f"{self._prefix}{self._after}{'/' if self._order is BY_FOLDERS else ''}"

    def _cut(self, page: Page) -> tuple[list[Listed], bool]:
        """The page's rows that belong here, and whether the range ends with them."""
        skipped = len(self._prefix)
        rows = [Listed(row[0][skipped:], *row[1:]) for row in page.rows]
        keys = [self._order.key(row.key) for row in rows]
        if keys and keys[0] == self._first:
            # The range may begin with the very key that it was to begin behind.
            del keys[0], rows[0]
        self._first = None
        self._verify(keys)
        if not keys or self._until is None or keys[-1] < self._until:
            return rows, False
        cut = len(keys)
        while cut and keys[cut - 1] > self._until:
            cut -= 1
        return rows[:cut], True

    def _verify(self, keys: list[str]) -> None:
        if not keys:
            return
        if (self._last is not None and keys[0] <= self._last) or not all(map(lt, keys, islice(keys, 1, None))):
            raise OrderBroken(self._order.name)
        self._last = keys[-1]


def list_sorted(store: PagedStore, prefix: str) -> list[Listed]:
    """Everything, sorted by bytes here: for a server whose order is none that we know."""
    rows: dict[str, Listed] = {}
    token = None
    while True:
        page = store.list_page(prefix, token=token)
        for row in page.rows:
            rows[row.key] = Listed(row.key[len(prefix) :], *row[1:])
        token = page.token
        if token is None:
            return sorted(rows.values(), key=lambda row: BY_BYTES.key(row.key))
