"""A folder's files in the order in which a server lists them, with what is wrong as results, not as exceptions.

Nothing is opened, so a pipe cannot hang it. Memory grows with the largest folder, not with the tree.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from onepiece_core.checksums import Stamp
from onepiece_core.errors import InputMissing, InputRefused, InputUnreadable
from onepiece_core.shown import is_text, shown
from onepiece_core.storage.store import RESERVED
from onepiece_core.sync.filters import ALL, Filters
from onepiece_core.sync.order import BY_BYTES, Order

MISSING = "missing"
UNREADABLE = "unreadable"
REFUSED = "refused"


class LocalFile(NamedTuple):
    """A regular file, or a link to one of the same tree: ``status`` is the file's.

    ``relative`` is POSIX, seen from the synced folder.
    """

    relative: str
    status: os.stat_result
    is_link: bool = False

    @property
    def size_bytes(self) -> int:
        return self.status.st_size

    @property
    def stamp(self) -> Stamp:
        return Stamp.of(self.status)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A path about which nothing is known: nothing at or below it is touched, and nothing at all is deleted.

    Attributes:
        relative: of the path; "" is the whole folder. May hold bytes that are no text, as Python keeps them.
        kind: ``missing``, ``unreadable`` or ``refused``.
        why: for people.
    """

    relative: str
    kind: str
    why: str

    @property
    def path(self) -> str:
        """The path as people and reports may see it."""
        return shown(self.relative)


def real_root(folder: Path) -> Path:
    """The folder behind ``folder``, which may be a link. Raises InputMissing, InputUnreadable, InputRefused."""
    try:
        root = folder.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as cause:
        code = getattr(cause, "errno", None)
        if code in (errno.ENOENT, errno.ENOTDIR):
            raise InputMissing(f"there is no folder {shown(folder)}", path=shown(folder)) from cause
        if code in (errno.EACCES, errno.EPERM):
            raise InputUnreadable(f"{shown(folder)} may not be read", path=shown(folder)) from cause
        raise InputRefused(f"{shown(folder)} leads nowhere: {cause}", path=shown(folder)) from cause
    if not root.is_dir():
        raise InputRefused(f"{shown(folder)} is not a folder", path=shown(folder))
    return root


def scan(root: Path, order: Order = BY_BYTES, filters: Filters = ALL) -> Iterator[LocalFile | Trouble]:
    """Every file below ``root`` (a real path) in ``order``, and every trouble where it was met."""
    yield from _Scan(str(root), order, filters).run()


class _Scan:
    def __init__(self, root: str, order: Order, filters: Filters) -> None:
        self._root = root
        self._order = order
        self._filters = filters

    def run(self) -> Iterator[LocalFile | Trouble]:
        takes = None if self._filters.is_open else self._filters.takes
        stack = [("", self._entries(""))]
        while stack:
            base, entries = stack[-1]
            for name, entry, is_folder in entries:
                relative = base + name
                if entry is None:
                    yield Trouble(base.rstrip("/"), MISSING if is_folder else UNREADABLE, name)
                elif is_folder:
                    if self._filters.drops_folder(relative):
                        continue
                    if not is_text(name):
                        yield _not_text(relative)
                    else:
                        stack.append((f"{relative}/", self._entries(relative)))
                        break
                elif takes is None or takes(relative):
                    found = self._look(relative, entry)
                    if found is not None:
                        yield found
            else:
                stack.pop()

    def _entries(self, folder: str) -> Iterator[tuple[str, os.DirEntry[str] | None, bool]]:
        """(name, entry, is it a folder), sorted; (why, None, is it gone) for a folder that cannot be read."""
        path = f"{self._root}/{folder}" if folder else self._root
        try:
            with os.scandir(path) as entries:
                rows = [(entry.name, entry, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError as error:
            return iter([(_reason(error), None, error.errno == errno.ENOENT)])
        if self._order is BY_BYTES:
            # A folder stands where its first file would: behind `a-b`, as "/" is behind "-".
            rows.sort(key=lambda row: f"{row[0]}/" if row[2] else row[0])
        else:
            rows.sort(key=lambda row: row[0])
        return iter(rows)

    def _look(self, relative: str, entry: os.DirEntry[str]) -> LocalFile | Trouble | None:
        try:
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                if entry.name.startswith(RESERVED):
                    return None  # a download of ours that is on its way
                return LocalFile(relative, status) if is_text(entry.name) else _not_text(relative)
            if stat.S_ISLNK(status.st_mode):
                return self._look_behind(relative, entry.path)
        except OSError as error:
            kind = MISSING if error.errno == errno.ENOENT else UNREADABLE
            return Trouble(relative, kind, _reason(error))
        return Trouble(relative, REFUSED, f"it is {_special(status.st_mode)}, not a file")

    def _look_behind(self, relative: str, path: str) -> LocalFile | Trouble:
        """A link to a file of this tree is that file; any other may show anything and is refused."""
        try:
            real = os.path.realpath(path, strict=True)
            status = os.stat(real)  # noqa: PTH116 - strings all along: 100,000 names in a second
        except OSError as error:
            why = "the link leads back to itself" if error.errno == errno.ELOOP else "the link leads nowhere"
            if error.errno in (errno.EACCES, errno.EPERM):
                return Trouble(relative, UNREADABLE, "the link cannot be followed: permission denied")
            return Trouble(relative, REFUSED if error.errno == errno.ELOOP else MISSING, why)
        if not real.startswith(self._root.rstrip("/") + "/") and real != self._root:
            return Trouble(relative, REFUSED, f"the link leads out of the folder, to {shown(real)}")
        if stat.S_ISDIR(status.st_mode):
            return Trouble(relative, REFUSED, "it is a link to a folder, which is not followed")
        if not stat.S_ISREG(status.st_mode):
            return Trouble(relative, REFUSED, f"it is a link to {_special(status.st_mode)}")
        return LocalFile(relative, status, is_link=True) if is_text(relative) else _not_text(relative)


def _not_text(relative: str) -> Trouble:
    return Trouble(relative, REFUSED, "its name is not UTF-8, which S3 cannot hold")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _special(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"
