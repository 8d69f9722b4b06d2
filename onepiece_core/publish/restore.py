"""Bring a package back to its disk from the store: its machine died after it had sent everything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from onepiece_core.checksums import Hasher
from onepiece_core.errors import ManifestError, ObjectMissing, SourceChanged
from onepiece_core.filesystems import make_folders, storage_error
from onepiece_core.manifest.mhl import package_mhl
from onepiece_core.manifest.package import MANIFEST_NAME, PackageFile, PackageManifest, load_manifest
from onepiece_core.publish.places import VersionPlaces
from onepiece_core.publish.push import OBJECTS_NAME
from onepiece_core.publish.work import Work
from onepiece_core.storage.bounded import run_bounded
from onepiece_core.storage.transfer import XXH128


def sent_manifest(places: VersionPlaces, operation: str) -> PackageManifest | None:
    """The manifest of the package that this operation began to send; None when it had not begun."""
    try:
        data, _ = places.store.read(places.hidden_key(MANIFEST_NAME))
        manifest = load_manifest(data, where=places.hidden_key(MANIFEST_NAME))
    except (ObjectMissing, ManifestError):
        return None
    return manifest if manifest.operation == operation else None


def is_sent(places: VersionPlaces, manifest: PackageManifest, *, jobs: int) -> bool:
    """Whether every file of the manifest is in the store, by size and recorded hash."""

    def there(file: PackageFile) -> bool:
        info = places.store.find(places.key(file.path))
        return info is not None and (info.size_bytes, info.metadata.get(XXH128)) == (file.size_bytes, file.xxh128)

    return all(found for _, found in run_bounded(there, manifest.files, jobs=jobs))


def stage_from_store(work: Work, manifest: PackageManifest, *, jobs: int, guard: Callable[[], None]) -> None:
    """Download every file into the stage, each compared with the manifest.

    Raises SourceChanged for bytes that are not what was sent, DiskFull and other StorageErrors.
    """
    make_folders(work.stage.folder)
    for folder in sorted({Path(file.path).parent for file in manifest.files}):
        make_folders(work.stage.folder / folder)

    def download(file: PackageFile) -> None:
        guard()
        digest = _write(
            work.stage.folder / file.path, work.places.store.iter_bytes(work.places.key(file.path)), file.mtime_ns
        )
        if digest != file.xxh128:
            raise SourceChanged(
                f"{work.places.key(file.path)} is not what was sent.", expected=file.xxh128, found=digest
            )

    for _ in run_bounded(download, manifest.files, jobs=jobs):
        pass


def _write(target: Path, pieces: Iterable[bytes], mtime_ns: int) -> str:
    hasher = Hasher()
    try:
        with target.open("wb") as file:
            for piece in pieces:
                hasher.update(piece)
                file.write(piece)
            file.flush()
            os.utime(file.fileno() if os.utime in os.supports_fd else target, ns=(mtime_ns, mtime_ns))
            os.fsync(file.fileno())
    except OSError as error:
        raise storage_error(error, target) from error
    return hasher.digests()[XXH128]


def forget_sent(places: VersionPlaces, manifest: PackageManifest) -> None:
    """Remove what an operation that cannot be completed had sent; without its manifest nobody has seen it."""
    paths = [*(file.path for file in manifest.files), *package_mhl(manifest, b"")]
    for path in paths:
        places.store.delete(places.key(path))
    for name in (OBJECTS_NAME, MANIFEST_NAME):
        places.store.delete(places.hidden_key(name))
