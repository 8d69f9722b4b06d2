"""The hashes that a publish or an ingest wrote down: what media must still be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath

from onepiece_core.checksums import is_digest
from onepiece_core.deliver.media import Places
from onepiece_core.deliver.model import MediaFile, MediaPlace
from onepiece_core.errors import ManifestError
from onepiece_core.manifest.mhl import CHAIN_NAME
from onepiece_core.manifest.package import MANIFEST_NAME, MHL_FOLDER, SCHEMA
from onepiece_core.manifest.proof import Expected, prove
from onepiece_core.storage.engine import XXH128
from onepiece_core.storage.store import Store

# So far above a file its package is looked for.
_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Recorded:
    """A package or history above media: ``where``, and each of its files by relative path."""

    where: str
    files: Mapping[str, Expected]


def find_recorded(media: MediaPlace, places: Places) -> MediaPlace:
    """``media`` with the hash of each file where one is recorded.

    Raises:
        ManifestError: the package's documents contradict one another, or do not list a file.
        StorageError: the bucket cannot be asked.
    """
    finder = _Finder(places)
    return replace(media, files=tuple(finder.of(file) for file in media.files))


class _Finder:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._on_disk = cache(_package_on_disk)
        self._in_bucket = cache(lambda bucket, prefix: _package_in_bucket(places.store(bucket), prefix))

    def of(self, file: MediaFile) -> MediaFile:
        if file.path is not None:
            found = self._on_disk(file.path.parent)
            return file if found is None else _with(file, found, file.path.relative_to(found.where).as_posix())
        store = self._places.store(file.bucket)
        info = store.find(file.key)
        digest = "" if info is None else info.metadata.get(XXH128, "")
        if is_digest("xxh128", digest):
            return replace(file, recorded=digest)
        found = self._in_bucket(file.bucket, file.key.rpartition("/")[0])
        relative = file.key if found is None or not found.where else file.key[len(found.where) + 1 :]
        return file if found is None else _with(file, found, relative)


def _with(file: MediaFile, found: Recorded, relative: str) -> MediaFile:
    expected = found.files.get(relative)
    if expected is None:
        raise ManifestError(f"{relative} is not in the package {found.where}", path=file.where)
    return replace(file, recorded=expected.xxh128 or None)


def _package_on_disk(folder: Path) -> Recorded | None:
    for above in (folder, *folder.parents)[:_LEVELS]:
        manifest = above / MANIFEST_NAME
        data = manifest.read_bytes() if manifest.is_file() else None
        history_folder = above / MHL_FOLDER
        history = (
            {f"{MHL_FOLDER}/{each.name}": each.read_bytes() for each in history_folder.iterdir() if each.is_file()}
            if history_folder.is_dir()
            else {}
        )
        if found := _weighed(data, history, str(above)):
            return found
    return None


def _package_in_bucket(store: Store, prefix: str) -> Recorded | None:
    folder = PurePosixPath(prefix or ".")
    for above in (folder, *folder.parents)[:_LEVELS]:
        base = "" if str(above) == "." else f"{above}/"
        info = store.find(f"{base}{MANIFEST_NAME}")
        data = None if info is None else store.read(info.key)[0]
        names = [each.key for each in store.iter_objects(f"{base}{MHL_FOLDER}/")]
        history = {name[len(base) :]: store.read(name)[0] for name in names}
        if found := _weighed(data, history, base.rstrip("/")):
            return found
    return None


def _weighed(data: bytes | None, history: Mapping[str, bytes], where: str) -> Recorded | None:
    """What the documents of a folder say; None when they are not a package's or a history's."""
    if data is not None and SCHEMA.encode() not in data:
        data = None
    if data is None and f"{MHL_FOLDER}/{CHAIN_NAME}" not in history:
        return None
    proof = prove(data, history, where=where or "the bucket")
    # An MHL may be older than files that came later; a manifest that lies is another matter.
    if data is not None and proof.documents:
        bad = ", ".join(f"{path} is {state}" for path, state in proof.documents.items())
        raise ManifestError(f"The package {where} is not as it was published: {bad}", path=where)
    return Recorded(where, proof.expected)
