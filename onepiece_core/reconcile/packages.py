"""Packages on disk and in S3, compared with their manifest: which side is right, and what it can give to the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onepiece_core.errors import ManifestError, StorageError
from onepiece_core.manifest.package import MANIFEST_NAME, MHL_FOLDER, PackageFile, PackageManifest, load_manifest
from onepiece_core.reconcile.located import group_key
from onepiece_core.reconcile.loose import Side, is_media, is_thumbnail, orphan
from onepiece_core.reconcile.model import Action, Download, ParkFile, Register, Upload, finding
from onepiece_core.reconcile.package_hashes import bad_hashes
from onepiece_core.reconcile.parts import World
from onepiece_core.reconcile.rows import Row
from onepiece_core.reconcile.units import Item

_MD5 = 32


@dataclass(slots=True)
class Half:
    """A package on one side. ``files``: by path in the package."""

    side: Side
    folder: str
    files: dict[str, Item] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return self.side.path(self.folder, "")

    @property
    def has_manifest(self) -> bool:
        return MANIFEST_NAME in self.files

    def at(self, path: str) -> str:
        return f"{self.place}/{path}"

    def key(self, path: str) -> str:
        assert self.side.place is not None
        return self.at(path)[len(f"s3://{self.side.place.bucket}/") :]


@dataclass(slots=True)
class Package:
    """Both halves of a package, each if it is there."""

    name: str
    disk: Half | None
    stored: Half | None
    disk_folder: str | None = None  # where the half that is not on disk should be

    @property
    def halves(self) -> list[Half]:
        return [half for half in (self.disk, self.stored) if half is not None]


@dataclass(slots=True)
class _Trouble:
    """Files of one kind of wrong, on one side: a pattern's, or one."""

    code: str
    half: Half
    pattern: str
    files: list[PackageFile] = field(default_factory=list)


def check_package(world: World, package: Package) -> None:
    """Everything about one package."""
    rows = _rows_of(world, package)
    manifest = _manifest(world, package, rows)
    world.packages += 1
    world.version_names.add(package.name)
    if manifest is None:
        for row in rows or ():
            row.found, row.broken = True, True
        return
    _mark(rows, package, manifest)
    if rows is None:
        if package.name not in world.unfinished:
            _orphan(world, package, manifest)
        return
    troubles = list(_troubles(world, package, manifest))
    for trouble in troubles:
        for row in rows:
            row.broken = True
        _report(world, package, manifest, trouble, rows)
    _whole_half(world, package, manifest, rows)
    for half in package.halves:
        _report_manifest(world, package, half, rows)
        _extra(world, half, manifest)


def _rows_of(world: World, package: Package) -> list[Row] | None:
    """Live rows of the package; None where no row, not even a retired one, refers to it."""
    found: dict[int, Row] = {}
    is_retired = package.name in world.rows.retired_codes
    for half in package.halves:
        for row in world.rows.below(half.place):
            if row is None:
                is_retired = True
            else:
                found[id(row)] = row
    ids = set()
    for row in world.rows.called(package.name):
        if _names(row, package):
            found[id(row)] = row
            ids.add(row.id)
    for row in world.rows.files_of(ids):
        if _names(row, package):
            found[id(row)] = row
    return list(found.values()) or ([] if is_retired else None)


def _names(row: Row, package: Package) -> bool:
    """Whether a path of the row lies in a folder of the package's name; notes where that is."""
    for located in row.paths:
        before, hit, _ = f"{located.place}/".rpartition(f"/{package.name}/")
        if hit:
            if package.disk is None and located.place.startswith("/"):
                package.disk_folder = f"{before}/{package.name}"
            return True
    return False


def _manifest(world: World, package: Package, rows: list[Row] | None) -> PackageManifest | None:
    """The manifest that decides; None, with a finding, when there is none that can be trusted."""
    sound: list[PackageManifest] = []
    digest = b""
    for half in package.halves:
        if not half.has_manifest or (digest and md5_of(half.files[MANIFEST_NAME].mark) == digest):
            continue
        try:
            data = _bytes(world, half, MANIFEST_NAME)
            sound.append(load_manifest(data, where=half.at(MANIFEST_NAME)))
        except (ManifestError, StorageError, OSError):
            # It counts as a file that is not right.
            half.files[MANIFEST_NAME] = half.files[MANIFEST_NAME]._replace(size_bytes=-1)
        else:
            digest = hashlib.md5(data, usedforsecurity=False).digest()
    refs = tuple(row.ref for row in rows or ())
    paths = tuple(half.at(MANIFEST_NAME) for half in package.halves)
    if not sound:
        world.add(finding("hash.differs", paths[0], "the manifest cannot be read", rows=refs, paths=paths))
        return None
    if len(sound) == 2 and sound[0] != sound[1]:
        message = "the manifests on disk and in S3 are not the same: two packages share a name"
        world.add(finding("hash.differs", paths[0], message, rows=refs, paths=paths))
        return None
    return sound[0]


def _bytes(world: World, half: Half, path: str) -> bytes:
    if half.side.place is None:
        return Path(half.at(path)).read_bytes()
    return world.parts.open_store(half.side.place.bucket).read(half.key(path))[0]


def _mark(rows: Iterable[Row] | None, package: Package, manifest: PackageManifest) -> None:
    """A Version is found with its package; a PublishedFile when the manifest or a file tells its path."""
    groups = {group_key(path) for half in package.halves for path in half.files}
    groups |= {group_key(item.pattern) for item in manifest.items} | {group_key(file.path) for file in manifest.files}
    for row in rows or ():
        tails = [f"{located.place}/".rpartition(f"/{package.name}/")[2].rstrip("/") for located in row.paths]
        if row.type == "Version" or any(not tail or group_key(tail) in groups for tail in tails):
            row.found = True


def _troubles(world: World, package: Package, manifest: PackageManifest) -> Iterator[_Trouble]:
    """What differs from the manifest, by side and pattern."""
    for half in package.halves:
        found: dict[tuple[str, str], _Trouble] = {}
        bad = bad_hashes(world, half, manifest) if world.request.checksum else frozenset()
        for file in manifest.files:
            code = _what_is_wrong(half, file, bad)
            if code is not None:
                group = group_key(file.path)
                trouble = found.setdefault((code, group), _Trouble(code, half, group))
                trouble.files.append(file)
        yield from found.values()


def _what_is_wrong(half: Half, file: PackageFile, bad_hash: frozenset[str]) -> str | None:
    item = half.files.get(file.path)
    if item is None:
        return "frames.missing"
    if item.size_bytes == file.size_bytes:
        return "hash.differs" if file.path in bad_hash else None
    is_cut = item.size_bytes == 0 or (item.size_bytes < file.size_bytes and is_media(file.path))
    return "frames.truncated" if is_cut else "size.differs"


def _pattern(manifest: PackageManifest, trouble: _Trouble) -> str:
    """The item's own pattern, or the file's path."""
    if len(trouble.files) == 1 and "*" not in trouble.pattern:
        return trouble.files[0].path
    found = next((item.pattern for item in manifest.items if group_key(item.pattern) == trouble.pattern), None)
    return found or (trouble.files[0].path if len(trouble.files) == 1 else trouble.pattern)


_WORDS = {
    "frames.missing": "missing, though the manifest has",
    "frames.truncated": "empty or cut",
    "size.differs": "of another size than in the manifest",
    "hash.differs": "with other bytes than in the manifest",
}


def _report(world: World, package: Package, manifest: PackageManifest, trouble: _Trouble, rows: Iterable[Row]) -> None:
    names = [file.path.rpartition("/")[2] for file in trouble.files]
    told = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    repair = [_mend(world, package, trouble.half, file) for file in trouble.files]
    whole = tuple(action for actions in repair if actions for action in actions)
    tail = " it" if trouble.code == "frames.missing" else ""
    world.add(
        finding(
            trouble.code,
            trouble.half.at(_pattern(manifest, trouble)),
            f"{told}: {_WORDS[trouble.code]}{tail}",
            rows=tuple(row.ref for row in rows),
            paths=tuple(trouble.half.at(file.path) for file in trouble.files[:100]),
            repair=whole if all(repair) else None,
        )
    )


def _mend(world: World, package: Package, half: Half, file: PackageFile) -> tuple[Action, ...] | None:
    """Bring ``file`` over from the other half, where it holds the right bytes; what is wrong is parked first."""
    other = package.stored if half is package.disk else package.disk
    source = other.files.get(file.path) if other is not None else None
    if other is None or source is None or source.size_bytes != file.size_bytes or world.is_unknown(half.at(file.path)):
        return None
    wrong = half.files.get(file.path)
    parked = () if wrong is None else (half.side.park(world, half.folder, wrong),)
    return (*parked, _bring(world, half, other, file.path, source, file))


def _bring(world: World, to: Half, other: Half, path: str, source: Item, file: PackageFile | None) -> Action:
    if to.side.is_disk:
        return _download(world, to.at(path), other, path, source, file)
    assert to.side.place is not None
    local = other.at(path)
    return Upload(
        path=world.persist(local),
        bucket=to.side.place.bucket,
        key=to.key(path),
        base=to.side.place.prefix,
        size_bytes=source.size_bytes,
        xxh128=file.xxh128 if file else "",
        mtime_ns=int(source.mark),
    )


def _download(world: World, local: str, other: Half, path: str, source: Item, file: PackageFile | None) -> Download:
    assert other.side.place is not None
    return Download(
        bucket=other.side.place.bucket,
        key=other.key(path),
        path=world.persist(local),
        base=world.base_of(local),
        size_bytes=source.size_bytes,
        etag=source.mark,
        xxh128=file.xxh128 if file else "",
        mtime_ns=file.mtime_ns if file else None,
    )


def _whole_half(world: World, package: Package, manifest: PackageManifest, rows: list[Row]) -> None:
    """A package whose rows name a folder that was looked at, and that is in S3 alone."""
    folder = package.disk_folder
    if package.disk is not None or package.stored is None or folder is None or not rows:
        return
    if world.folder_of(folder) is None or world.is_unknown(folder):
        return
    files = {file.path: file for file in manifest.files}
    stored = package.stored.files
    every = sorted(stored, key=lambda path: (path == MANIFEST_NAME, path))
    is_whole = all(path in stored and stored[path].size_bytes == file.size_bytes for path, file in files.items())
    actions = [
        _download(world, f"{folder}/{path}", package.stored, path, stored[path], files.get(path)) for path in every
    ]
    message = f"the package is only in S3: {len(every)} files are missing on disk"
    refs = tuple(row.ref for row in rows)
    world.add(
        finding(
            "frames.missing", folder, message, rows=refs, paths=(folder,), repair=tuple(actions) if is_whole else None
        )
    )


def _report_manifest(world: World, package: Package, half: Half, rows: Iterable[Row]) -> None:
    """A half whose own manifest is not there, or cannot be read."""
    there = half.files.get(MANIFEST_NAME)
    if there is not None and there.size_bytes >= 0:
        return
    other = package.stored if half is package.disk else package.disk
    assert other is not None
    source = other.files[MANIFEST_NAME]
    wrong: tuple[Action, ...] = ()
    if there is not None:
        wrong = (_park_manifest(world, half),) if half.side.is_disk else ()
    repairable = there is None or half.side.is_disk
    refs = tuple(row.ref for row in rows)
    words = "the manifest is missing" if there is None else "the manifest cannot be read"
    world.add(
        finding(
            "frames.missing" if there is None else "hash.differs",
            half.at(MANIFEST_NAME),
            words,
            rows=refs,
            paths=(half.at(MANIFEST_NAME),),
            repair=(*wrong, _bring(world, half, other, MANIFEST_NAME, source, None)) if repairable else None,
        )
    )


def _park_manifest(world: World, half: Half) -> ParkFile:
    path = half.at(MANIFEST_NAME)
    status = Path(path).stat()
    return ParkFile(
        path=world.persist(path), base=world.base_of(path), size_bytes=status.st_size, mtime_ns=status.st_mtime_ns
    )


def _extra(world: World, half: Half, manifest: PackageManifest) -> None:
    """Media that the manifest does not list, by name pattern."""
    listed = {file.path for file in manifest.files}
    groups: dict[str, list[Item]] = {}
    for path, item in half.files.items():
        if path in listed or path == MANIFEST_NAME or path.startswith(f"{MHL_FOLDER}/"):
            continue
        if is_media(path) and not is_thumbnail(path) and not world.rows.of_file(half.at(path)):
            groups.setdefault(group_key(path), []).append(item)
    for items in groups.values():
        orphan(world, half.side, half.folder, items[0].path, items)


def _orphan(world: World, package: Package, manifest: PackageManifest) -> None:
    """A package that no row refers to: registered when it is whole, else moved aside."""
    halves = package.halves
    is_whole = any(all(_what_is_wrong(half, file, frozenset()) is None for file in manifest.files) for half in halves)
    first = halves[0]
    actions: tuple[Action, ...]
    if is_whole and _is_named(manifest, package):
        uri = package.stored.place if package.stored is not None else ""
        place = world.persist(first.place) if first.side.is_disk else uri
        actions = (Register(place=place, s3_uri=uri, scene_name=manifest.scene_name, operation=manifest.operation),)
    else:
        actions = tuple(_park_halves(world, halves))
    world.add(
        finding(
            "orphan.file" if first.side.is_disk else "orphan.object",
            first.place,
            f"a package of {len(manifest.files)} files that no row refers to",
            paths=tuple(half.place for half in halves),
            repair=actions,
        )
    )


def _is_named(manifest: PackageManifest, package: Package) -> bool:
    return manifest.scene_name == package.name


def _park_halves(world: World, halves: Iterable[Half]) -> Iterator[Action]:
    for half in halves:
        if half.side.is_disk:
            yield ParkFile(path=world.persist(half.place), base=world.base_of(half.place))
        else:
            yield from (half.side.park(world, half.folder, item) for item in half.files.values())


def md5_of(etag: str) -> bytes | None:
    """The MD5 that an etag is, unless it is a multipart upload's."""
    try:
        return bytes.fromhex(etag) if len(etag) == _MD5 else None
    except ValueError:
        return None
