"""Where ``verify`` reads a package: a store's prefix, a folder or an archive."""

from __future__ import annotations

import errno
import os
import stat
import struct
import zipfile
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from onepiece_core.errors import BucketMissing, StorageError, StorageUnavailable
from onepiece_core.shown import shown
from onepiece_core.storage.store import Store

PIECE_BYTES = 1 << 20
# What the standard library says of archives that are not whole.
DAMAGED = (zipfile.BadZipFile, EOFError, ValueError, RuntimeError, struct.error)


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


class ArchiveSource:
    """A ZIP archive of files that are stored as they are, as deliveries are: nothing is unpacked, so nothing swells."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.where = shown(path)
        self.threads = _disk_threads()
        self._archive = archive
        self._members: dict[str, zipfile.ZipInfo] = {}

    def entries(self) -> Iterator[Entry]:
        for member in self._archive.infolist():
            if member.is_dir():
                continue
            problem = _problem(member, self._members)
            if problem is None:
                self._members[member.filename] = member
            yield Entry(member.filename, member.file_size, problem)

    def pieces(self, path: str) -> Iterator[bytes]:
        try:
            with self._archive.open(self._members[path]) as file:
                yield from _until_its_checksum(file)
        except (*DAMAGED, OSError) as error:
            raise Unreadable(str(error) or type(error).__name__) from error


def _until_its_checksum(file: IO[bytes]) -> Iterator[bytes]:
    """What does not match the archive's own checksum ends early: then its hash is another, too."""
    while True:
        try:
            piece = file.read(PIECE_BYTES)
        except zipfile.BadZipFile:
            return
        if not piece:
            return
        yield piece


def _problem(member: zipfile.ZipInfo, seen: Container[str]) -> str | None:
    if member.filename in seen:
        return "the archive has it more than once"
    if member.flag_bits & 0x1:
        return "it is encrypted"
    if member.compress_type != zipfile.ZIP_STORED:
        return "it is compressed"
    kind = stat.S_IFMT(member.external_attr >> 16)
    return "it is a link" if kind == stat.S_IFLNK else None


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
