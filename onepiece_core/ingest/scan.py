"""Walk a drop by names and stats alone: nothing is opened, so a pipe cannot hang it and a loop cannot trap it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onepiece_core.checksums import Stamp
from onepiece_core.errors import InputMissing, InputRefused, InputUnreadable
from onepiece_core.ingest.model import DropFile, Problem
from onepiece_core.junk import is_junk
from onepiece_core.manifest.package import MHL_FOLDER
from onepiece_core.rules.ingest_codes import found
from onepiece_core.shown import shown

_JUNK = found("file.temporary", "a hidden or temporary file: never taken in")
_MHL = found("file.mhl", "a file of the drop's ASC MHL history: read, not taken in")


@dataclass(slots=True)
class DropScan:
    """What lies in a drop. Every entry that is no folder is in ``files`` or in ``left``, by its relative path.

    Attributes:
        files: regular files, sorted by folder and name.
        mhl: folders that hold an ``ascmhl/`` of their own, relative; ``""`` is the drop.
        problems: folders that could not be read.
    """

    root: str
    files: list[DropFile] = field(default_factory=list)
    left: dict[str, Problem] = field(default_factory=dict)
    mhl: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def scan_drop(folder: Path) -> DropScan:
    """Raises InputMissing, InputUnreadable, InputRefused when ``folder`` itself is no folder to read."""
    scan = DropScan(_root(folder))
    # A folder, and why nothing below it is taken.
    pending: list[tuple[str, Problem | None]] = [("", None)]
    while pending:
        below, skipped = pending.pop()
        entries = _entries(scan, below)
        for entry in entries:
            relative = below + entry.name
            reason = skipped or (_JUNK if is_junk(entry.name) else None)
            if not entry.is_dir(follow_symlinks=False):
                _take(scan, relative, entry, reason)
            elif entry.name == MHL_FOLDER and reason is None:
                scan.mhl.append(below)
                pending.append((f"{relative}/", _MHL))
            else:
                pending.append((f"{relative}/", reason))
    scan.files.sort(key=lambda file: file.relative)
    return scan


def _root(folder: Path) -> str:
    try:
        root = os.path.realpath(folder, strict=True)
        status = os.stat(root)  # noqa: PTH116 - all of this module is text: a hundred thousand names a second
    except ValueError as cause:
        raise InputRefused(f"{shown(str(folder))} is no path", path=shown(str(folder))) from cause
    except OSError as cause:
        if cause.errno in (errno.ENOENT, errno.ENOTDIR):
            raise InputMissing(f"{shown(folder)} is not there", hint="Check the path.", path=shown(folder)) from cause
        raise InputUnreadable(f"{shown(folder)} cannot be read: {cause.strerror}", path=shown(folder)) from cause
    if not stat.S_ISDIR(status.st_mode):
        raise InputRefused(f"{shown(folder)} is no folder", hint="Give the folder of the drop.", path=shown(folder))
    if not os.access(root, os.R_OK | os.X_OK):
        raise InputUnreadable(f"{shown(folder)} cannot be read: permission denied", path=shown(folder))
    return root


def _entries(scan: DropScan, below: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(f"{scan.root}/{below}") as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        name = shown(below.rstrip("/") or ".")
        scan.problems.append(found("folder.unreadable", f"the folder {name} cannot be read: {_why(error)}", path=name))
        return []


def _take(scan: DropScan, relative: str, entry: os.DirEntry[str], skipped: Problem | None) -> None:
    if skipped is not None:
        scan.left[relative] = skipped
        return
    try:
        if entry.is_symlink():
            _take_link(scan, relative, entry.path)
            return
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        scan.left[relative] = found("file.unreadable", f"it cannot be read: {_why(error)}")
        return
    _take_regular(scan, relative, status)


def _take_regular(scan: DropScan, relative: str, status: os.stat_result, target: str | None = None) -> None:
    if stat.S_ISREG(status.st_mode):
        scan.files.append(DropFile(relative, scan.root, Stamp.of(status), target))
    else:
        scan.left[relative] = found("file.special", f"it is {_kind(status.st_mode)}, not a file")


def _take_link(scan: DropScan, relative: str, path: str) -> None:
    """A link to a file of the drop is that file; what lies elsewhere is never looked at."""
    try:
        real = os.path.realpath(path, strict=True)
    except OSError as error:
        is_loop = error.errno == errno.ELOOP
        reason = "the link leads back to itself" if is_loop else "the link leads nowhere"
        scan.left[relative] = found("link.loop" if is_loop else "link.broken", reason)
        return
    if os.path.commonpath((scan.root, real)) != scan.root:
        scan.left[relative] = found("link.outside", "the link points outside of the drop")
        return
    status = os.lstat(real)
    if stat.S_ISDIR(status.st_mode):
        is_loop = f"{scan.root}/{relative}".startswith(f"{real}/")
        told = "a link to a folder that it lies in" if is_loop else "a link to a folder of the drop"
        code = "link.back" if is_loop else "link.folder"
        scan.left[relative] = found(code, f"{told}: its files are taken where they really are")
    elif is_junk(real.rpartition("/")[2]) or f"/{MHL_FOLDER}/" in f"/{os.path.relpath(real, scan.root)}":
        scan.left[relative] = _JUNK
    else:
        _take_regular(scan, relative, status, real)


def same_files(files: list[DropFile]) -> Iterator[tuple[DropFile, DropFile]]:
    """Pairs that are one file on disk: hard links, and links beside what they point to."""
    first: dict[tuple[int, int], DropFile] = {}
    for file in files:
        other = first.setdefault((file.stamp.device, file.stamp.inode), file)
        if other is not file:
            yield other, file


def _kind(mode: int) -> str:
    names = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"))
    return next((name for is_kind, name in names if is_kind(mode)), "a device")


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
