"""The last steps of small downloads, many at once.

A disk takes as long for one file's bytes as for those of sixty, as long as it is asked for them together. So files
that are written and proven wait for each other, are synced together, renamed, and their folders synced once; only then
they are told to have arrived.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import OnePieceError
from onepiece_core.filesystems import can_sync_whole, storage_error, sync_folder, sync_whole
from onepiece_core.storage.engine import Download, Moved, NotMoved
from onepiece_core.storage.engines.part_file import PartFile

_FILES = 64
_SECONDS = 0.5
# So many files are brought to the disk with all that is on its way there. Where that takes long, others write a lot to
# the same disk, and nobody should wait for their bytes: then each file is synced by itself.
_WORTH_ALL = 8
_CROWDED_SECONDS = 0.5
# Batches on their way to the disk.
_BATCHES = 2


@dataclass(frozen=True, slots=True)
class Written:
    """A file whose bytes are written and right; ``part`` is open."""

    item: Download
    part: PartFile
    moved: Moved


class Settler:
    """Collects written files; used by several threads, with one of its own for what waits for the disk."""

    def __init__(self) -> None:
        self._waiting: list[Written] = []
        self._since = 0.0
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._disks = _Disks()
        self._settling: deque[Future[list[Moved | NotMoved]]] = deque()

    def add(self, written: Written) -> list[Moved | NotMoved]:
        """The results of batches that are done; this file may fill one, or be in one that has waited long enough."""
        with self._lock:
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.append(written)
            if len(self._waiting) >= _FILES or time.monotonic() - self._since >= _SECONDS:
                self._begin()
            # As many files are open as wait.
            return self._done(keep=_BATCHES)

    def finish(self) -> list[Moved | NotMoved]:
        """The results of all that still wait."""
        with self._lock:
            self._begin()
            return self._done(keep=0)

    def discard(self) -> None:
        """Remove what waits; the run was broken off."""
        with self._lock:
            batch, self._waiting = self._waiting, []
        for written in batch:
            written.part.discard()
        if self._thread is not None:
            self._thread.shutdown()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="onepiece-settle")
        batch, self._waiting = self._waiting, []
        self._settling.append(self._thread.submit(self._disks.settle, batch))

    def _done(self, *, keep: int) -> list[Moved | NotMoved]:
        """The results of all batches but the newest ``keep`` and of those, too, where they are done."""
        results: list[Moved | NotMoved] = []
        while self._settling and (len(self._settling) > keep or self._settling[0].done()):
            results += self._settling.popleft().result()
        return results


class _Disks:
    """Brings batches of files to the disk, in the way that their filesystems are fastest with."""

    def __init__(self) -> None:
        self._can_sync_whole: dict[Path, bool] = {}
        self._is_crowded = False

    def settle(self, batch: list[Written]) -> list[Moved | NotMoved]:
        synced = self._sync_whole(batch)
        if not synced:
            for written in batch:
                written.part.start_writing_back(0, written.item.size_bytes)
        # The newest first: one commit of a filesystem's journal is good for all the older ones.
        results = [_place(written, is_synced=written.item.path.parent in synced) for written in reversed(batch)]
        failed = _sync({result.item.path.parent for result in results if isinstance(result, Moved)})
        return [
            NotMoved(result.item, failed[result.item.path.parent])
            if isinstance(result, Moved) and result.item.path.parent in failed
            else result
            for result in results
        ]

    def _sync_whole(self, batch: list[Written]) -> set[Path]:
        """The folders whose files of this batch are on the disk now."""
        if self._is_crowded or len(batch) < _WORTH_ALL:
            return set()
        folders = {written.item.path.parent: written.part.descriptor for written in batch}
        for folder in folders:
            if folder not in self._can_sync_whole:
                self._can_sync_whole[folder] = can_sync_whole(folder)
        began = time.monotonic()
        done: set[int] = set()
        try:
            for folder, descriptor in folders.items():
                device = os.fstat(descriptor).st_dev
                if self._can_sync_whole[folder] and device not in done:
                    sync_whole(descriptor)
                    done.add(device)
        except OSError:
            # Each file's own sync will tell which of them it is.
            return set()
        self._is_crowded = time.monotonic() - began > _CROWDED_SECONDS
        return {folder for folder in folders if self._can_sync_whole[folder]}


def _place(written: Written, *, is_synced: bool) -> Moved | NotMoved:
    try:
        if not is_synced:
            written.part.sync()
        written.part.take_place(written.item.may_replace)
    except OnePieceError as error:
        return NotMoved(written.item, error)
    finally:
        written.part.discard()
    return written.moved


def _sync(folders: Iterable[Path]) -> dict[Path, OnePieceError]:
    failed: dict[Path, OnePieceError] = {}
    for folder in folders:
        try:
            sync_folder(folder)
        except OSError as error:
            failed[folder] = storage_error(error, folder)
    return failed
