"""Move objects aside by a verified copy and a delete; send files to S3, on condition that nothing is there."""

from __future__ import annotations

from onepiece_core.checksums import hash_file
from onepiece_core.errors import PreconditionFailed
from onepiece_core.reconcile.doing import DONE, TODO, Changed, Job
from onepiece_core.reconcile.model import ParkObject, Upload
from onepiece_core.storage.engine import MTIME_NS, XXH128
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.storage.store import IF_ABSENT, ObjectInfo


def parked_key(job: Job, base: str, key: str, more: str = "") -> str:
    """Where an object goes, in its own bucket."""
    relative = key.removeprefix(f"{base}/") if base else key
    middle = f"{job.parked}/{more}/{relative}" if more else f"{job.parked}/{relative}"
    return f"{base}/{middle}" if base else middle


def move(store: S3Store, source: ObjectInfo, target: str) -> None:
    """Copy, compare, look again, delete. Goes on with a copy that is there already. Raises Changed, StorageError."""
    there = store.find(target)
    if there is None:
        try:
            store.copy(source.key, source.etag, target, condition=IF_ABSENT)
        except PreconditionFailed as cause:
            raise Changed(f"{store.uri}/{source.key} has changed", key=source.key) from cause
        there = store.find(target)
    if there is None or not _is_same(there, source):
        raise Changed(f"{store.uri}/{target} is not a copy of {source.key}", key=target)
    now = store.find(source.key)
    if now is not None and now.etag != source.etag:
        raise Changed(f"{store.uri}/{source.key} has changed", key=source.key)
    store.delete(source.key)


def _is_same(one: ObjectInfo, other: ObjectInfo) -> bool:
    """By etag; a copy in parts has another one, and then its recorded hash counts."""
    if one.size_bytes != other.size_bytes:
        return False
    return one.etag == other.etag or ("-" in one.etag + other.etag and dict(one.metadata) == dict(other.metadata))


class Park:
    """See ParkObject."""

    def state(self, job: Job, action: ParkObject) -> str:
        store = job.parts.open_store(action.bucket)
        there, parked = store.find(action.key), store.find(parked_key(job, action.base, action.key))
        if there is None:
            return DONE if parked is not None else f"s3://{action.bucket}/{action.key} is not there any more"
        if there.etag == action.etag:
            return TODO
        # What is there now is what another action has brought.
        return DONE if parked is not None else f"s3://{action.bucket}/{action.key} has changed"

    def do(self, job: Job, action: ParkObject) -> None:
        store = job.parts.open_store(action.bucket)
        there = store.find(action.key)
        if there is None or there.etag != action.etag:
            raise Changed(f"s3://{action.bucket}/{action.key} has changed", key=action.key)
        move(store, there, parked_key(job, action.base, action.key))

    def undo(self, job: Job, action: ParkObject) -> str:
        store = job.parts.open_store(action.bucket)
        key = parked_key(job, action.base, action.key)
        there, parked = store.find(action.key), store.find(key)
        if parked is None:
            return "" if there is not None else f"s3://{action.bucket}/{key} is not there any more"
        if there is not None and not _is_same(there, parked):
            return f"s3://{action.bucket}/{action.key} is there again"
        move(store, parked, action.key)
        return ""


class Send:
    """See Upload."""

    def state(self, job: Job, action: Upload) -> str:
        there = job.parts.open_store(action.bucket).find(action.key)
        if there is not None and f"s3://{action.bucket}/{action.key}" not in job.leaving:
            return DONE if _is_this(there, action) else f"s3://{action.bucket}/{action.key} is there"
        path = job.local(action.path)
        try:
            status = path.stat()
        except OSError as error:
            return f"{path}: {error.strerror}"
        same = (status.st_size, status.st_mtime_ns) == (action.size_bytes, action.mtime_ns)
        return TODO if same else f"{path} has changed"

    def do(self, job: Job, action: Upload) -> None:
        path = job.local(action.path)
        xxh128 = action.xxh128 or hash_file(path).digests[XXH128]
        metadata = {XXH128: xxh128, MTIME_NS: str(action.mtime_ns)}
        store = job.parts.open_store(action.bucket)
        try:
            store.put_file(
                action.key,
                path,
                size_bytes=action.size_bytes,
                xxh128=xxh128,
                condition=IF_ABSENT,
                metadata=metadata,
            )
        except PreconditionFailed as cause:
            raise Changed(f"s3://{action.bucket}/{action.key} is there by now", key=action.key) from cause

    def undo(self, job: Job, action: Upload) -> str:
        store = job.parts.open_store(action.bucket)
        there = store.find(action.key)
        target = parked_key(job, action.base, action.key, "undone")
        if there is None:
            return ""
        if store.find(target) is not None and not _is_this(there, action):
            return ""  # what was there before has been put back
        if not _is_this(there, action):
            return f"s3://{action.bucket}/{action.key} has changed since"
        move(store, there, target)
        return ""


def _is_this(there: ObjectInfo, action: Upload) -> bool:
    told = there.metadata.get(XXH128)
    return there.size_bytes == action.size_bytes and told is not None and told == (action.xxh128 or told)
