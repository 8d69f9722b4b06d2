"""A file seen through windows that overlap: it is searched as if it were whole, in constant memory.

There is one buffer, which every window reuses: fresh memory for each would cost more than the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

WINDOW_BYTES = 512 << 10
# What is looked for is never longer; if it is, it is not found.
OVERLAP_BYTES = 64 << 10

_ISLAND_BYTES = 1024
_BEFORE_BYTES = 128


class Windows:
    """Iterate over it for the bytes of each window, valid until the next; before the file's first byte are newlines.

    Attributes:
        start, stop: what starts in ``data[start:stop]`` belongs to this window. ``data[:start]`` are the ``before``
            bytes before it, and ``data[stop:]`` is there to see the end of what starts in it.
    """

    def __init__(self, file: BinaryIO, *, before: int = 1) -> None:
        self._file = file
        self._resume = before
        self.start = self.stop = before

    def __iter__(self) -> Iterator[bytearray]:
        data = bytearray(self.start + OVERLAP_BYTES + WINDOW_BYTES)
        kept = self.start
        data[:kept] = b"\n" * kept
        while True:
            read = self._fill(data, kept)
            end = kept + read
            if end < len(data):
                del data[end:]
                self.stop = end
                yield data
                return
            self.stop = self._resume = end - OVERLAP_BYTES
            yield data
            rest = data[self._resume - self.start :]
            kept = len(rest)
            data[:kept] = rest

    def _fill(self, data: bytearray, at: int) -> int:
        """As much as fits from ``at`` on; less only at the end of the file."""
        with memoryview(data) as view, view[at:] as free:
            done = 0
            while done < len(free):
                with free[done:] as rest:
                    read = self._file.readinto(rest)  # type: ignore[attr-defined]
                if not read:
                    break
                done += read
            return done

    def resume_at(self, end: int) -> None:
        """The next window starts at ``end`` of this one's bytes: something before it reaches into the overlap."""
        self._resume = max(self._resume, end)


def hits(data: bytearray, needle: bytes, start: int, stop: int) -> Iterator[int]:
    """Where ``needle`` starts between ``start`` and ``stop``."""
    end = stop + len(needle) - 1
    at = data.find(needle, start, end)
    while at >= 0:
        yield at
        at = data.find(needle, at + len(needle), end)


def islands(data: bytearray, mark: bytes, window: Windows) -> Iterator[tuple[int, int]]:
    """The parts of a window around a byte without which nothing of interest is written.

    Where ``mark`` stands everywhere the parts grow, so that whoever searches them does it in few steps.
    """
    size, done = _ISLAND_BYTES, window.start
    while (at := data.find(mark, done, window.stop)) >= 0:
        size = min(size * 2, WINDOW_BYTES) if at - done < _ISLAND_BYTES else _ISLAND_BYTES
        start, done = max(done, at - _BEFORE_BYTES), min(at + size, window.stop)
        yield start, done
