"""Send a delivery to its place: the archive first, the JSON manifest last, nothing ever overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onepiece_core.checksums import Hasher, Stamp, hash_bytes, hash_file, is_digest
from onepiece_core.deliver.manifests import CSV_NAME, JSON_NAME
from onepiece_core.deliver.model import DeliveryPlan
from onepiece_core.deliver.pack import Packed
from onepiece_core.errors import DestinationDiffers, PreconditionFailed
from onepiece_core.storage.engine import XXH128, NotMoved, Upload
from onepiece_core.storage.store import IF_ABSENT, ObjectInfo, Store

if TYPE_CHECKING:
    from onepiece_core.deliver.apply import DeliverParts


@dataclass(frozen=True, slots=True)
class Sent:
    """An object of the delivery. ``was_there``: with the same bytes, before this run."""

    uri: str
    xxh128: str
    was_there: bool


def refuse_taken(plan: DeliveryPlan, packed: Packed, store: Store) -> None:
    """Raise DestinationDiffers where a key holds other bytes, before anything becomes visible."""
    for key, source in _objects(plan, packed, packed.staged):
        info = store.find(key)
        if info is not None and not _is_same(store, info, source):
            raise _differs(store, key)


def upload_delivery(plan: DeliveryPlan, packed: Packed, parts: DeliverParts) -> tuple[Sent, ...]:
    """Send what is not there.

    Raises: DestinationDiffers; StorageError, OperationCancelled: the same command again goes on.
    """
    sent: list[Sent] = []
    for key, source in _objects(plan, packed, plan.request.output):
        digest = hash_bytes(source) if isinstance(source, bytes) else hash_file(source).digests["xxh128"]
        was_there = _send(key, source, digest, parts)
        parts.checkpoint(f"sent {key.rpartition('.')[2]}")
        sent.append(Sent(f"{parts.store.uri}/{key}", digest, was_there))
    return tuple(sent)


def _objects(plan: DeliveryPlan, packed: Packed, output: Path) -> Iterator[tuple[str, bytes | Path]]:
    """Key and content of each object, in the order in which they are sent."""
    name = plan.request.name
    if plan.request.format == "zip":
        yield plan.place.key(f"{name}.zip"), output
        yield plan.place.key(f"{name}.csv"), packed.manifests[CSV_NAME]
        yield plan.place.key(f"{name}.json"), packed.manifests[JSON_NAME]
        return
    files = sorted(path for path in output.rglob("*") if path.is_file())
    for path in sorted(files, key=lambda path: (path == output / JSON_NAME, path)):
        yield plan.place.key(path.relative_to(output).as_posix()), path


def _send(key: str, source: bytes | Path, digest: str, parts: DeliverParts) -> bool:
    """False: it was sent; True: it was there."""
    info = parts.store.find(key)
    if info is None:
        try:
            _put(key, source, digest, parts)
        except PreconditionFailed:
            info = parts.store.find(key)
            if info is None:
                raise
        else:
            return False
    if not _is_same(parts.store, info, source):
        raise _differs(parts.store, key)
    return True


def _put(key: str, source: bytes | Path, digest: str, parts: DeliverParts) -> None:
    if isinstance(source, bytes):
        parts.store.put(key, source, condition=IF_ABSENT, metadata={XXH128: digest})
        return
    item = Upload(key, source, Stamp.of(source.stat()), IF_ABSENT, digest)
    for result in parts.engine.move([item], parts.reporter, operation="deliver", total_bytes=item.stamp.size_bytes):
        if isinstance(result, NotMoved):
            raise result.error


def _is_same(store: Store, info: ObjectInfo, source: bytes | Path) -> bool:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if info.size_bytes != size:
        return False
    ours = hash_bytes(source) if isinstance(source, bytes) else hash_file(source).digests["xxh128"]
    theirs = info.metadata.get(XXH128, "")
    if not is_digest("xxh128", theirs):
        hasher = Hasher()
        for piece in store.iter_bytes(info.key):
            hasher.update(piece)
        theirs = hasher.digests()["xxh128"]
    return ours == theirs


def _differs(store: Store, key: str) -> DestinationDiffers:
    where = f"{store.uri}/{key}"
    return DestinationDiffers(f"{where} is there already and holds other bytes", path=where)
