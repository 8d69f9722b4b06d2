"""Which files are in a delivery: as the manifest says that came with its media, else as its own does.

Read once and kept: an archive of a hundred thousand files is opened for the first who looks, and not again.
"""

from __future__ import annotations

import threading
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from onepiece_core.dashboard.model import DeliveryEntry
from onepiece_core.deliver.manifests import JSON_NAME
from onepiece_core.deliver.upstream import read_listed
from onepiece_core.errors import OnePieceError
from onepiece_core.manifest.strict_json import strict_loads
from onepiece_core.shown import shown

_MOST_ENTRIES = 400_000
# What an archive says of itself, unpacked: a bomb is not opened.
_MOST_BYTES = 512 << 20


class Listing(NamedTuple):
    """``note``: what could not be read on the way to it."""

    source: Literal["upstream", "ours"] | None
    entries: Sequence[DeliveryEntry]
    note: str = ""


class _File(BaseModel, frozen=True):
    path: str
    size_bytes: int | None = None
    hashes: dict[str, str] = {}


class _Version(BaseModel, frozen=True):
    code: str = ""
    files: list[_File] = []


class _Manifest(BaseModel, frozen=True):
    schema_: Literal["onepiece.delivery.1"] = Field(alias="schema")
    versions: list[_Version] = []


class Listings:
    """Those read last, up to a number of entries. Any thread may call it."""

    def __init__(self, most_entries: int = _MOST_ENTRIES) -> None:
        self._most = most_entries
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, Listing] = OrderedDict()

    def find(self, upstream: Sequence[Path], own: Sequence[Path], package: Path) -> Listing:
        """The first that has entries: of all ``upstream`` manifests together, one of ``own``, that in ``package``."""
        places = (*upstream, *own, package, package / JSON_NAME)
        key = (tuple(upstream), tuple(own), package, tuple(_mark(path) for path in places))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = _read(upstream, own, package)
        with self._lock:
            self._kept[key] = found
            size = sum(len(each.entries) for each in self._kept.values())
            while size > self._most and len(self._kept) > 1:
                size -= len(self._kept.popitem(last=False)[1].entries)
        return found


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def _read(upstream: Sequence[Path], own: Sequence[Path], package: Path) -> Listing:
    notes: list[str] = []
    entries = [entry for path in upstream for entry in _attempt(_of_upstream, path, notes)]
    if entries:
        return Listing("upstream", entries, "; ".join(notes))
    for read, path in (*((_of_json, path) for path in own), (_of_package, package)):
        entries = _attempt(read, path, notes)
        if entries:
            return Listing("ours", entries, "; ".join(notes))
    return Listing(None, (), "; ".join(notes))


def _attempt(read: Any, path: Path, notes: list[str]) -> list[DeliveryEntry]:
    """What cannot be read is told, and the next one is tried: a dashboard shows what there is."""
    try:
        found: list[DeliveryEntry] = read(path)
    except OnePieceError as error:
        notes.append(f"{shown(path.name)}: {error.report.message}")
    except ValidationError as error:
        notes.append(f"{shown(path.name)} is no sound manifest: {error.errors(include_url=False)[0]['msg']}")
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        notes.append(f"{shown(path.name)} cannot be read: {why}")
    else:
        if not found:
            notes.append(f"{shown(path.name)} lists no files")
        return found
    return []


def _of_upstream(path: Path) -> list[DeliveryEntry]:
    return [DeliveryEntry(path=shown(each.path), digests=dict(each.digests)) for each in read_listed(path)]


def _of_package(package: Path) -> list[DeliveryEntry]:
    if package.is_dir():
        return _of_json(package / JSON_NAME)
    with zipfile.ZipFile(package) as archive:
        try:
            told = archive.getinfo(JSON_NAME)
        except KeyError:
            return []
        if told.file_size > _MOST_BYTES:
            raise ValueError(told.file_size)
        return _entries(archive.read(told))


def _of_json(path: Path) -> list[DeliveryEntry]:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(path.name)
    return _entries(path.read_bytes())


def _entries(data: bytes) -> list[DeliveryEntry]:
    manifest = _Manifest.model_validate(strict_loads(data))
    return [
        DeliveryEntry(
            path=shown(file.path), version=shown(version.code), size_bytes=file.size_bytes, digests=file.hashes
        )
        for version in manifest.versions
        for file in version.files
    ]
