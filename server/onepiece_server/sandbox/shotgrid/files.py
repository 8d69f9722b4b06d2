"""Uploaded bytes on disk, each under a random name."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PIECE = 1024 * 1024


class WrongPart(Exception):
    """The parts that arrived are not the parts that were announced."""


class FileStore:
    """Files under one folder. Names come from ``new_name`` alone, never from a caller."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for part in folder.glob("*.part"):  # what was on its way when the site was killed
            shutil.rmtree(part) if part.is_dir() else part.unlink()

    def new_name(self) -> str:
        return secrets.token_hex(16)

    def path(self, name: str) -> Path:
        if not name.replace(".", "").isalnum() or ".." in name:
            raise ValueError(name)
        return self._folder / name

    def save(self, name: str, source: BinaryIO) -> None:
        """Copy a stream to a file, visible only when it is whole."""
        with self._written(name) as target:
            while piece := source.read(_PIECE):
                target.write(piece)

    async def receive(self, name: str, pieces: AsyncIterator[bytes]) -> str:
        """Write what arrives to a file, visible only when it is whole; its MD5, as S3's ETag is one."""
        digest = hashlib.md5(usedforsecurity=False)
        with self._written(name) as target:
            async for piece in pieces:
                digest.update(piece)
                target.write(piece)
        return digest.hexdigest()

    def join(self, name: str, etags: Sequence[str]) -> None:
        """Make one file of its parts ``name.1``, ``name.2`` ..., whose MD5s are ``etags``.

        Raises:
            WrongPart: one is missing, is another one, or is not among ``etags``; all parts stay.
        """
        parts = [self.path(f"{name}.{number}") for number in range(1, len(etags) + 1)]
        if {part.name for part in parts} != self._parts(name):
            raise WrongPart(f"{len(etags)} parts were announced and others arrived")
        with self._written(name) as target:
            for part, etag in zip(parts, etags, strict=True):
                digest = hashlib.md5(usedforsecurity=False)
                with part.open("rb") as source:
                    while piece := source.read(_PIECE):
                        digest.update(piece)
                        target.write(piece)
                if digest.hexdigest() != etag:
                    raise WrongPart(f"part {part.suffix[1:]} is not the one with the ETag {etag[:40]!r}")
        for part in parts:
            part.unlink(missing_ok=True)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A folder beside the files, gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self._folder, suffix=".part") as folder:
            yield Path(folder)

    def adopt(self, file: Path) -> str:
        """Take over a file that was written in a workspace; its name."""
        name = self.new_name()
        file.replace(self.path(name))
        return name

    def has(self, name: str) -> bool:
        return self.path(name).is_file()

    def remove(self, name: str) -> None:
        """Remove a file and the parts of it that have arrived."""
        for one in (name, *self._parts(name)):
            self.path(one).unlink(missing_ok=True)

    def size_bytes(self, name: str) -> int:
        return os.stat(self.path(name)).st_size  # noqa: PTH116  one call, no Path object per row

    def _parts(self, name: str) -> set[str]:
        return {found.name for found in self._folder.glob(f"{name}.*") if found.suffix[1:].isdigit()}

    @contextmanager
    def _written(self, name: str) -> Iterator[BinaryIO]:
        """A file that appears under ``name`` when the block ends well, and leaves nothing when it does not."""
        part = self.path(f"{name}.{secrets.token_hex(4)}.part")
        try:
            with part.open("wb") as target:
                yield target
            part.replace(self.path(name))
        finally:
            part.unlink(missing_ok=True)
