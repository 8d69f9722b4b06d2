"""What is at the drop's keys already, found with few requests; nothing there is ever overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from onepiece_core.checksums import Hasher, hash_file, is_digest
from onepiece_core.errors import ObjectMissing, StorageError
from onepiece_core.ingest.model import DropFile
from onepiece_core.storage.bounded import run_bounded
from onepiece_core.storage.engine import XXH128
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.storage.store import Store

_AT_ONCE = 8
# So few keys of one folder are asked for one by one: a listing may hold what thousands of other drops brought.
_FEW = 8


def find_existing(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """The etag of each of ``keys`` that is there. Raises StorageError."""
    folders: dict[str, list[str]] = {}
    for key in keys:
        folders.setdefault(key.rpartition("/")[0], []).append(key)
    existing: dict[str, str] = {}
    for _, found in run_bounded(lambda names: dict(_look(store, names)), folders.values(), jobs=_AT_ONCE):
        existing |= found
    return existing


def _look(store: Store, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """``keys`` are of one folder."""
    if len(keys) <= _FEW:
        for key in keys:
            info = store.find(key)
            if info is not None:
                yield key, info.etag
        return
    wanted = set(keys)
    for key, etag in _listed(store, min(keys, key=str.encode), max(keys, key=str.encode)):
        if key in wanted:
            yield key, etag


def _listed(store: Store, first: str, last: str) -> Iterator[tuple[str, str]]:
    """What a folder holds from ``first`` to ``last``, with what its subfolders hold on the way."""
    prefix = first.rpartition("/")[0]
    prefix = f"{prefix}/" if prefix else ""
    if not isinstance(store, S3Store):
        yield from ((info.key, info.etag) for info in store.iter_objects(prefix))
        return
    token: str | None = None
    # One character less is before ``first`` in every server's order.
    start = first[:-1] if len(first) > len(prefix) + 1 else ""
    while True:
        page = store.list_page(prefix, start_after=start, token=token)
        for row in page.rows:
            yield row.key, row.etag
            # Direct files of a folder are sorted in every server's order; what lies deeper stands between them.
            if "/" not in row.key[len(prefix) :] and row.key.encode() > last.encode():
                return
        token = page.token
        if token is None:
            return


def same_hash(store: Store, key: str, file: DropFile) -> str | None:
    """The xxh128 of ``file`` where the object at ``key`` holds the same bytes; None where it does not.

    Raises what :func:`~onepiece_core.checksums.hash_file` raises; ObjectMissing: it has gone; StorageError.
    """
    info = store.find(key)
    if info is None:
        raise ObjectMissing(f"{store.uri}/{key} went away", key=key)
    if info.size_bytes != file.stamp.size_bytes:
        return None
    ours = hash_file(file.path, expected=file.stamp).digests["xxh128"]
    theirs = info.metadata.get(XXH128, "")
    if not is_digest("xxh128", theirs):
        # Sent in parts, or by somebody else: only its bytes tell.
        theirs = _hash_object(store, key)
    return ours if ours == theirs else None


def _hash_object(store: Store, key: str) -> str:
    hasher = Hasher()
    for piece in store.iter_bytes(key):
        hasher.update(piece)
    return hasher.digests()["xxh128"]


def check_writable(store: Store, prefix: str) -> None:
    """Write a few bytes where the drop will go, before anything is hashed. Raises AccessDenied, BucketMissing, ..."""
    key = f"{prefix}/.onepiece/ingest-write-test" if prefix else ".onepiece/ingest-write-test"
    store.put(key, b"onepiece aws ingest writes here\n")
    # Whoever may add files need not be one who may remove them.
    with suppress(StorageError):
        store.delete(key)
