"""Logs of attempts as files, read in parts while they grow."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.farm.job import LogPart

_LONGEST_CHARACTER = 4  # bytes of one in UTF-8


def read_log_file(path: Path, *, offset: int, limit: int, is_complete: bool) -> LogPart:
    """At most ``limit`` bytes, but never less than a character; see Farm.read_log.

    ``is_complete``: nobody writes the file any more; one that is not there is then empty for good.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = max(0, size + offset) if offset < 0 else min(offset, size)
            file.seek(start)
            data = file.read(max(limit, _LONGEST_CHARACTER))
    except FileNotFoundError:
        return LogPart("", max(offset, 0), max(offset, 0), is_complete)
    if offset < 0 and start:
        skipped = _length_of_rest(data)
        start, data = start + skipped, data[skipped:]
    is_end = start + len(data) >= size
    if not (is_end and is_complete):
        data = data[: len(data) - _length_of_begun(data)]
    return LogPart(data.decode(errors="replace"), start, start + len(data), is_complete and is_end)


def _length_of_rest(data: bytes) -> int:
    """Bytes at the front that belong to a character that began before."""
    head = data[: _LONGEST_CHARACTER - 1]
    return next((at for at, byte in enumerate(head) if byte & 0xC0 != 0x80), len(head))


def _length_of_begun(data: bytes) -> int:
    """Bytes at the end that begin a character and do not end it."""
    for length in range(1, min(_LONGEST_CHARACTER, len(data) + 1)):
        byte = data[-length]
        if byte & 0xC0 == 0x80:
            continue
        needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return length if needed > length else 0
    return 0
