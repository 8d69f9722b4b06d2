"""Where ``verify`` reads a package: a store's prefix or a folder."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from onepiece_core.errors import BucketMissing, StorageError, StorageUnavailable
from onepiece_core.shown import shown
from onepiece_core.storage.store import Store

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the package, files only unless ``problem`` says what else it is."""

    path: str
    size_bytes: int
    problem: str | None = None


class Unreadable(Exception):
    """The bytes of one file cannot be had. Its text says why."""


class PackageSource(Protocol):
    """Read-only sight of one package. ``pieces`` may be called by several threads."""

    where: str
    threads: int

    def entries(self) -> Iterator[Entry]: ...

    def pieces(self, path: str) -> Iterator[bytes]:
        """The file's bytes. Raises Unreadable."""
        ...


class StoreSource:
    """A prefix of a store."""

    threads = 16

    def __init__(self, store: Store, prefix: str) -> None:
        self._store, self._prefix = store, prefix.strip("/") + "/" if prefix.strip("/") else ""
        self.where = f"{store.uri}/{self._prefix}".rstrip("/")
        if store.uri.startswith("file:"):
            self.threads = _disk_threads()

    def entries(self) -> Iterator[Entry]:
        for info in self._store.iter_objects(self._prefix):
            yield Entry(info.key.removeprefix(self._prefix), info.size_bytes)

    def pieces(self, path: str) -> Iterator[bytes]:
        try:
            yield from self._store.iter_bytes(self._prefix + path)
        except (StorageUnavailable, BucketMissing):
            raise  # the store is gone, not the file
        except StorageError as error:
            raise Unreadable(str(error)) from error


class FolderSource:
    """A folder. Links are never followed, pipes and devices never opened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.where = shown(folder)
        self.threads = _disk_threads()

    def entries(self) -> Iterator[Entry]:
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(self._folder / folder) as found:
                    children = list(found)
            except OSError as error:
                yield Entry(folder or ".", 0, f"the folder cannot be read: {_reason(error)}")
                continue
            for child in children:
                path = f"{folder}{child.name}"
                if child.is_dir(follow_symlinks=False):
                    pending.append(f"{path}/")
                else:
                    yield _entry(path, child)

    def pieces(self, path: str) -> Iterator[bytes]:
        try:
            # O_NONBLOCK: a pipe that took the file's place must not hang us.
            flags = (
                os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            )
            handle = os.open(self._folder / path, flags)
        except OSError as error:
            raise Unreadable(_reason(error)) from error
        with os.fdopen(handle, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Unreadable("it is no regular file any more")
            try:
                while piece := file.read(PIECE_BYTES):
                    yield piece
            except OSError as error:
                raise Unreadable(_reason(error)) from error


def _entry(path: str, child: os.DirEntry[str]) -> Entry:
    try:
        facts = child.stat(follow_symlinks=False)
    except OSError as error:
        return Entry(path, 0, _reason(error))
    if stat.S_ISREG(facts.st_mode):
        return Entry(path, facts.st_size)
    return Entry(path, 0, "it is a link" if stat.S_ISLNK(facts.st_mode) else "it is neither a file nor a folder")


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link"
    return (error.strerror or str(error)).lower()


def _disk_threads() -> int:
    return min(4, os.cpu_count() or 1)
