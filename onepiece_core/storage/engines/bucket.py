"""Both ways between files and one S3 bucket."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from onepiece_core.storage.engine import Download, Moved, NotMoved, Upload
from onepiece_core.storage.engines.bandwidth import Bandwidth
from onepiece_core.storage.engines.downloading import SMALL_BYTES as FETCHED_AT_ONCE
from onepiece_core.storage.engines.downloading import Downloader
from onepiece_core.storage.engines.meter import Meter
from onepiece_core.storage.engines.running import LazyThreads
from onepiece_core.storage.engines.transfer_journal import TransferJournal
from onepiece_core.storage.engines.uploading import PART_BYTES, Uploader, abandon_outdated
from onepiece_core.storage.engines.uploading import SMALL_BYTES as SENT_AT_ONCE
from onepiece_core.storage.s3.calls import Call
from onepiece_core.storage.s3.store import S3Store


class BucketMover:
    """What one run needs: threads for parts, the record of transfers, connections at the asked rate."""

    def __init__(
        self,
        store: S3Store,
        state_dir: Path,
        meter: Meter,
        *,
        parts: int,
        bandwidth: Bandwidth | None,
        is_durable: bool,
    ) -> None:
        self._store = store.throttled(bandwidth.take) if bandwidth else store
        self._journal = TransferJournal(state_dir)
        self._threads = LazyThreads(parts)
        self._store_id = _identity(store)
        self._is_swept = False
        self._lock = threading.Lock()
        self._uploader = Uploader(self._store, self._journal, self._threads, meter, self._store_id)
        self._downloader = Downloader(
            self._store, self._journal, self._threads, meter, self._store_id, is_durable=is_durable
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._threads.shut_down()
        self._downloader.settler.discard()
        self._journal.close()
        self._store.close()

    def begin(self, item: Upload | Download) -> Call[list[Moved | NotMoved]] | None:
        """A small item as a call; None for one that takes longer."""
        if isinstance(item, Download):
            return self._downloader.fetching(item) if item.size_bytes <= FETCHED_AT_ONCE else None
        return self._sending(item) if item.stamp.size_bytes <= SENT_AT_ONCE else None

    def move(self, item: Upload | Download) -> list[Moved | NotMoved]:
        if isinstance(item, Download):
            return self._downloader.fetch(item)
        if item.stamp.size_bytes > PART_BYTES:
            self._sweep()
        return [self._uploader.send(item)]

    def finish(self) -> list[Moved | NotMoved]:
        return self._downloader.settler.finish()

    def _sending(self, item: Upload) -> Call[list[Moved | NotMoved]]:
        return [(yield from self._uploader.sending(item))]

    def _sweep(self) -> None:
        """Once a run, before its first large file."""
        with self._lock:
            if not self._is_swept:
                self._is_swept = True
                abandon_outdated(self._store, self._journal, self._store_id)


def _identity(store: S3Store) -> str:
    """The bucket and, where it is not AWS, its server."""
    target = store.pool.target
    return f"{target.address.url}{target.base_path}" if target.is_custom else store.uri
