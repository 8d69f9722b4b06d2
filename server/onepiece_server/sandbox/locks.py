"""File locks that the system drops when their holder dies, however it dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onepiece_core.errors import SandboxError


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Hold the lock of ``path`` for the block; gives False, without the lock, where somebody else has it."""
    # The descriptor is not inheritable (PEP 446): a server started meanwhile cannot keep the lock.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _try_lock(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def held_lock(path: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Wait for the lock of ``path`` and hold it for the block.

    Raises:
        SandboxError: somebody else held it all the time.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        with try_lock(path) as locked:
            if locked:
                yield
                return
        if time.monotonic() > deadline:
            raise SandboxError(
                "another command is starting or stopping this sandbox",
                hint="Wait until it has ended, then run the command again.",
                lock=str(path),
            )
        time.sleep(0.05)
