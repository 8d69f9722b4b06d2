"""Reads pieces of one open file; a piece that is not there means a file that was cut."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onepiece_core.errors import InputMissing, InputRefused, InputUnreadable, MediaError, MediaTruncated
from onepiece_core.shown import shown

# Holds the header and the offset table of nearly every EXR: one read is enough.
_FIRST_BYTES = 64 << 10
# Headers and tables that are larger than this are damage, not data.
_MAX_BYTES = 256 << 20


class Reader:
    """Random access to an open file."""

    def __init__(self, path: Path, handle: int, size_bytes: int) -> None:
        self.path, self.size_bytes = path, size_bytes
        self._handle = handle
        self._head = self._pread(0, _FIRST_BYTES)

    @property
    def name(self) -> str:
        return shown(self.path.name)

    def at(self, offset: int, count: int, what: str) -> bytes:
        """``count`` bytes from ``offset``. Raises MediaTruncated, naming ``what`` was looked for."""
        if offset < 0 or offset + count > self.size_bytes:
            raise self.truncated(f"{what} ends beyond the end of the file", needed_bytes=offset + count)
        if count > _MAX_BYTES:
            raise self.invalid(f"{what} takes {count} bytes: the file is damaged")
        if offset + count <= len(self._head):
            return self._head[offset : offset + count]
        data = self._pread(offset, count)
        if len(data) != count:
            raise self.truncated(f"{what} ends beyond the end of the file")
        return data

    def tail(self, count: int) -> bytes:
        """The last ``count`` bytes, or all there are."""
        count = min(count, self.size_bytes)
        return self.at(self.size_bytes - count, count, "the end")

    def truncated(self, why: str, **context: Any) -> MediaTruncated:
        return MediaTruncated(
            f"{self.name} is truncated: {why}", path=shown(self.path), size_bytes=self.size_bytes, **context
        )

    def invalid(self, why: str) -> MediaError:
        return MediaError(f"{self.name}: {why}", path=shown(self.path))

    def _pread(self, offset: int, count: int) -> bytes:
        try:
            if hasattr(os, "pread"):
                return os.pread(self._handle, count, offset)
            os.lseek(self._handle, offset, os.SEEK_SET)
            return os.read(self._handle, count)
        except OSError as cause:
            raise _unreadable(self.path, cause) from cause


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """``path`` for reading. Raises InputMissing, InputUnreadable, or InputRefused for what is no regular file."""
    # O_NONBLOCK: a pipe must not hang us.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        handle = os.open(path, flags)
    except OSError as cause:
        raise _unreadable(path, cause) from cause
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise InputRefused(f"{shown(path)} is no regular file", path=shown(path))
        yield Reader(path, handle, facts.st_size)
    finally:
        os.close(handle)


def _unreadable(path: Path, cause: OSError) -> InputMissing | InputUnreadable:
    if cause.errno in (errno.ENOENT, errno.ENOTDIR):
        return InputMissing(f"{shown(path)} is not there", path=shown(path))
    return InputUnreadable(f"{shown(path)} cannot be read: {cause.strerror}", path=shown(path))
