"""The last step of a download: a whole file takes its place, and never that of a file nobody planned to replace."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from onepiece_core.checksums import Stamp
from onepiece_core.errors import PreconditionFailed
from onepiece_core.filesystems import rename_into_place, storage_error, sync_folder
from onepiece_core.storage.local import RESERVED


def part_path(target: Path) -> Path:
    """Where a download grows: beside its target, hidden, and short however long the target's name is."""
    return target.with_name(f"{RESERVED}{blake2b(os.fsencode(target.name), digest_size=16).hexdigest()}.part")


def check_free(target: Path, may_replace: Stamp | None) -> None:
    """Raise PreconditionFailed unless ``target`` is not there, or is the file that may be replaced."""
    try:
        there = Stamp.of(os.lstat(target))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise storage_error(error, target) from error
    if there != may_replace:
        raise _taken(target, may_replace)


def place(part: Path, target: Path, may_replace: Stamp | None) -> None:
    """Rename ``part``, whose bytes are on the disk, to ``target``; durable when this returns."""
    try:
        if may_replace is None:
            try:
                rename_into_place(part, target)
            except FileExistsError as taken:
                raise _taken(target, None) from taken
            return
        check_free(target, may_replace)
        part.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise storage_error(error, target) from error


def _taken(target: Path, may_replace: Stamp | None) -> PreconditionFailed:
    words = "is there already" if may_replace is None else "has changed since it was planned to be replaced"
    return PreconditionFailed(f"{target} {words}", path=str(target))
