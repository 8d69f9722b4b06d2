"""An exclusive lock between processes that leaves nothing behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onepiece_core.errors import StorageUnavailable

_PATIENCE_SECONDS = 30.0


@contextmanager
def file_lock(path: Path, *, timeout_seconds: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the lock that the file ``path`` stands for; the file is there only while it is held.

    The operating system frees the lock of a process that died. Raises StorageUnavailable after the time-out.
    """
    give_up = time.monotonic() + timeout_seconds
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        # Whoever held it before us may have removed the file we opened: then our lock means nothing.
        if try_lock(descriptor) and _is_still(path, descriptor):
            break
        os.close(descriptor)
        if time.monotonic() > give_up:
            raise StorageUnavailable(f"{path.parent} is locked by another process", path=str(path))
        time.sleep(0.005)
    try:
        yield
    finally:
        if os.name != "nt":
            path.unlink(missing_ok=True)
        os.close(descriptor)


if sys.platform == "win32":

    def try_lock(descriptor: int) -> bool:
        """Lock an open file against other processes and other descriptors, until it is closed."""
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:

    def try_lock(descriptor: int) -> bool:
        """Lock an open file against other processes and other descriptors, until it is closed."""
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
