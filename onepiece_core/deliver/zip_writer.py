"""A ZIP whose bytes depend on nothing but what is put in: stored, ZIP64 where it must be, fixed modes.

So what an unfinished one holds can be told by its place: members that are complete are kept as they are.

PKWARE APPNOTE 6.3.9. Sizes are known before a file is written, its CRC-32 is put in afterwards.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from onepiece_core.checksums import crc32
from onepiece_core.errors import DestinationDiffers

_LIMIT = 0xFFFFFFFF
_UTF8 = 0x0800
_UNIX = 3
_MODE = 0o100644 << 16
# Where a local header holds the CRC-32.
_CRC = slice(14, 18)
_COMPARED_BYTES = 1 << 20


@dataclass(slots=True)
class _Member:
    name: bytes
    size_bytes: int
    offset: int
    stamp: tuple[int, int]
    crc: int = 0

    @property
    def is_large(self) -> bool:
        return self.size_bytes >= _LIMIT

    @property
    def version(self) -> int:
        return 45 if self.is_large or self.offset >= _LIMIT else 20


class ZipWriter:
    """Writes members one after the other to ``descriptor``, which can be read and has no end of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._members: list[_Member] = []
        self._at = 0

    @property
    def size_bytes(self) -> int:
        """What has been written so far."""
        return self._at

    def left(self, name: str, size_bytes: int, at: datetime, buffer: memoryview) -> Iterator[memoryview] | None:
        """The bytes behind the header that this member would get here; None where no complete member has it."""
        header = _local_header(self._member(name, size_bytes, at))
        crc = self._find_header(header)
        # The CRC-32 is written last: without it the member is not complete.
        return read_pieces(self._descriptor, self._at + len(header), size_bytes, buffer) if crc else None

    def _find_header(self, header: bytes) -> int | None:
        """The CRC-32 in a header that is there already; None where another one is, or none."""
        found = self._read_at(self._at, len(header))
        if found[: _CRC.start] + bytes(4) + found[_CRC.stop :] != header:
            return None
        return int.from_bytes(found[_CRC], "little")

    def _read_at(self, offset: int, count: int) -> bytes:
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        return os.read(self._descriptor, count)

    def keep(self, name: str, size_bytes: int, at: datetime, crc: int) -> None:
        """Take what :meth:`left` gave as the next member."""
        member = self._member(name, size_bytes, at)
        self._members.append(member)
        self._at += len(_local_header(member)) + size_bytes
        self.end(crc)

    def begin(self, name: str, size_bytes: int, at: datetime) -> None:
        member = self._member(name, size_bytes, at)
        self._members.append(member)
        os.lseek(self._descriptor, self._at, os.SEEK_SET)
        self._write(_local_header(member))

    def _member(self, name: str, size_bytes: int, at: datetime) -> _Member:
        return _Member(name.encode(), size_bytes, self._at, _dos_time(at))

    def write(self, data: bytes | memoryview) -> None:
        self._write(data)

    def end(self, crc: int) -> None:
        member = self._members[-1]
        member.crc = crc
        os.lseek(self._descriptor, member.offset + _CRC.start, os.SEEK_SET)
        os.write(self._descriptor, struct.pack("<I", crc))
        os.lseek(self._descriptor, self._at, os.SEEK_SET)

    def add(self, name: str, data: bytes, at: datetime) -> None:
        """A small member."""
        self.begin(name, len(data), at)
        self._write(data)
        self.end(crc32(data))

    def mark(self) -> tuple[int, int]:
        return self._at, len(self._members)

    def rewind(self, mark: tuple[int, int]) -> None:
        """Take back what was written since ``mark``."""
        self._at, count = mark
        del self._members[count:]
        os.lseek(self._descriptor, self._at, os.SEEK_SET)

    def close(self) -> None:
        """Write the directory and cut off what was set aside."""
        start = self._at
        for member in self._members:
            self._write(_central_header(member))
        self._write(_end(len(self._members), start, self._at - start))
        self._cut()

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self._at)

    def _write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            count = os.write(self._descriptor, view)
            self._at += count
            view = view[count:]


class ZipComparer(ZipWriter):
    """Writes nothing: what would be written is compared with what is there. Raises DestinationDiffers."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor)
        self._path = path

    def begin(self, name: str, size_bytes: int, at: datetime) -> None:
        member = self._member(name, size_bytes, at)
        header = _local_header(member)
        if self._find_header(header) is None:
            raise self._differs()
        self._members.append(member)
        self._at += len(header)

    def end(self, crc: int) -> None:
        member = self._members[-1]
        member.crc = crc
        if self._read_at(member.offset + _CRC.start, 4) != struct.pack("<I", crc):
            raise self._differs()

    def close(self) -> None:
        super().close()
        if os.fstat(self._descriptor).st_size != self._at:
            raise self._differs()

    def _write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            there = self._read_at(self._at, min(len(view), _COMPARED_BYTES))
            if not there or bytes(view[: len(there)]) != there:
                raise self._differs()
            self._at += len(there)
            view = view[len(there) :]

    def _cut(self) -> None:
        """Nothing is set aside."""

    def _differs(self) -> DestinationDiffers:
        return DestinationDiffers(f"{self._path} is there already and holds other bytes", path=str(self._path))


def read_pieces(descriptor: int, offset: int, count: int, buffer: memoryview) -> Iterator[memoryview]:
    """At most ``count`` bytes from ``offset``; a piece is good until the next one is asked for."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    with io.FileIO(descriptor, closefd=False) as file:
        while count and (got := file.readinto(buffer[: min(count, len(buffer))])):
            count -= got
            yield buffer[:got]


def archive_bytes(names_and_sizes: Sequence[tuple[str, int]]) -> int:
    """At most so many bytes does an archive with these members have."""
    return sum(size + 2 * len(name.encode()) + 200 for name, size in names_and_sizes) + 200


def _dos_time(at: datetime) -> tuple[int, int]:
    """Time and date as DOS wrote them, in UTC: from 1980 to 2107, every other second."""
    at = min(max(at.astimezone(UTC), datetime(1980, 1, 1, tzinfo=UTC)), datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC))
    return (
        at.hour << 11 | at.minute << 5 | at.second // 2,
        (at.year - 1980) << 9 | at.month << 5 | at.day,
    )


def _local_header(member: _Member) -> bytes:
    extra = struct.pack("<HHQQ", 1, 16, member.size_bytes, member.size_bytes) if member.is_large else b""
    size = _LIMIT if member.is_large else member.size_bytes
    version = 45 if member.is_large else 20
    head = struct.pack(
        "<4sHHHHHIIIHH",
        b"PK\x03\x04",
        version,
        _UTF8,
        0,
        *member.stamp,
        0,
        size,
        size,
        len(member.name),
        len(extra),
    )
    return head + member.name + extra


def _central_header(member: _Member) -> bytes:
    values = [member.size_bytes] * 2 if member.is_large else []
    values += [member.offset] if member.offset >= _LIMIT else []
    extra = struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    size = _LIMIT if member.is_large else member.size_bytes
    head = struct.pack(
        "<4sBBHHHHHIIIHHHHHII",
        b"PK\x01\x02",
        member.version,
        _UNIX,
        member.version,
        _UTF8,
        0,
        *member.stamp,
        member.crc,
        size,
        size,
        len(member.name),
        len(extra),
        0,
        0,
        0,
        _MODE,
        min(member.offset, _LIMIT),
    )
    return head + member.name + extra


def _end(count: int, start: int, size: int) -> bytes:
    told = b""
    if count >= 0xFFFF or start >= _LIMIT or size >= _LIMIT:
        told = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45 | _UNIX << 8, 45, 0, 0, count, count, size, start)
        told += struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
    few = min(count, 0xFFFF)
    return told + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, few, few, min(size, _LIMIT), min(start, _LIMIT), 0)
