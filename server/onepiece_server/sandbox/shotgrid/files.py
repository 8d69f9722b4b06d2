"""Uploaded bytes on disk, each under a random name."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import BinaryIO

_PIECE = 1024 * 1024


class FileStore:
    """Files under one folder. Names come from ``new_name`` alone, never from a caller."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for part in folder.glob("*.part"):  # what was on its way when the site was killed
            part.unlink()

    def new_name(self) -> str:
        return secrets.token_hex(16)

    def path(self, name: str) -> Path:
        if not name.replace(".", "").isalnum() or ".." in name:
            raise ValueError(name)
        return self._folder / name

    def save(self, name: str, source: BinaryIO) -> int:
        """Copy a stream to a file; its size in bytes."""
        part = self.path(name + ".part")
        size = 0
        try:
            with part.open("wb") as target:
                while piece := source.read(_PIECE):
                    size += target.write(piece)
            part.replace(self.path(name))
        finally:
            part.unlink(missing_ok=True)
        return size

    async def receive(self, name: str, pieces: AsyncIterator[bytes]) -> str:
        """Write what arrives to a file, visible only when it is whole; its MD5, as S3's ETag is one."""
        part = self.path(f"{name}.{secrets.token_hex(4)}.part")
        digest = hashlib.md5(usedforsecurity=False)
        try:
            with part.open("wb") as target:
                async for piece in pieces:
                    digest.update(piece)
                    target.write(piece)
            part.replace(self.path(name))
        finally:
            part.unlink(missing_ok=True)
        return digest.hexdigest()

    def join(self, name: str, parts: Iterable[str]) -> int:
        """Make one file of its parts; its size in bytes."""
        names = list(parts)
        size = 0
        whole = self.path(name + ".part")
        with whole.open("wb") as target:
            for one in names:
                with self.path(one).open("rb") as source:
                    while piece := source.read(_PIECE):
                        size += target.write(piece)
        whole.replace(self.path(name))
        for one in names:
            self.path(one).unlink(missing_ok=True)
        return size

    def remove(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    def size_bytes(self, name: str) -> int:
        return os.stat(self.path(name)).st_size  # noqa: PTH116  one call, no Path object per row
