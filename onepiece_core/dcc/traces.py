"""Take away what installs have left: files, blocks, folders, and what those that were killed did not finish."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import psutil

from onepiece_core.dcc.hooks import without_block
from onepiece_core.filesystems import storage_error, write_file

# What an edited file of ours is called when its place is needed, or we go: no host reads a file that ends so.
ASIDE = ".edited"


def set_aside(path: Path) -> Path:
    """Give a file that somebody has edited another name. Raises StorageError."""
    target = aside_name(path)
    try:
        path.rename(target)
    except OSError as error:
        raise storage_error(error, path) from error
    return target


def aside_name(path: Path) -> Path:
    """The first free name for it."""
    number, target = 1, path.with_name(f"{path.name}{ASIDE}")
    while os.path.lexists(target):
        number += 1
        target = path.with_name(f"{path.name}{ASIDE}{number}")
    return target


def remove_file(path: Path) -> None:
    """And what Python has compiled of it. Raises StorageError."""
    try:
        path.unlink(missing_ok=True)
        if path.suffix == ".py":
            compiled = path.parent / "__pycache__"
            for file in compiled.glob(f"{path.stem}.*.pyc"):
                file.unlink()
            remove_if_empty(compiled)
    except OSError as error:
        raise storage_error(error, path) from error


def clean_file(path: Path, *, is_made: bool) -> None:
    """Take our block out; a file that we began, and that nobody has added to, goes. Raises StorageError."""
    real = path.resolve()
    try:
        rest, mode = without_block(real.read_bytes()), real.stat().st_mode
        if is_made and not rest:
            path.unlink()
            return
    except OSError as error:
        raise storage_error(error, path) from error
    write_file(real, rest)
    real.chmod(mode)


def remove_folder(folder: Path) -> None:
    """Gone in one rename, for whoever starts a host meanwhile. Raises StorageError."""
    doomed = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise storage_error(error, folder) from error


def remove_leftovers(root: Path) -> None:
    """What installs have left that were killed."""
    for path in root.glob(".*.*"):
        found = re.fullmatch(r"\..+\.(\d{1,9})\.(part|old)", path.name)
        if found and _is_over(found[1]):
            shutil.rmtree(path, ignore_errors=True)


def remove_half_written(path: Path) -> None:
    """The new content of ``path`` that a killed process has written beside it."""
    real = path.resolve()
    try:
        beside = [one for one in real.parent.iterdir() if one.name.startswith(f".{real.name}.")]
        for one in beside:
            found = re.fullmatch(r"(\d{1,9})-[0-9a-f]{8}\.tmp", one.name.removeprefix(f".{real.name}."))
            if found and _is_over(found[1]):
                one.unlink(missing_ok=True)
    except OSError:
        pass  # there is no such folder, or it is not ours


def remove_if_empty(folder: Path) -> None:
    """Raises nothing: somebody else may have put something there."""
    try:
        folder.rmdir()
    except OSError:
        pass


def _is_over(pid: str) -> bool:
    return int(pid) == os.getpid() or not psutil.pid_exists(int(pid))
