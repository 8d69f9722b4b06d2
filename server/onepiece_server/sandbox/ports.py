"""Ports for one sandbox: a block that is free, and claimed while its servers start."""

from __future__ import annotations

import os
import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import SandboxError
from onepiece_server.sandbox.locks import try_lock

# Blocks and their gRPC twins (10000 higher) stay below 32768, where systems begin to hand out ports
# for outgoing connections: such a connection could take a port of ours while the sandbox is down.
_BLOCKS = range(12000, 22000, 10)
_GRPC_GAP = 10000


@dataclass(frozen=True, slots=True)
class PortBlock:
    """Ten ports in a row from ``base``; SeaweedFS takes the first five and each of these plus 10000."""

    base: int

    @property
    def master(self) -> int:
        return self.base

    @property
    def volume(self) -> int:
        return self.base + 1

    @property
    def filer(self) -> int:
        return self.base + 2

    @property
    def s3(self) -> int:
        return self.base + 3

    @property
    def admin(self) -> int:
        return self.base + 4

    @property
    def shotgrid(self) -> int:
        return self.base + 5

    @property
    def s3_faults(self) -> int:
        return self.base + 6

    @property
    def all(self) -> tuple[int, ...]:
        return (*range(self.base, self.base + 5), self.shotgrid, self.s3_faults, *self.grpc)

    @property
    def grpc(self) -> tuple[int, ...]:
        return tuple(port + _GRPC_GAP for port in range(self.base, self.base + 5))

    def is_free(self) -> bool:
        return all(_is_free(port) for port in self.all)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # POSIX: connections of an earlier server that still linger do not count. Windows: the option of
        # that name would let us share the port of a live server, so there the opposite one is set.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _claims_folder() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = Path(tempfile.gettempdir()) / f"onepiece-ports-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp())  # somebody else's: the look at the ports must do
    return folder


@contextmanager
def claimed_block(preferred: int | None = None) -> Iterator[PortBlock]:
    """A free block that no other sandbox of this user takes during the block of the ``with``.

    ``preferred`` is the base of an earlier start: addresses that somebody exported stay right.

    Raises:
        SandboxError: no block is free.
    """
    bases = random.sample(_BLOCKS, 50)
    folder = _claims_folder()
    for base in [preferred, *bases] if preferred else bases:
        block = PortBlock(base)
        with try_lock(folder / f"{base}.lock") as locked:
            if locked and block.is_free():
                yield block
                return
    raise SandboxError("no free ports between 12000 and 32000 on 127.0.0.1", tried=len(bases))
