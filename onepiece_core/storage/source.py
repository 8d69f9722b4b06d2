"""A file that is read once, and the memory that such files take together."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import xxhash

from onepiece_core.errors import AccessDenied, ObjectMissing, SourceChanged, StorageError


class CheckedFile:
    """Reads ``path`` from start to end and knows whether it was what the manifest says.

    Raises:
        SourceChanged: the size or, at :meth:`finish`, the hash is another one.
    """

    def __init__(self, path: Path, size_bytes: int, xxh128: str) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self._xxh128 = xxh128
        self._hash = xxhash.xxh3_128()
        self._file = FileIO(open_regular(path), "rb")
        if os.fstat(self._file.fileno()).st_size != size_bytes:
            self.close()
            raise self._changed("size")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def read(self, count: int) -> bytes:
        """Exactly the next ``count`` bytes."""
        pieces = []
        while count:
            piece = self._file.read(count)
            if not piece:
                raise self._changed("size")
            pieces.append(piece)
            count -= len(piece)
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._hash.update(data)
        return data

    def read_into(self, buffer: bytearray, count: int) -> memoryview:
        """Exactly the next ``count`` bytes, in ``buffer``."""
        view = memoryview(buffer)[:count]
        done = 0
        while done < count:
            got = self._file.readinto(view[done:])
            if not got:
                raise self._changed("size")
            done += got
        self._hash.update(view)
        return view

    def finish(self) -> None:
        """Check that this was all, and the right content."""
        if self._file.read(1):
            raise self._changed("size")
        if self._hash.hexdigest() != self._xxh128:
            raise self._changed("content")

    def _changed(self, what: str) -> SourceChanged:
        return SourceChanged(f"the {what} of {self.path} changed since it was hashed", path=str(self.path))


def open_regular(path: Path) -> int:
    """A descriptor to read ``path`` from; pipes, devices and folders are refused without waiting on them."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError) as missing:
        raise ObjectMissing(f"there is no file {path}", path=str(path)) from missing
    except PermissionError as denied:
        raise AccessDenied(f"{path} may not be read", hint="Check the file's permissions.", path=str(path)) from denied
    except (OSError, ValueError) as failed:
        raise StorageError(f"{path} cannot be read: {failed}", path=str(path)) from failed
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StorageError(f"{path} is not a regular file", path=str(path))
    return descriptor


class Buffers:
    """At most ``count`` buffers of ``size_bytes``, made when first needed and used again and again.

    Fresh memory for each part would cost page faults and, with many threads, leave the allocator holding a
    multiple of it.
    """

    def __init__(self, count: int, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._to_make = count
        self._free: list[bytearray] = []
        self._changed = threading.Condition()

    def acquire(self) -> bytearray:
        """A buffer with anything in it; waits until one is free."""
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._to_make)
            if self._free:
                return self._free.pop()
            self._to_make -= 1
            return bytearray(self._size_bytes)

    def release(self, buffer: bytearray) -> None:
        with self._changed:
            self._free.append(buffer)
            self._changed.notify()

    @contextmanager
    def holding(self) -> Iterator[bytearray]:
        """One buffer for a while."""
        buffer = self.acquire()
        try:
            yield buffer
        finally:
            self.release(buffer)
