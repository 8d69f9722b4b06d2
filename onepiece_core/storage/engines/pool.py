"""Our own engine: files over a pool of signed connections, each verified from end to end."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from onepiece_core.errors import (
    AccessDenied,
    BucketMissing,
    OnePieceError,
    OperationCancelled,
    StorageUnavailable,
)
from onepiece_core.progress import Reporter
from onepiece_core.storage.engine import Download, Moved, NotMoved, Upload
from onepiece_core.storage.engines.bandwidth import Bandwidth
from onepiece_core.storage.engines.meter import Meter
from onepiece_core.storage.engines.running import run_on_threads
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.storage.store import Store

# Files at the same time; more threads only wait for each other.
_JOBS = 8
# Small files whose requests wait for replies, where one thread serves all.
_SMALL_JOBS = 16
# Parts or ranges at the same time: with their size, the 64 MiB that are in flight at most.
_PARTS = 8
# So many files in a row that cannot be moved for one of these reasons mean that none can.
_IN_A_ROW = 16
_HOPELESS = (StorageUnavailable, AccessDenied)
# Of these no file will be moved, whatever is tried next.
_CREDENTIALS = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed", "SignatureDoesNotMatch"}
)


class Mover(Protocol):
    """How files are moved. Raises a OnePieceError that concerns the file it was given."""

    def move(self, item: Upload | Download) -> list[Moved | NotMoved]:
        """What has arrived by now; others may wait for :meth:`finish`."""
        ...

    def finish(self) -> list[Moved | NotMoved]: ...


class PoolEngine:
    """Moves files with what ``store`` offers: an S3 bucket's pool of connections, or a folder.

    Args:
        is_durable: downloads are on the disk before they are told to have arrived.
    """

    def __init__(
        self,
        store: Store,
        *,
        state_dir: Path,
        jobs: int = 0,
        bytes_per_second: int | None = None,
        is_durable: bool = True,
    ) -> None:
        self._store = store
        self._state_dir = state_dir
        self._jobs = jobs or _JOBS
        self._small_jobs = jobs or _SMALL_JOBS
        self._bandwidth = Bandwidth(bytes_per_second) if bytes_per_second else None
        self._is_durable = is_durable

    @property
    def name(self) -> str:
        return "pool"

    def move(
        self, items: Iterable[Upload | Download], reporter: Reporter, *, operation: str, total_bytes: int | None = None
    ) -> Iterator[Moved | NotMoved]:
        """See :class:`~onepiece_core.storage.engine.Engine`."""
        meter = Meter(reporter, operation, total_bytes)
        if isinstance(self._store, S3Store):
            from onepiece_core.storage.engines.bucket import BucketMover
            from onepiece_core.storage.engines.lane import run_lane

            with BucketMover(
                self._store,
                self._state_dir,
                meter,
                parts=min(self._jobs, _PARTS),
                bandwidth=self._bandwidth,
                is_durable=self._is_durable,
            ) as mover:
                if self._store.pool.is_plain and self._bandwidth is None:
                    judge, small = Judge(meter), self._small_jobs
                    for results in run_lane(self._store.pool, mover, judge, items, jobs=self._jobs, small=small):
                        yield from results
                    yield from mover.finish()
                else:
                    yield from run_mover(mover, items, meter, self._jobs)
        else:
            from onepiece_core.storage.engines.folder import FolderMover

            folder = FolderMover(self._store, meter, self._bandwidth, is_durable=self._is_durable)
            yield from run_mover(folder, items, meter, self._jobs)


def run_mover(mover: Mover, items: Iterable[Upload | Download], meter: Meter, jobs: int) -> Iterator[Moved | NotMoved]:
    """Move ``items`` on ``jobs`` threads; raises where nothing can be moved at all."""
    judge = Judge(meter)

    def move(item: Upload | Download) -> list[Moved | NotMoved]:
        judge.check(item)
        try:
            results = mover.move(item)
        except OnePieceError as error:
            return judge.failed(item, error)
        judge.arrived()
        return results

    for results in run_on_threads(move, items, jobs=jobs, stop=threading.Event()):
        yield from results
    yield from mover.finish()


class Judge:
    """Turns errors into results, until they say that it is hopeless to go on; used by several threads."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._in_a_row = 0
        self._lock = threading.Lock()

    def check(self, item: Upload | Download) -> None:
        """Raises OperationCancelled."""
        self._meter.check("upload" if isinstance(item, Upload) else "download")

    def arrived(self) -> None:
        self._in_a_row = 0

    def failed(self, item: Upload | Download, error: OnePieceError) -> list[Moved | NotMoved]:
        """The item's result. Raises ``error`` where no other item would fare better."""
        if isinstance(error, (OperationCancelled, BucketMissing)) or self._is_hopeless(error):
            raise error
        return [NotMoved(item, error)]

    def _is_hopeless(self, error: OnePieceError) -> bool:
        if error.report.context.get("s3_code") in _CREDENTIALS:
            return True
        with self._lock:
            self._in_a_row = self._in_a_row + 1 if isinstance(error, _HOPELESS) else 0
            return self._in_a_row >= _IN_A_ROW
