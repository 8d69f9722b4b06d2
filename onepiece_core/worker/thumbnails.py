"""Small pictures for panels, kept in the state folder: of files by the [media] extra, of rows from the site."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from onepiece_core.errors import ExtraMissing, MediaError, TrackerUnavailable, UsageError
from onepiece_core.media.probe import kind_of
from onepiece_core.tracker.tracker import Entity
from onepiece_core.worker.context import link
from onepiece_core.worker.loop import Call, Method
from onepiece_core.worker.session import Session

WIDTH, HEIGHT = 320, 180
_MAX_BYTES = 4 << 20  # of a downloaded picture
_SMALL_BYTES = 256 << 10  # a picture of this size may be shown as it is
_TIMEOUT_SECONDS = 10.0
# The oldest pictures go when there are more.
_KEPT = 2000
_BEGINNINGS = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg"}


def thumbnail(session: Session, call: Call) -> Any:
    """A small PNG or JPEG on this machine; None where there is no picture to be had."""
    path, cache = call.params.get("path"), PictureCache(session.state_dir / "pictures")
    if path is None:
        found = _of_row(session, link(call.params, "entity"), cache)
    elif isinstance(path, str) and path:
        found = _of_file(path, cache)
    else:
        raise UsageError("A thumbnail needs a path or an entity.")
    return {"file": str(found) if found else None}


class PictureCache:
    """Pictures by a key. Safe for several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str, make: Callable[[Path], str | None]) -> Path | None:
        """The picture of ``key``. ``make`` writes it to a path without an ending and answers the ending, None for none.

        Raises OSError when the state folder cannot be written.
        """
        name = hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()[:40]
        for ending in _BEGINNINGS.values():
            kept = self._folder / f"{name}{ending}"
            if kept.is_file():
                os.utime(kept)  # it was asked for: it stays
                return kept
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._folder / f".{name}.{uuid.uuid4().hex[:8]}"
        try:
            ending_made = make(partial)
            if ending_made is None:
                return None
            target = self._folder / f"{name}{ending_made}"
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        self._prune()
        return target

    def _prune(self) -> None:
        names = os.listdir(self._folder)  # noqa: PTH208 - only names
        if len(names) <= _KEPT:
            return
        files = sorted((self._folder / name for name in names), key=_used_at)
        for path in files[: len(files) - _KEPT + _KEPT // 10]:
            path.unlink(missing_ok=True)


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another worker was faster
        return 0.0


def _of_file(path: str, cache: PictureCache) -> Path | None:
    source = Path(path)
    try:
        facts = source.stat()
        if not stat.S_ISREG(facts.st_mode) or kind_of(source.name) == "other":
            return None
        key = f"file {source} {facts.st_mtime_ns} {facts.st_size}"
        return cache.get(key, lambda target: _shrink(source, facts.st_size, target))
    except (OSError, ValueError):  # it went away, may not be read, or is no path
        return None


def _shrink(source: Path, size_bytes: int, target: Path) -> str | None:
    from onepiece_core.media.thumbnail import write_thumbnail

    shrunk = target.with_name(f"{target.name}.jpg")
    try:
        write_thumbnail(source, shrunk, max_width=WIDTH, max_height=HEIGHT)
        shrunk.replace(target)
        return ".jpg"
    except MediaError:
        return None
    except ExtraMissing:
        with source.open("rb") as stream:
            ending = _ending(stream.read(16))
        if ending is None or size_bytes > _SMALL_BYTES:
            return None
        shutil.copyfile(source, target)
        return ending


def _of_row(session: Session, row: Entity, cache: PictureCache) -> Path | None:
    site, kind, number = session.site(), row["type"], row["id"]

    def ask() -> str | None:
        found = site.find_one(kind, [["id", "is", number]], ("image",))
        return found.get("image") if found else None

    try:
        url = session.kept(f"image {kind} {number}", [kind, "Version"], ask).value
    except TrackerUnavailable:
        return None
    if not isinstance(url, str):
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return None
    try:
        # Signed addresses change all the time, the picture behind them does not.
        return cache.get(f"url {parts.netloc}{parts.path}", lambda target: _download(url, target))
    except OSError:
        return None


def _download(url: str, target: Path) -> str | None:
    import urllib3

    try:
        with (
            urllib3.PoolManager(timeout=_TIMEOUT_SECONDS, retries=urllib3.Retry(0, redirect=3)) as pool,
            pool.request("GET", url, preload_content=False) as reply,
        ):
            data = reply.read(_MAX_BYTES + 1) if reply.status == 200 else b""
    except urllib3.exceptions.HTTPError:
        return None
    ending = _ending(data)
    if ending is None or len(data) > _MAX_BYTES:
        return None
    target.write_bytes(data)
    return ending


def _ending(data: bytes) -> str | None:
    return next((ending for start, ending in _BEGINNINGS.items() if data.startswith(start)), None)


METHODS: dict[str, Method[Session]] = {"thumbnail": thumbnail}
