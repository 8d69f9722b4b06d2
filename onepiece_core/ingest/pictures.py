"""Small pictures of a drop's items: for the tracker, and for the report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from onepiece_core.errors import ExtraMissing, OnePieceError
from onepiece_core.frames import exact_rate
from onepiece_core.ingest.items import is_numbered
from onepiece_core.ingest.model import DropItem
from onepiece_core.log import get_logger
from onepiece_core.media.probe import kind_of
from onepiece_core.shown import shown

log = get_logger(__name__)
_IMAGES = ("exr", "png", "jpeg", "tiff", "dpx")
_DEFAULT_RATE = Fraction(24)


class Pictures:
    """Makes pictures beside the transfers, on one thread; each item's is made once.

    Attributes:
        is_off: the ``[media]`` extra is not installed: nothing can be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_off = False
        self._making: dict[str, Future[Path | None]] = {}
        self._thread: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def begin(self, items: Iterable[DropItem]) -> None:
        for item in items:
            if item.pattern not in self._making and _source(item) is not None:
                self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="onepiece-pictures")
                self._making[item.pattern] = self._thread.submit(self._made, item)

    def get(self, item: DropItem) -> Path | None:
        """The picture; None where there is none in it."""
        self.begin([item])
        future = self._making.get(item.pattern)
        return None if future is None else future.result()

    def _made(self, item: DropItem) -> Path | None:
        path, source = self.folder / f"{_name(item)}.jpg", _source(item)
        if path.exists() or source is None or self.is_off:
            return path if path.exists() else None
        from onepiece_core.media.thumbnail import write_thumbnail

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_thumbnail(source, path)
        except ExtraMissing:
            self.is_off = True
        except (OnePieceError, OSError) as error:
            log.warning("ingest.no_thumbnail", source=shown(source.name), reason=str(error).partition("\n")[0])
        else:
            return path
        return None


def pictures_folder(state_dir: Path, fingerprint: str) -> Path:
    """Where the pictures of one drop are until the tracker has them."""
    return state_dir / "thumbnails" / f"ingest-{fingerprint[:20]}"


def write_review_movie(item: DropItem, folder: Path) -> Path | None:
    """An H.264 movie of the frames; a movie is its own. None where none can be made."""
    source = _source(item)
    if source is None or kind_of(item.pattern) == "movie":
        return source
    if item.sequence is None or not is_numbered(item.sequence):
        return None
    from onepiece_core.media.movie import write_movie

    path = folder / f"{_name(item)}.mov"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        try:
            write_movie([file.path for file in item.files], path, fps=_rate(item), max_width=960, max_height=540)
        except (OnePieceError, OSError) as error:
            log.warning("ingest.no_review_movie", source=item.name, reason=str(error).partition("\n")[0])
            return None
    return path


def _rate(item: DropItem) -> Fraction:
    for facts in item.media:
        if facts is not None and facts.fps:
            with suppress(OnePieceError):
                return exact_rate(facts.fps)
    return _DEFAULT_RATE


def _source(item: DropItem) -> Path | None:
    """The movie, the still, the frame in the middle; none of those that are broken."""
    if kind_of(item.pattern) not in (*_IMAGES, "movie"):
        return None
    sound = [
        file
        for file in item.files
        if all(problem.severity != "error" for problem in item.file_problems.get(file.relative, ()))
    ]
    return sound[len(sound) // 2].path if sound else None


def _name(item: DropItem) -> str:
    return hashlib.sha256(item.pattern.encode("utf-8", "surrogateescape")).hexdigest()[:20]
