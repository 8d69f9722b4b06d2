"""Keys that follow their file: one that is added, revoked or renewed counts at the next request, in every process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from onepiece_core.errors import CredentialsUnusable
from onepiece_core.log import get_logger
from onepiece_server.auth.keys import Caller, Keys

log = get_logger(__name__)

_Stamp = tuple[int, int, int, int]


class LiveKeys:
    """Any thread may call it. A file that breaks while the server runs leaves the keys as they were."""

    def __init__(self, file: Path, read: Callable[[], Keys]) -> None:
        """Reads them. Raises CredentialsUnusable."""
        self._file, self._read = file, read
        self._lock = threading.Lock()
        self._problem: str | None = None
        # Before the file is read: a change in between is seen next time.
        self._stamp = _stamp(file)
        self._keys = read()

    def __len__(self) -> int:
        return len(self._current())

    @property
    def problem(self) -> str | None:
        """Why the keys in force are not those of the file."""
        self._current()
        return self._problem

    def authenticate(self, key: str, secret: str) -> Caller:
        return self._current().authenticate(key, secret)

    def authenticate_token(self, token: str) -> Caller:
        return self._current().authenticate_token(token)

    def recall(self, name: str, mark: str) -> Caller | None:
        return self._current().recall(name, mark)

    def _current(self) -> Keys:
        if _stamp(self._file) != self._stamp:
            with self._lock:
                stamp = _stamp(self._file)
                if stamp != self._stamp:
                    self._take(stamp)
                    self._stamp = stamp
        return self._keys

    def _take(self, stamp: _Stamp | None) -> None:
        try:
            if stamp is None:
                raise CredentialsUnusable(f"The keys are gone: {self._file}", file=str(self._file))
            self._keys = self._read()
        except CredentialsUnusable as error:
            self._problem = f"{error.report.message}; those read before stay in force"
            log.error("server.keys_kept", problem=error.report.message)
        else:
            self._problem = None
            log.info("server.keys_read", count=len(self._keys))


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
