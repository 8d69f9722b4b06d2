"""The file of an upload: opened as it was planned, read once, and proven to be the same afterwards."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Self

import xxhash

from onepiece_core.checksums import check_unchanged, open_checked
from onepiece_core.errors import InputUnreadable, SourceChanged
from onepiece_core.storage.engine import Upload


class PlannedFile:
    """Read in order by one thread. Raises SourceChanged when the file is not the one that was planned."""

    def __init__(self, item: Upload) -> None:
        self._item = item
        self._hash = xxhash.xxh3_128()
        self._opened = open_checked(item.path, True, item.stamp)

    def __enter__(self) -> Self:
        self._descriptor, self._before = self._opened.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._opened.__exit__(kind, error, at)

    def read(self) -> bytes:
        """All of it."""
        # One byte more than planned: a file that has grown is noticed.
        data = self._read_once(self._item.stamp.size_bytes + 1)
        if len(data) < self._item.stamp.size_bytes:
            data += b"".join(iter(lambda: self._read_once(1 << 20), b""))
        if len(data) != self._item.stamp.size_bytes:
            raise self._changed()
        self._hash.update(data)
        return data

    def read_into(self, view: memoryview) -> None:
        """The next bytes, as many as ``view`` holds."""
        done = 0
        while done < len(view):
            count = self._read_piece(view[done:])
            if not count:
                raise self._changed()
            done += count
        self._hash.update(view)

    def finish(self) -> str:
        """The hash of what was read, once it is certain that this is the file as it was planned."""
        check_unchanged(self._item.path, self._descriptor, self._before, True)
        xxh128: str = self._hash.hexdigest()
        if self._item.xxh128 is not None and xxh128 != self._item.xxh128:
            raise self._changed()
        return xxh128

    def _read_once(self, count: int) -> bytes:
        try:
            return os.read(self._descriptor, count)
        except OSError as failed:
            raise self._unreadable(failed) from failed

    def _read_piece(self, view: memoryview) -> int:
        try:
            if hasattr(os, "readv"):
                return os.readv(self._descriptor, [view])
            data = os.read(self._descriptor, len(view))
        except OSError as failed:
            raise self._unreadable(failed) from failed
        view[: len(data)] = data
        return len(data)

    def _unreadable(self, failed: OSError) -> InputUnreadable:
        path = str(self._item.path)
        return InputUnreadable(f"{path} cannot be read: {failed.strerror}", path=path, errno=failed.errno)

    def _changed(self) -> SourceChanged:
        path = str(self._item.path)
        return SourceChanged(f"{path} is not the file any more that was planned to be sent", path=path)
