"""Where a download grows: a file beside its target that becomes the target whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self

from onepiece_core.checksums import Stamp
from onepiece_core.errors import OperationBusy, PreconditionFailed, StorageError
from onepiece_core.filesystems import (
    allocate,
    exchange_files,
    rename_noreplace,
    start_writing_back,
    storage_error,
    sync_folder,
)
from onepiece_core.storage.locking import try_lock
from onepiece_core.storage.store import RESERVED


def part_path(target: Path) -> Path:
    """Hidden, and short however long the target's name is."""
    return target.with_name(f"{RESERVED}{blake2b(os.fsencode(target.name), digest_size=16).hexdigest()}.part")


class PartFile:
    """Open and locked while a download runs; another process that wants the same target gets OperationBusy.

    At the end (:meth:`discard`, or the end of ``with``) it is gone, unless it was told to stay for a later run or has
    become the target.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = part_path(target)
        self.may_stay = False
        self.descriptor = -1
        self._is_placed = False

    def __enter__(self) -> Self:
        self.open()
        return self

    def open(self) -> None:
        try:
            self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise storage_error(error, self.target) from error
        if not self._is_ours():
            os.close(self.descriptor)
            self.descriptor = -1
            raise OperationBusy(
                f"{self.target} is being fetched by another process",
                hint="Wait until it has ended, then run the same command again.",
                path=str(self.target),
            )

    def __exit__(
        self, _kind: type[BaseException] | None, _err: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.discard()

    @property
    def identity(self) -> str:
        """The same as long as it is this very file."""
        status = os.fstat(self.descriptor)
        return f"{status.st_dev}:{status.st_ino}"

    @property
    def client_path(self) -> Path:
        """Where somebody else's client may write what :meth:`take_over` makes ours."""
        return self.path.with_suffix(".client")

    def take_over(self, written: Path) -> None:
        """Be the file that a client wrote beside this one."""
        try:
            descriptor = os.open(written, os.O_RDWR | getattr(os, "O_BINARY", 0))
            written.replace(self.path)
        except OSError as error:
            raise storage_error(error, self.target) from error
        os.close(self.descriptor)
        self.descriptor = descriptor

    def size_bytes(self) -> int:
        return os.fstat(self.descriptor).st_size

    def reserve(self, size_bytes: int) -> None:
        """Make it so long, with room on the disk. Raises DiskFull."""
        try:
            allocate(self.descriptor, self.path, size_bytes)
        except OSError as error:
            raise storage_error(error, self.target, need_bytes=size_bytes) from error

    def write(self, data: memoryview, offset: int) -> None:
        try:
            while data:
                count = write_at(self.descriptor, data, offset)
                data, offset = data[count:], offset + count
        except OSError as error:
            raise storage_error(error, self.target, need_bytes=len(data)) from error

    def start_writing_back(self, offset: int, count: int) -> None:
        """Let the system begin to bring these bytes to the disk, so that :meth:`finish` waits less."""
        start_writing_back(self.descriptor, offset, count)

    def read_pieces(self, offset: int, count: int, buffer: memoryview, use: Callable[[memoryview], object]) -> None:
        """Hand ``count`` bytes, as they are on the disk, to ``use``."""
        while count:
            try:
                got = read_at(self.descriptor, buffer[: min(count, len(buffer))], offset)
            except OSError as error:
                raise storage_error(error, self.target) from error
            if not got:
                raise StorageError(f"{self.path} was cut by somebody else", path=str(self.path))
            use(buffer[:got])
            offset, count = offset + got, count - got

    def complete(self, size_bytes: int, mtime_ns: int) -> None:
        """Give it the right length and time stamp."""
        try:
            if self.size_bytes() != size_bytes:
                os.ftruncate(self.descriptor, size_bytes)
            os.utime(self.descriptor if os.utime in os.supports_fd else self.path, ns=(mtime_ns, mtime_ns))
        except OSError as error:
            raise storage_error(error, self.target) from error

    def sync(self) -> None:
        """Return when its bytes are on the disk."""
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            raise storage_error(error, self.target) from error

    def take_place(self, may_replace: Stamp | None) -> None:
        """Become the target. Raises PreconditionFailed."""
        try:
            if os.name == "nt":
                # An open file cannot be renamed there.
                self._close()
            take_place(self.path, self.target, may_replace)
            self._is_placed = True
        except OSError as error:
            raise storage_error(error, self.target) from error

    def finish(self, size_bytes: int, mtime_ns: int, may_replace: Stamp | None, *, is_durable: bool) -> None:
        """All of it: complete, on the disk, in its place."""
        self.complete(size_bytes, mtime_ns)
        if is_durable:
            self.sync()
        self.take_place(may_replace)
        if is_durable:
            try:
                sync_folder(self.target.parent)
            except OSError as error:
                raise storage_error(error, self.target) from error

    def discard(self) -> None:
        """Close it, and remove it unless it has become the target or may stay."""
        if not self._is_placed and not self.may_stay and self.descriptor >= 0:
            self.path.unlink(missing_ok=True)
            self.client_path.unlink(missing_ok=True)
        self._close()

    def _close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _is_ours(self) -> bool:
        """Locked, and not renamed or removed by the one who held it a moment ago."""
        try:
            return try_lock(self.descriptor) and os.path.samestat(os.fstat(self.descriptor), self.path.stat())
        except OSError:
            return False


def check_free(target: Path, may_replace: Stamp | None) -> None:
    """Raise PreconditionFailed unless ``target`` is not there, or is the file that may be replaced."""
    try:
        there = Stamp.of(os.lstat(target))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise storage_error(error, target) from error
    if there != may_replace:
        raise _taken(target, may_replace)


def take_place(part: Path, target: Path, may_replace: Stamp | None) -> None:
    """Rename ``part`` to ``target`` without ever losing a file that nobody planned to replace."""
    if may_replace is None:
        try:
            if rename_noreplace(part, target):
                return
            check_free(target, None)
            part.rename(target)
        except FileExistsError as taken:
            raise _taken(target, None) from taken
        return
    check_free(target, may_replace)
    try:
        exchanged = exchange_files(part, target)
    except FileNotFoundError:
        # It went away after we looked: then nothing may be there.
        take_place(part, target, None)
        return
    if not exchanged:
        part.replace(target)
    elif Stamp.of(os.lstat(part)) == may_replace:
        part.unlink()
    else:
        # Somebody wrote between our look and the exchange: it gets its place back.
        exchange_files(part, target)
        raise _taken(target, may_replace)


def write_at(descriptor: int, data: memoryview, offset: int) -> int:
    """``os.pwrite``; where there is none the descriptor must be one thread's own."""
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, data, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.write(descriptor, data)


def read_at(descriptor: int, buffer: memoryview, offset: int) -> int:
    """``os.preadv`` into one buffer; where there is none the descriptor must be one thread's own."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [buffer], offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    data = os.read(descriptor, len(buffer))
    buffer[: len(data)] = data
    return len(data)


def _taken(target: Path, may_replace: Stamp | None) -> PreconditionFailed:
    words = "is there already" if may_replace is None else "has changed since it was planned to be replaced"
    return PreconditionFailed(f"{target} {words}", path=str(target))
