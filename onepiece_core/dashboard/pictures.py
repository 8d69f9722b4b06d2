"""Thumbnails of Versions, fetched once and kept on disk up to a number of bytes; movies are only pointed at."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from onepiece_core.dashboard.board import Media
from onepiece_core.errors import TrackerError
from onepiece_core.tracker.tracker import Tracker

_MOST_BYTES = 4 * 1024 * 1024  # of one picture
_KEPT_BYTES = 512 * 1024 * 1024
_TIMEOUT_SECONDS = 10.0
_AGAIN_SECONDS = 300.0  # a picture that could not be had is asked for again after this
# By their first bytes: what a server calls them is not believed.
_KINDS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


class Pictures:
    """Safe for several threads and processes. Without a tracker, what is kept is still there."""

    def __init__(self, folder: Path, tracker: Tracker | None) -> None:
        self._folder, self._tracker = folder, tracker
        self._missed: dict[int, float] = {}
        self._lock = threading.Lock()
        self._written = 0

    def thumbnail(self, version: int, stamp: float | None) -> Media | None:
        """None for a Version without a picture, for one that is broken, and while it cannot be had.

        ``stamp``: when the Version was changed last: another picture has another one.
        """
        path = self._folder / f"{version}-{hashlib.blake2b(repr(stamp).encode(), digest_size=6).hexdigest()}"
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            os.utime(path)
            return _picture(data)
        if self._tracker is None or time.monotonic() < self._missed.get(version, 0.0):
            return None
        url = self._address(version, "image")
        data = _fetch(url) if url else b""
        found = _picture(data)
        if found is None:
            self._missed[version] = time.monotonic() + _AGAIN_SECONDS
            return None
        self._keep(path, data)
        return found

    def movie(self, version: int) -> Media | None:
        """Where it lies now; the address ends soon."""
        url = self._address(version, "sg_uploaded_movie")
        return Media("video/mp4", url=url) if url else None

    def _address(self, version: int, field: str) -> str | None:
        if self._tracker is None:
            return None
        try:
            row = self._tracker.find_one("Version", [["id", "is", version]], (field,))
        except TrackerError:
            return None
        told = (row or {}).get(field)
        url = told.get("url") if isinstance(told, dict) else told
        return url if isinstance(url, str) and urlsplit(url).scheme in ("http", "https") else None

    def _keep(self, path: Path, data: bytes) -> None:
        with contextlib.suppress(OSError), self._lock:  # a disk that is full keeps no pictures
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".new-", delete=False) as file:
                file.write(data)
            Path(file.name).replace(path)
            self._written += len(data)
            if self._written > _KEPT_BYTES // 20:
                self._written = 0
                self._prune()

    def _prune(self) -> None:
        """The ones that nobody has looked at for the longest go first."""
        files = [(entry.stat(), entry.path) for entry in os.scandir(self._folder) if entry.is_file()]
        total = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda each: each[0].st_mtime):
            if total <= _KEPT_BYTES:
                return
            with contextlib.suppress(OSError):
                Path(path).unlink()
            total -= stat.st_size


def _picture(data: bytes) -> Media | None:
    for start, kind in _KINDS:
        if data.startswith(start):
            return Media(kind, data=data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Media("image/webp", data=data)
    return None


def _fetch(url: str) -> bytes:
    """At most a picture's worth of bytes; nothing for whatever goes wrong."""
    import urllib3

    pool = urllib3.PoolManager(timeout=_TIMEOUT_SECONDS, retries=False)
    try:
        reply = pool.request("GET", url, preload_content=False, redirect=False)
        try:
            data = reply.read(_MOST_BYTES + 1)
        finally:
            reply.release_conn()
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        return b""
    finally:
        pool.clear()
    return data if reply.status == 200 and len(data) <= _MOST_BYTES else b""
