"""Send a committed package to the store: the data first, the manifest last."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os.path import commonprefix

from onepiece_core.checksums import hash_file
from onepiece_core.errors import ManifestError, NameInvalid, ObjectMissing, PreconditionFailed, VersionExists
from onepiece_core.log import get_logger
from onepiece_core.manifest.package import MANIFEST_NAME, MHL_FOLDER, PackageManifest, load_manifest
from onepiece_core.naming import split_version
from onepiece_core.progress import Reporter
from onepiece_core.publish.places import VersionPlaces
from onepiece_core.storage.store import IF_ABSENT
from onepiece_core.storage.transfer import PushItem, push

log = get_logger(__name__)

OBJECTS_NAME = "objects.json"  # etags of what was sent: lets the next version copy inside the store
# How many earlier versions are looked at for files that need not be sent again.
_EARLIER_VERSIONS = 5

Content = tuple[str, int]  # xxh128, size in bytes


@dataclass(frozen=True, slots=True)
class Pushed:
    """Bytes and files of the manifest; the manifest and the MHL themselves are not counted."""

    bytes_sent: int
    files_sent: int
    files_copied: int


def push_package(
    places: VersionPlaces,
    manifest: PackageManifest,
    *,
    jobs: int,
    reporter: Reporter,
    guard: Callable[[], None],
    checkpoint: Callable[[str], None],
) -> Pushed:
    """Make the store hold every byte of the package that lies on disk. Going on after a kill sends what is missing.

    Raises SourceChanged when the package on disk is not what its manifest says, StorageError, LeaseLost.
    """
    store = places.store
    manifest_bytes = (places.package / MANIFEST_NAME).read_bytes()
    # Whoever sees only the store can complete the publish from this copy, once the data is there.
    store.put(places.hidden_key(MANIFEST_NAME), manifest_bytes)
    copies = earlier_objects(places)
    data = push(
        store,
        _data_items(places, manifest, copies),
        prefix=places.key(""),
        jobs=jobs,
        reporter=reporter,
        guard=guard,
        total_bytes=sum(file.size_bytes for file in manifest.files),
    )
    checkpoint("push.data")
    push(
        store, _sidecar_items(places), prefix=places.key(f"{MHL_FOLDER}/"), jobs=jobs, reporter=Reporter(), guard=guard
    )
    store.put(places.hidden_key(OBJECTS_NAME), json.dumps({"etags": data.etags}).encode())
    guard()
    checkpoint("push.sidecars")
    put_manifest(places, manifest_bytes, manifest.operation)
    return Pushed(data.bytes_sent, data.files_sent, data.files_copied)


def put_manifest(places: VersionPlaces, data: bytes, operation: str) -> None:
    """Make the package in the store visible."""
    try:
        places.store.put(places.key(MANIFEST_NAME), data, condition=IF_ABSENT)
    except PreconditionFailed as error:
        there = places.stored_manifest()
        if there is None or there.operation != operation:
            raise VersionExists(
                f"{places.scene_name} was published by somebody else.", state="finished", place=places.s3_uri
            ) from error


def _data_items(
    places: VersionPlaces, manifest: PackageManifest, copies: dict[Content, tuple[str, str]]
) -> Iterator[PushItem]:
    for file in manifest.files:
        yield PushItem(
            key=places.key(file.path),
            path=places.package / file.path,
            size_bytes=file.size_bytes,
            xxh128=file.xxh128,
            mtime_ns=file.mtime_ns,
            copy_from=copies.get((file.xxh128, file.size_bytes)),
        )


def _sidecar_items(places: VersionPlaces) -> Iterator[PushItem]:
    for path in sorted((places.package / MHL_FOLDER).iterdir()):
        status = path.stat()
        yield PushItem(
            key=places.key(path.relative_to(places.package).as_posix()),
            path=path,
            size_bytes=status.st_size,
            xxh128=hash_file(path).digests["xxh128"],
            mtime_ns=status.st_mtime_ns,
            copy_from=None,
        )


def earlier_objects(places: VersionPlaces) -> dict[Content, tuple[str, str]]:
    """Where earlier versions hold which content: (xxh128, size) to (key, etag). The newest version wins."""
    split = split_version(places.scene_name)
    parent, _, name = places.prefix.rpartition("/")
    if split.version is None or name != places.scene_name:
        return {}
    found: dict[int, str] = {}
    # What the names of all versions begin with; the token may stand inside them.
    start = commonprefix((split.base, places.scene_name))  # noqa: RUF071 - names, not paths
    for folder in places.store.iter_folders(f"{parent}/{start}" if parent else start):
        version = _version_of(folder.rstrip("/").rpartition("/")[2], split.base)
        if version is not None and version < split.version:
            found[version] = folder.rstrip("/")
    objects: dict[Content, tuple[str, str]] = {}
    for version in sorted(found, reverse=True)[:_EARLIER_VERSIONS]:
        for content, place in _objects_of(places, found[version]).items():
            objects.setdefault(content, place)
    return objects


def _version_of(name: str, base: str) -> int | None:
    try:
        other = split_version(name)
    except NameInvalid:  # a folder that no publish has made
        return None
    return other.version if other.base == base else None


def _objects_of(places: VersionPlaces, prefix: str) -> dict[Content, tuple[str, str]]:
    try:
        etags_bytes, _ = places.store.read(f"{prefix}/.onepiece/{OBJECTS_NAME}")
        manifest_bytes, _ = places.store.read(f"{prefix}/{MANIFEST_NAME}")
        etags: dict[str, str] = json.loads(etags_bytes)["etags"]
        manifest = load_manifest(manifest_bytes, where=f"{prefix}/{MANIFEST_NAME}")
    except (ObjectMissing, ManifestError, ValueError, KeyError, TypeError) as error:
        # An unfinished or damaged version saves nothing; every file is sent instead.
        log.info("publish.earlier_version_skipped", prefix=prefix, reason=str(error))
        return {}
    keys = ((file, f"{prefix}/{file.path}") for file in manifest.files)
    return {(file.xxh128, file.size_bytes): (key, etags[key]) for file, key in keys if key in etags}
