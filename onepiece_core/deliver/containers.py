"""What a delivery is packed into: an archive or a folder, which may hold what an earlier run left."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from stat import S_ISREG
from typing import Protocol

from onepiece_core.deliver.model import Format
from onepiece_core.deliver.zip_writer import ZipComparer, ZipWriter, archive_bytes, read_pieces
from onepiece_core.filesystems import allocate, start_writing_back, sync_folder

# So much is written before the disk is asked to begin.
_FLUSH_BYTES = 1 << 24
# So many complete files of a folder are on their way to the disk before the next one waits for them.
_ON_THEIR_WAY = 32
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class Package(Protocol):
    """What files are put into, one after the other."""

    def left(self, name: str, size_bytes: int, at: datetime, buffer: memoryview) -> Iterator[memoryview] | None:
        """The bytes that an earlier run left for the next file, each piece good until the next; None where it did not.

        They may be anything: the caller knows what they must be.
        """

    def keep(self, name: str, size_bytes: int, at: datetime, crc: int) -> None:
        """Take what :meth:`left` gave as the next file."""

    def begin(self, name: str, size_bytes: int, at: datetime) -> None: ...
    def write(self, data: bytes | memoryview) -> None: ...
    def end(self, crc: int) -> None: ...
    def add(self, name: str, data: bytes, at: datetime) -> None: ...
    def mark(self) -> tuple[int, int]: ...
    def rewind(self, mark: tuple[int, int]) -> None: ...
    def close(self) -> None: ...


@contextmanager
def opened_package(staged: Path, form: Format, files: Sequence[tuple[str, int]]) -> Iterator[Package]:
    """``staged``, new or as an earlier run left it; ``files`` are names and sizes. Raises OSError."""
    if form == "folder":
        staged.mkdir(exist_ok=True)
        folder = FolderPackage(staged)
        try:
            yield folder
        finally:
            folder.release()
        return
    descriptor = os.open(staged, os.O_RDWR | os.O_CREAT | _BINARY, 0o666)
    try:
        allocate(descriptor, staged, archive_bytes(files))
        yield _SyncedZip(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def opened_archive(archive: Path) -> Iterator[Package]:
    """An archive that is complete: what is put in is compared with it. Raises OSError."""
    descriptor = os.open(archive, os.O_RDONLY | _BINARY)
    try:
        yield ZipComparer(descriptor, archive)
    finally:
        os.close(descriptor)


class _SyncedZip(ZipWriter):
    """Its bytes go to the disk while more are written, so that the end does not wait for all of them."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._file, self._flushed = descriptor, 0

    def write(self, data: bytes | memoryview) -> None:
        super().write(data)
        if self.size_bytes - self._flushed >= _FLUSH_BYTES:
            start_writing_back(self._file, self._flushed, self.size_bytes - self._flushed)
            self._flushed = self.size_bytes

    def close(self) -> None:
        super().close()
        os.fsync(self._file)


class FolderPackage:
    """Files below a folder, each made durable soon after it is complete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: list[Path] = []
        self._descriptor = -1
        self._written = 0
        self._at: datetime | None = None
        self._on_their_way: list[int] = []

    def left(self, name: str, size_bytes: int, _at: datetime, buffer: memoryview) -> Iterator[memoryview] | None:
        path = self._folder / name
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        if not S_ISREG(status.st_mode) or status.st_size != size_bytes:
            return None
        return self._pieces(path, size_bytes, buffer)

    def _pieces(self, path: Path, size_bytes: int, buffer: memoryview) -> Iterator[memoryview]:
        descriptor = os.open(path, os.O_RDONLY | _BINARY)
        try:
            yield from read_pieces(descriptor, 0, size_bytes, buffer)
        finally:
            os.close(descriptor)

    def keep(self, name: str, _size_bytes: int, at: datetime, crc: int) -> None:
        self._paths.append(self._folder / name)
        self._descriptor = os.open(self._paths[-1], os.O_WRONLY | _BINARY)
        self._at = at
        self.end(crc)

    def begin(self, name: str, size_bytes: int, at: datetime) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._paths.append(path)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        self._at, self._written = at, 0
        allocate(self._descriptor, path, size_bytes)

    def write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            count = os.write(self._descriptor, view)
            start_writing_back(self._descriptor, self._written, count)
            self._written += count
            view = view[count:]

    def end(self, crc: int) -> None:  # noqa: ARG002 - of an archive alone
        self._on_their_way.append(self._descriptor)
        self._descriptor = -1
        assert self._at is not None
        seconds = self._at.timestamp()
        os.utime(self._paths[-1], (seconds, seconds))
        if len(self._on_their_way) > _ON_THEIR_WAY:
            self._sync()

    def add(self, name: str, data: bytes, at: datetime) -> None:
        self.begin(name, len(data), at)
        self.write(data)
        self.end(0)

    def mark(self) -> tuple[int, int]:
        return 0, len(self._paths)

    def rewind(self, mark: tuple[int, int]) -> None:
        self.release()
        for path in self._paths[mark[1] :]:
            self._remove(path)
        del self._paths[mark[1] :]

    def close(self) -> None:
        """Also removes what an earlier run left and this one has no use for."""
        self._sync()
        for stray in {path for path in self._folder.rglob("*") if not path.is_dir()}.difference(self._paths):
            self._remove(stray)
        for folder in {self._folder, *(path.parent for path in self._paths)}:
            sync_folder(folder)

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        for folder in path.relative_to(self._folder).parents:
            with suppress(OSError):  # a folder that others use stays, and the package's own always
                if folder.parts:
                    (self._folder / folder).rmdir()

    def _sync(self) -> None:
        # The newest first: one commit of a filesystem's journal is good for all the older ones.
        while self._on_their_way:
            descriptor = self._on_their_way.pop()
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def release(self) -> None:
        """Close what is open, complete or not."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._sync()
