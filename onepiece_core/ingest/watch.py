"""A watched folder: each folder below it is a drop, taken in once nothing in it changes any more.

What was taken in is known by the journal, so that a service that is started again does nothing twice.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onepiece_core.errors import InputMissing, InputRefused, InputUnreadable
from onepiece_core.junk import is_junk
from onepiece_core.shown import shown

_POLL_SECONDS = 5.0
# Asked for a stop, the service has ended within this.
_STEP_SECONDS = 0.2


@dataclass(slots=True)
class _Seen:
    signature: str
    since: float


@dataclass(slots=True)
class Watcher:
    """Looks again and again; tells which drops have been quiet for long enough.

    Attributes:
        is_done: whether a drop of this name was taken in as it is, by its signature.
        is_stopped: asked often.
    """

    folder: Path
    quiet_seconds: float
    is_done: Callable[[Path, str], bool]
    is_stopped: Callable[[], bool]
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def ready(self) -> Iterator[tuple[Path, str]]:
        """Drops with their signatures, for ever. The caller takes one in before it asks for the next.

        Raises InputMissing, InputUnreadable, InputRefused when the watched folder itself cannot be read at the start.
        """
        _names(self.folder)
        while not self.is_stopped():
            yield from self._ripe()
            self._wait(min(_POLL_SECONDS, max(self.quiet_seconds / 4, _STEP_SECONDS)))

    def _ripe(self) -> Iterator[tuple[Path, str]]:
        try:
            names = _names(self.folder)
        except (InputMissing, InputUnreadable):
            return  # a share that went away comes back
        self._seen = {name: seen for name, seen in self._seen.items() if name in names}
        for name in names:
            if self.is_stopped():
                return
            drop = self.folder / name
            signature, now = signature_of(drop), time.monotonic()
            seen = self._seen.get(name)
            if seen is None or seen.signature != signature:
                self._seen[name] = seen = _Seen(signature, now)
            if now - seen.since >= self.quiet_seconds and not self.is_done(drop, signature):
                yield drop, signature
                # What was refused or could not be reached is tried again once it has been quiet anew.
                self._seen[name] = _Seen(signature, time.monotonic())

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.is_stopped() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _STEP_SECONDS))


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and not is_junk(entry.name)
            )
    except FileNotFoundError as error:
        raise InputMissing(f"{shown(folder)} is not there.", hint="Check the path.", path=shown(folder)) from error
    except NotADirectoryError as error:
        raise InputRefused(f"{shown(folder)} is no folder.", path=shown(folder)) from error
    except OSError as error:
        raise InputUnreadable(f"{shown(folder)} cannot be read: {error.strerror}", path=shown(folder)) from error


def signature_of(drop: Path) -> str:
    """Changes with every name, size and time stamp below ``drop``; nothing is opened."""
    hasher = hashlib.sha256()
    for folder, folders, files in os.walk(drop):
        folders.sort()
        hasher.update(os.fsencode(folder) + b"\0")
        for name in sorted(files):
            told = _stamp(os.path.join(folder, name))  # noqa: PTH118 - a hundred thousand of them
            hasher.update(os.fsencode(name) + f"\0{told}\0".encode())
    return hasher.hexdigest()[:32]


def _stamp(path: str) -> str:
    try:
        status = os.lstat(path)
    except OSError:
        return "gone"
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
