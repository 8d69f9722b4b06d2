"""Read every byte of a package's half and compare it with the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from onepiece_core.checksums import Hasher, hash_file
from onepiece_core.errors import OnePieceError
from onepiece_core.manifest.package import PackageFile, PackageManifest
from onepiece_core.reconcile.parts import World
from onepiece_core.storage.bounded import run_bounded

if TYPE_CHECKING:
    from onepiece_core.reconcile.packages import Half

_JOBS = 8


def bad_hashes(world: World, half: Half, manifest: PackageManifest) -> frozenset[str]:
    """Paths of files that have the manifest's size and other bytes, or that cannot be read."""

    def digest(file: PackageFile) -> str:
        try:
            if half.side.place is None:
                return hash_file(Path(half.at(file.path))).digests["xxh128"]
            hasher = Hasher(("xxh128",))
            for piece in world.parts.open_store(half.side.place.bucket).iter_bytes(half.key(file.path)):
                hasher.update(piece)
            return hasher.digests()["xxh128"]
        except OnePieceError as error:
            return error.code

    same = [f for f in manifest.files if (item := half.files.get(f.path)) and item.size_bytes == f.size_bytes]
    return frozenset(f.path for f, found in run_bounded(digest, same, jobs=_JOBS) if found != f.xxh128)
