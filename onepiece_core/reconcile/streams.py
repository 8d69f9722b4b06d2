"""Folders and S3 places as sorted streams of items; what cannot be read is noted, and nothing is said about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from onepiece_core.progress import Progress
from onepiece_core.reconcile.model import Unknown
from onepiece_core.reconcile.parts import World
from onepiece_core.reconcile.units import Item
from onepiece_core.storage.places import Place
from onepiece_core.sync.scan import Trouble, scan

_EVERY = 1000


def iter_folder(world: World, folder: str) -> Iterator[Item]:
    """Every file below ``folder``."""
    for found in scan(Path(folder)):
        if isinstance(found, Trouble):
            place = f"{folder}/{found.path}" if found.path else folder
            if "/.onepiece/" not in f"{place}/":
                world.unknown.append(Unknown(place=place, code=f"disk.{found.kind}", message=found.why))
            continue
        world.files += 1
        if world.files % _EVERY == 0:
            _told(world, "disk", world.files)
        yield Item(found.relative, found.size_bytes, str(found.status.st_mtime_ns))


def iter_place(world: World, place: Place) -> Iterator[Item]:
    """Every object below ``place``, in the server's own order. Raises StorageError."""
    store = world.parts.open_store(place.bucket)
    prefix = f"{place.prefix}/" if place.prefix else ""
    token = None
    while True:
        page = store.list_page(prefix, token=token)
        for row in page.rows:
            if not row.key.endswith("/"):
                yield Item(row.key[len(prefix) :], row.size_bytes, row.etag)
        world.objects += len(page.rows)
        _told(world, "S3", world.objects)
        token = page.token
        if token is None:
            return


def _told(world: World, phase: str, done: int) -> None:
    world.parts.reporter.step(Progress(operation="reconcile", phase=phase, done=done, total=None, unit="files"))
