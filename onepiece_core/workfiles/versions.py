"""The next version of a workfile: its number keeps its padding, and its path is never one that exists."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from onepiece_core.dcc import find_dcc_for
from onepiece_core.errors import NameInvalid, WorkfileExists, WorkfileMissing
from onepiece_core.filesystems import create_file, rename_into_place, storage_error, sync_folder
from onepiece_core.naming import fold, portable_name, split_version, with_version
from onepiece_core.shown import shown

_ATTEMPTS = 100


def next_version(path: Path, *, claim: bool = False) -> Path:
    """The workfile after ``path`` and after every other version of it in its folder.

    A name without a version goes on with ``_v001``. Versions of the same DCC's other file types count too, and so do
    names that are only locked. ``claim`` creates the file, empty, so that nobody else is given this path.

    Raises:
        WorkfileMissing: there is no such folder.
        NameInvalid: two versions in the name, no number left, or a name too long for a file.
        StorageError: the folder cannot be read, or not written to.
    """
    base, version, _ = split_version(path.stem)
    number = max(newest_version(path), version or 0) + 1
    for found in range(number, number + _ATTEMPTS):
        try:
            target = path.with_name(portable_name(f"{with_version(path.stem, found)}{path.suffix}"))
        except ValueError as cause:
            raise NameInvalid(f"{shown(path.name)} is no file name", name=shown(path.name)) from cause
        if os.path.lexists(target):
            continue
        if not claim or _claimed(target):
            return target
    raise WorkfileExists(f"no free version of {shown(base)} was found", path=shown(path))


def save_next_copy(path: Path, *, target: Path | None = None) -> Path:
    """Copy a workfile onto its next version, or onto ``target``; the copy appears whole and replaces nothing.

    Raises as :func:`next_version`, and WorkfileExists when ``target`` is there.
    """
    partial = path.with_name(f".{uuid.uuid4().hex}.part")
    wanted = target or next_version(path)
    if target is not None:
        partial = target.with_name(partial.name)
    try:
        _copy(path, partial)
        for _ in range(_ATTEMPTS):
            try:
                _put(partial, wanted)
            except FileExistsError as cause:
                if target is not None:
                    raise WorkfileExists(f"{shown(target)} exists already", path=shown(target)) from cause
                wanted = next_version(path)
            else:
                sync_folder(wanted.parent)
                return wanted
    except FileNotFoundError as cause:
        raise WorkfileMissing(f"there is no file {shown(path)}", path=shown(path)) from cause
    except OSError as cause:
        raise storage_error(cause, wanted) from cause
    finally:
        partial.unlink(missing_ok=True)
    raise WorkfileExists(f"others are always faster with the next version of {shown(path)}", path=shown(path))


def newest_version(path: Path) -> int:
    """The highest version of ``path`` that is in its folder, as a file or as a lock; 0 when there is none.

    Raises WorkfileMissing when there is no such folder, NameInvalid, StorageError.
    """
    wanted = fold(split_version(path.stem).base)
    numbers = [0]
    for name in _names(path):
        try:
            other = split_version(name)
        except NameInvalid:  # not one of ours
            continue
        if other.version is not None and fold(other.base) == wanted:
            numbers.append(other.version)
    return max(numbers)


def _names(path: Path) -> Iterator[str]:
    """The stems of the files beside ``path`` that the same DCC opens, and of those that are locked."""
    dcc = find_dcc_for(path)
    endings = dcc.extensions if dcc else (path.suffix.lower(),)
    try:
        with os.scandir(path.parent) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") and name.endswith(".lock"):
                    name = name[1:].removesuffix(".lock")
                stem, ending = os.path.splitext(name)  # noqa: PTH122 - ten thousand names
                if ending.lower() in endings:
                    yield stem
    except (FileNotFoundError, NotADirectoryError) as cause:
        raise WorkfileMissing(f"there is no folder {shown(path.parent)}", path=shown(path)) from cause
    except OSError as cause:
        raise storage_error(cause, path.parent) from cause
    except ValueError as cause:
        raise NameInvalid(f"{shown(path)} is no path", path=shown(path)) from cause


def _claimed(target: Path) -> bool:
    try:
        create_file(target, b"")
    except FileExistsError:
        return False
    except OSError as cause:
        raise storage_error(cause, target) from cause
    return True


def _copy(source: Path, partial: Path) -> None:
    with source.open("rb") as data, partial.open("xb") as copy:
        shutil.copyfileobj(data, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    partial.chmod(source.stat().st_mode & 0o777 | 0o200)  # a copy is there to be worked on


def _put(partial: Path, target: Path) -> None:
    """Raises FileExistsError."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:
        rename_into_place(partial, target)  # a file system without hard links
