"""Streaming checksums: every file is read once, whatever is asked for.

Digests are lower-case hex. ``xxh128`` is XXH3-128 in its canonical form, the one that ASC MHL calls xxh128.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from onepiece_core.errors import (
    DestinationExists,
    InputMissing,
    InputRefused,
    InputUnreadable,
    SourceChanged,
    UsageError,
)
from onepiece_core.filesystems import storage_error

PIECE_BYTES = 1 << 20

# Algorithm -> length of its hex digest.
LENGTHS = {"xxh128": 32, "xxh64": 16, "xxh3": 16, "md5": 32, "sha1": 40, "sha256": 64, "sha512": 128, "crc32": 8}

OnBytes = Callable[[int], None]


def ignore_bytes(_count: int) -> None:
    """The default listener."""


class Hash(Protocol):
    """What a running checksum can do."""

    def update(self, data: memoryview, /) -> object: ...

    def hexdigest(self) -> str: ...


def crc32(data: bytes | memoryview, value: int = 0) -> int:
    """As :func:`zlib.crc32`, many times as fast where the processor has instructions for it."""
    from zlib_ng import zlib_ng

    return zlib_ng.crc32(data, value)


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: memoryview, /) -> None:
        self._value = crc32(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


def new_hash(algorithm: str) -> Hash:
    """A running checksum. Raises UsageError for an algorithm that is not in ``LENGTHS``."""
    import xxhash

    match algorithm:
        case "xxh128":
            return xxhash.xxh3_128()
        case "xxh64":
            return xxhash.xxh64()
        case "xxh3":
            return xxhash.xxh3_64()
        case "md5" | "sha1" | "sha256" | "sha512":
            # Clients ask for MD5 and SHA-1 to notice damage, not to keep secrets.
            return hashlib.new(algorithm, usedforsecurity=False)
        case "crc32":
            return _Crc32()
    raise UsageError(f"{algorithm} is no checksum that OnePiece knows", hint=f"Choose from {', '.join(LENGTHS)}.")


def is_digest(algorithm: str, text: str) -> bool:
    """Whether ``text`` is a lower-case hex digest of the right length."""
    return bool(re.fullmatch(rf"[0-9a-f]{{{LENGTHS[algorithm]}}}", text, re.ASCII)) if algorithm in LENGTHS else False


class Hasher:
    """Several checksums fed at once."""

    def __init__(self, algorithms: Iterable[str] = ("xxh128",)) -> None:
        self._hashes = {name: new_hash(name) for name in algorithms}

    def update(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        for running in self._hashes.values():
            running.update(view)

    def digests(self) -> dict[str, str]:
        return {name: running.hexdigest() for name, running in self._hashes.items()}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells whether a file is still the one that was looked at."""

    size_bytes: int
    mtime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file as it was while it was read."""

    size_bytes: int
    digests: dict[str, str]
    mtime_ns: int


Copied = Hashed


def hash_bytes(data: bytes, algorithm: str = "xxh128") -> str:
    hasher = Hasher((algorithm,))
    hasher.update(data)
    return hasher.digests()[algorithm]


def hash_file(
    path: Path,
    algorithms: Iterable[str] = ("xxh128",),
    *,
    follow_links: bool = True,
    expected: Stamp | None = None,
    on_bytes: OnBytes = ignore_bytes,
) -> Hashed:
    """Read ``path`` once.

    Raises: InputMissing, InputUnreadable, InputRefused (not a regular file), SourceChanged (it changed
    while it was read, or is not ``expected`` any more).
    """
    hasher = Hasher(algorithms)
    with open_checked(path, follow_links, expected) as (descriptor, before):
        for piece in _pieces(path, descriptor, before):
            hasher.update(piece)
            on_bytes(len(piece))
        check_unchanged(path, descriptor, before, follow_links)
    return Hashed(before.st_size, hasher.digests(), before.st_mtime_ns)


def copy_and_hash(
    source: Path,
    target: Path,
    algorithms: Iterable[str] = ("xxh128",),
    *,
    follow_links: bool = True,
    expected: Stamp | None = None,
    sync: bool = True,
    on_bytes: OnBytes = ignore_bytes,
) -> Copied:
    """Copy ``source`` to the new file ``target`` and hash it on the way; the time of last change is kept.

    On any error the target is removed again. ``sync=False`` leaves the fsync to the caller; the
    target's folder is always the caller's to sync.

    Raises: what :func:`hash_file` raises; DestinationExists when the target is there already; DiskFull,
    DestinationReadOnly or StorageError when it cannot be written.
    """
    hasher = Hasher(algorithms)
    with open_checked(source, follow_links, expected) as (descriptor, before):
        with _created(target, before.st_size) as written:
            for piece in _pieces(source, descriptor, before):
                hasher.update(piece)
                _write_all(written, piece)
                on_bytes(len(piece))
            check_unchanged(source, descriptor, before, follow_links)
            if os.utime in os.supports_fd:
                os.utime(written, ns=(before.st_atime_ns, before.st_mtime_ns))
            if sync:
                os.fsync(written)
        if os.utime not in os.supports_fd:
            os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    return Copied(before.st_size, hasher.digests(), before.st_mtime_ns)


@contextmanager
def open_checked(path: Path, follow_links: bool, expected: Stamp | None) -> Iterator[tuple[int, os.stat_result]]:
    """A regular file's descriptor and status. Raises what :func:`hash_file` raises."""
    # O_NONBLOCK: opening a pipe without a writer would wait for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    if not follow_links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        _refuse_special(path, path.stat(follow_symlinks=follow_links))
        descriptor = os.open(path, flags)
    except OSError as cause:
        raise _source_error(path, cause) from cause
    except ValueError as cause:  # a NUL in the name
        raise InputRefused(f"{str(path)!r} is no usable path", path=repr(str(path))) from cause
    try:
        before = os.fstat(descriptor)
        _refuse_special(path, before)
        if expected is not None and Stamp.of(before) != expected:
            raise SourceChanged(f"{path} is not the file any more that was looked at", path=str(path))
        yield descriptor, before
    finally:
        os.close(descriptor)


def _refuse_special(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
        raise InputRefused(f"{path} is {kind}", hint="Only regular files can be read.", path=str(path))


def _source_error(path: Path, cause: OSError) -> InputMissing | InputRefused | InputUnreadable:
    if cause.errno in (errno.ENOENT, errno.ENOTDIR):
        return InputMissing(f"{path} is not there", path=str(path))
    if cause.errno in (errno.ELOOP, errno.EMLINK):
        return InputRefused(f"{path} is a link that may not be followed, or a loop of links", path=str(path))
    return InputUnreadable(f"{path} cannot be read: {cause.strerror}", path=str(path), errno=cause.errno)


def _pieces(path: Path, descriptor: int, before: os.stat_result) -> Iterator[memoryview]:
    # One byte more than the file holds: the read that finds its end needs no second buffer.
    buffer = memoryview(bytearray(min(PIECE_BYTES, before.st_size + 1)))
    done = 0
    while True:
        try:
            count = os.readv(descriptor, [buffer]) if hasattr(os, "readv") else _read_into(descriptor, buffer)
        except OSError as cause:
            raise _source_error(path, cause) from cause
        if not count:
            return
        done += count
        # A log that grows for ever would never end.
        if done > before.st_size:
            raise SourceChanged(f"{path} grew while it was read", path=str(path), size_bytes=before.st_size)
        yield buffer[:count]


def _read_into(descriptor: int, buffer: memoryview) -> int:
    data = os.read(descriptor, len(buffer))
    buffer[: len(data)] = data
    return len(data)


def check_unchanged(path: Path, descriptor: int, before: os.stat_result, follow_links: bool) -> None:
    """Raise SourceChanged when the file, or what its path leads to, is not what it was before it was read."""
    try:
        after = (Stamp.of(os.fstat(descriptor)), Stamp.of(path.stat(follow_symlinks=follow_links)))
    except OSError as cause:
        raise SourceChanged(f"{path} went away while it was read", path=str(path)) from cause
    if after != (Stamp.of(before), Stamp.of(before)):
        raise SourceChanged(f"{path} changed while it was read", path=str(path), size_bytes=before.st_size)


@contextmanager
def _created(target: Path, need_bytes: int) -> Iterator[int]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(target, flags, 0o666)
    except FileExistsError as cause:
        raise DestinationExists(f"{target} is there already", path=str(target)) from cause
    except OSError as cause:
        raise storage_error(cause, target, need_bytes=need_bytes) from cause
    complete = False
    try:
        yield descriptor
        complete = True
    except OSError as cause:
        raise storage_error(cause, target, need_bytes=need_bytes) from cause
    finally:
        # Some network filesystems tell of a full disk at close only.
        try:
            os.close(descriptor)
        except OSError as cause:
            if complete:
                complete = False
                raise storage_error(cause, target, need_bytes=need_bytes) from cause
        finally:
            if not complete:
                target.unlink(missing_ok=True)


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
