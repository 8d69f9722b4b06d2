"""A file that is read once, and the memory that such files may take together."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import xxhash

from onepiece_core.errors import AccessDenied, ObjectMissing, SourceChanged, StorageError


class SourceFile:
    """Reads ``path`` from start to end and knows whether it was what the manifest says.

    Raises:
        SourceChanged: the size or, at :meth:`finish`, the hash is another one.
    """

    def __init__(self, path: Path, size_bytes: int, xxh128: str) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self._xxh128 = xxh128
        self._hash = xxhash.xxh3_128()
        self._descriptor = open_regular(path)
        if os.fstat(self._descriptor).st_size != size_bytes:
            self.close()
            raise self._changed("size")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def read(self, count: int) -> bytes:
        """Exactly the next ``count`` bytes."""
        pieces = []
        while count:
            piece = os.read(self._descriptor, count)
            if not piece:
                raise self._changed("size")
            pieces.append(piece)
            count -= len(piece)
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._hash.update(data)
        return data

    def finish(self) -> None:
        """Check that this was all, and the right content."""
        if os.read(self._descriptor, 1):
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


class ByteBudget:
    """Lets threads hold at most so many bytes together. One that wants more than all waits to be alone."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._left = size_bytes
        self._changed = threading.Condition()

    @contextmanager
    def holding(self, count: int) -> Iterator[None]:
        """Wait until ``count`` bytes are free and hold them."""
        self.acquire(count)
        try:
            yield
        finally:
            self.release(count)

    def acquire(self, count: int) -> None:
        count = min(count, self._size_bytes)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= count)
            self._left -= count

    def release(self, count: int) -> None:
        with self._changed:
            self._left += min(count, self._size_bytes)
            self._changed.notify_all()
