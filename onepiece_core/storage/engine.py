"""Engines move files to and from a store, many at a time; one result for each, whatever happens to it.

An engine decides nothing: what is to be sent or fetched has been planned. Every engine passes
``tests.core.engine_contract.EngineContract``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from onepiece_core.checksums import Stamp
from onepiece_core.errors import OnePieceError
from onepiece_core.progress import Reporter
from onepiece_core.storage.store import ALWAYS, Condition

# Metadata that every engine writes: the file's time stamp in nanoseconds, and its hash where one write carries it.
MTIME_NS = "mtime-ns"
XXH128 = "xxh128"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file to be at ``key``.

    Attributes:
        stamp: the file as it was planned; another one is SourceChanged and nothing becomes visible.
        xxh128: its hash where it is known already; the content must have it. None: hashed while it is sent.
    """

    key: str
    path: Path
    stamp: Stamp
    condition: Condition = ALWAYS
    xxh128: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """One object to be at ``path``, which appears by one rename, whole, synced and with its time stamp.

    Attributes:
        etag: the object as it was planned; another one is SourceChanged.
        modified: seconds since the epoch, for an object without a time stamp in its metadata.
        may_replace: the file that may be replaced, as it was planned; None: nothing may be there.
    """

    key: str
    path: Path
    size_bytes: int
    etag: str
    modified: float
    may_replace: Stamp | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """An item that arrived, verified.

    Attributes:
        xxh128: hash of the bytes that were moved.
        etag: of the object.
        bytes_moved: how many bytes this run moved for it; fewer than its size where an earlier run had begun.
    """

    item: Upload | Download
    size_bytes: int
    xxh128: str
    etag: str
    bytes_moved: int


@dataclass(frozen=True, slots=True)
class NotMoved:
    """An item that did not arrive, and why. What was there before is untouched."""

    item: Upload | Download
    error: OnePieceError


class Engine(Protocol):
    """One way to move files between this machine and one store."""

    @property
    def name(self) -> str:
        """As ``--engine`` names it."""
        ...

    def move(
        self, items: Iterable[Upload | Download], reporter: Reporter, *, operation: str, total_bytes: int | None = None
    ) -> Iterator[Moved | NotMoved]:
        """Move ``items`` (read as they are needed), yielding each one's result in any order.

        Raises:
            OperationCancelled: asked for through ``reporter``; what has begun can be continued by a later run.
            StorageUnavailable, AccessDenied, BucketMissing: nothing can be moved at all.
        """
        ...
