"""Send many files to a store: what is there already is left alone, what an older version holds is copied there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from onepiece_core.errors import ObjectMissing, PreconditionFailed
from onepiece_core.progress import Progress, Reporter
from onepiece_core.storage.store import IF_ABSENT, Condition, ObjectInfo, Store

# Metadata of every data object.
XXH128 = "xxh128"
MTIME_NS = "mtime-ns"
# How often an object may be changed under our hands before we give up.
_TURNS = 4

Guard = Callable[[], None]


@dataclass(frozen=True, slots=True)
class PushItem:
    """One file to be at ``key``.

    Attributes:
        copy_from: key and etag of an object of the same store that holds the same bytes.
    """

    key: str
    path: Path
    size_bytes: int
    xxh128: str
    mtime_ns: int
    copy_from: tuple[str, str] | None = None


@dataclass(slots=True)
class PushResult:
    """What a push did. ``etags`` has every item's key."""

    bytes_sent: int = 0
    bytes_copied: int = 0
    files_sent: int = 0
    files_copied: int = 0
    files_skipped: int = 0
    etags: dict[str, str] = field(default_factory=dict)


def always_allowed() -> None:
    """The default guard."""


def default_jobs() -> int:
    """Files on their way at the same time, where nobody says how many."""
    return 16


def push(
    store: Store,
    items: Iterable[PushItem],
    *,
    prefix: str,
    reporter: Reporter,
    jobs: int = 0,
    guard: Guard = always_allowed,
    operation: str = "publish",
    total_bytes: int | None = None,
) -> PushResult:
    """Make every item's bytes be at its key, each with its hash and mtime as metadata.

    An object with the same size and hash is skipped, whoever wrote it; another one is replaced, on condition
    that it is still the one that was looked at. ``items`` is read as it is needed.

    Args:
        prefix: what all keys start with; listed once.
        jobs: files at the same time; 0 for :func:`default_jobs`.
        guard: called before each write; what it raises (LeaseLost) ends the push.
        total_bytes: for the progress, if known.

    Raises:
        StorageError, SourceChanged, OperationCancelled: the first error of any file, after all that was on
            its way has ended. What was sent stays and is skipped next time.
    """
    listed = {info.key: info.size_bytes for info in store.iter_objects(prefix)}
    run = _Push(store, listed, _Meter(reporter, operation, total_bytes), guard)
    _in_threads(run.send, items, jobs or default_jobs())
    return run.result


class _Meter:
    """Progress in bytes, from any thread."""

    def __init__(self, reporter: Reporter, operation: str, total_bytes: int | None) -> None:
        self._reporter = reporter
        self._operation = operation
        self._total = total_bytes
        self._done = 0
        self._lock = threading.Lock()

    def add(self, count: int, item: str) -> None:
        with self._lock:
            self._done += count
            self._reporter.step(
                Progress(
                    operation=self._operation,
                    phase="upload",
                    done=self._done,
                    total=self._total,
                    unit="bytes",
                    item=item,
                )
            )

    def check(self) -> None:
        self._reporter.check(self._operation, "upload")


class _Push:
    def __init__(self, store: Store, listed: dict[str, int], meter: _Meter, guard: Guard) -> None:
        self._store = store
        self._listed = listed
        self._meter = meter
        self._guard = guard
        self._lock = threading.Lock()
        self.result = PushResult()

    def send(self, item: PushItem) -> None:
        """Look, decide, write; when somebody else wrote in between, look again."""
        self._meter.check()
        there = self._store.find(item.key) if item.key in self._listed else None
        for turn in range(_TURNS):
            if there is not None and _is_same(there, item):
                self._count("skipped", item, there)
                self._meter.add(item.size_bytes, item.key)
                return
            try:
                self._write(item, Condition(if_match=there.etag) if there else IF_ABSENT)
            except PreconditionFailed:
                if turn + 1 == _TURNS:
                    raise
                there = self._store.find(item.key)
            else:
                return

    def _write(self, item: PushItem, condition: Condition) -> None:
        if item.copy_from is not None:
            self._guard()
            try:
                info = self._store.copy(*item.copy_from, item.key, condition=condition)
            except (ObjectMissing, PreconditionFailed):
                # The source is another one by now, or the destination is: sending finds out which.
                pass
            else:
                self._count("copied", item, info)
                self._meter.add(item.size_bytes, item.key)
                return
        self._guard()
        info = self._store.put_file(
            item.key,
            item.path,
            size_bytes=item.size_bytes,
            xxh128=item.xxh128,
            condition=condition,
            metadata={XXH128: item.xxh128, MTIME_NS: str(item.mtime_ns)},
            on_bytes=lambda count: self._meter.add(count, item.key),
        )
        self._count("sent", item, info)

    def _count(self, what: Literal["sent", "copied", "skipped"], item: PushItem, info: ObjectInfo) -> None:
        result = self.result
        with self._lock:
            result.etags[item.key] = info.etag
            if what == "skipped":
                result.files_skipped += 1
            elif what == "copied":
                result.files_copied += 1
                result.bytes_copied += item.size_bytes
            else:
                result.files_sent += 1
                result.bytes_sent += item.size_bytes


def _is_same(there: ObjectInfo, item: PushItem) -> bool:
    return there.size_bytes == item.size_bytes and there.metadata.get(XXH128) == item.xxh128


def _in_threads(work: Callable[[PushItem], None], items: Iterable[PushItem], jobs: int) -> None:
    """Each thread takes the next item when it is free, so that nothing queues up. Raises the first error."""
    source: Iterator[PushItem] = iter(items)
    lock, stop = threading.Lock(), threading.Event()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            while not stop.is_set():
                with lock:
                    item = next(source, None)
                if item is None:
                    return
                work(item)
        except BaseException as error:  # raised again by the thread that called
            errors.append(error)
            stop.set()

    threads = [threading.Thread(target=run, name=f"onepiece-push-{number}") for number in range(jobs)]
    try:
        for thread in threads:
            thread.start()
    finally:
        _join(threads, stop)
    if errors:
        raise errors[0]


def _join(threads: list[threading.Thread], stop: threading.Event) -> None:
    """Wait for all; an interrupt in the meantime lets them end after the file they are at."""
    try:
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    except BaseException:
        stop.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        raise
