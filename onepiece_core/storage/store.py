"""The Store protocol: one bucket, or one folder seen as a bucket.

Keys are relative POSIX paths in UTF-8, never absolute and never with ``..``. Every call raises a
:class:`~onepiece_core.errors.StorageError`; every implementation passes
``onepiece_core.testing.store_contract.StoreContract``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

# Names that start so are ours: files on their way, locks, metadata. No key has such a part.
RESERVED = ".onepiece-"

# Tells how many more bytes went over the wire.
OnBytes = Callable[[int], None]


def ignore_bytes(_count: int) -> None:
    """The default listener."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store tells about one object.

    Attributes:
        key: relative POSIX path.
        size_bytes: length of the content.
        etag: opaque token that changes with the content; the one to give to ``if_match``.
        modified: seconds since the epoch, by the store's clock.
        metadata: lower-case names; empty in listings, filled by ``find`` and ``read``.
    """

    key: str
    size_bytes: int
    etag: str
    modified: float
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """When a write may happen; at most one of the two is set.

    ``Condition()`` always writes, ``IF_ABSENT`` only where nothing is, ``Condition(if_match=etag)`` only
    over exactly that object. A write that may not happen raises PreconditionFailed and changes nothing.
    """

    if_absent: bool = False
    if_match: str | None = None


ALWAYS = Condition()
IF_ABSENT = Condition(if_absent=True)


class Store(Protocol):
    """One bucket. Safe to use from several threads."""

    @property
    def uri(self) -> str:
        """``s3://bucket`` or ``file:///folder``, without a trailing slash."""
        ...

    def now(self) -> float:
        """The store's own clock, in seconds since the epoch: leases are measured by it alone."""
        ...

    def iter_objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object whose key starts with ``prefix``, in the order of the keys' UTF-8 bytes."""
        ...

    def iter_folders(self, prefix: str) -> Iterator[str]:
        """The "folders" directly under ``prefix`` (ending in ``/``, or the start of a folder's name).

        Each ends in ``/``.
        """
        ...

    def find(self, key: str) -> ObjectInfo | None:
        """The object's facts with its metadata, or None."""
        ...

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """A small object, whole. Raises ObjectMissing."""
        ...

    def iter_bytes(self, key: str) -> Iterator[bytes]:
        """A large object in pieces of at most 1 MiB. Raises ObjectMissing, or StorageError when it ends early."""
        ...

    def put(
        self, key: str, data: bytes, *, condition: Condition = ALWAYS, metadata: Mapping[str, str] | None = None
    ) -> ObjectInfo:
        """Write a small object; visible whole or not at all."""
        ...

    def put_file(
        self,
        key: str,
        path: Path,
        *,
        size_bytes: int,
        xxh128: str,
        condition: Condition = ALWAYS,
        metadata: Mapping[str, str] | None = None,
        on_bytes: OnBytes = ignore_bytes,
    ) -> ObjectInfo:
        """Write ``path``'s bytes, read once and streamed; visible whole or not at all.

        The bytes read are hashed on the way and compared with ``size_bytes`` and ``xxh128`` (lower-case hex)
        *before* the object becomes visible where the store allows it (multipart), and else deleted
        again: raises SourceChanged. The wire is protected by a checksum that the server verifies.
        """
        ...

    def copy(self, source: str, source_etag: str, key: str, *, condition: Condition = ALWAYS) -> ObjectInfo:
        """Copy inside the store, with metadata, no bytes through this machine.

        Raises ObjectMissing, or PreconditionFailed when the source is not ``source_etag`` any more.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens when there is none."""
        ...
