"""Pushing many files: what is sent, copied, skipped and replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import xxhash

from onepiece_core.errors import (
    LeaseLost,
    OperationCancelled,
    PreconditionFailed,
    SourceChanged,
    StorageError,
    StorageUnavailable,
)
from onepiece_core.progress import Progress, Reporter
from onepiece_core.storage.local import LocalStore
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.s3.client import connect
from onepiece_core.storage.store import ALWAYS, Condition, ObjectInfo, OnBytes, Store
from onepiece_core.storage.transfer import PushItem, PushResult, push
from onepiece_core.testing.memory_store import Fault, MemoryBucket, MemoryStore
from tests.support.weed import Weed


def frames(folder: Path, count: int, prefix: str = "p/v001") -> list[PushItem]:
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for number in range(count):
        path = folder / f"frame.{1001 + number}.exr"
        data = f"frame {number}".encode() * 100
        path.write_bytes(data)
        digest = xxhash.xxh3_128(data).hexdigest()
        items.append(PushItem(f"{prefix}/{path.name}", path, len(data), digest, path.stat().st_mtime_ns))
    return items


def send(store: Store, items: list[PushItem], **options: object) -> PushResult:
    return push(store, items, **{"prefix": "p/", "reporter": Reporter(), **options})  # type: ignore[arg-type]


def contents(store: Store) -> dict[str, bytes]:
    return {info.key: store.read(info.key)[0] for info in store.iter_objects()}


@pytest.fixture(params=["memory", "folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "folder":
        yield LocalStore(tmp_path / "store")
    else:
        weed: Weed = request.getfixturevalue("weed")
        create_bucket(weed.aws, "transfer")
        s3 = connect(weed.aws, "transfer")
        yield s3
        for info in list(s3.iter_objects()):
            s3.delete(info.key)
        s3.close()


def test_every_file_arrives_with_its_hash_and_time(store: Store, tmp_path: Path) -> None:
    items = frames(tmp_path / "src", 40)
    result = send(store, items)
    assert contents(store) == {item.key: item.path.read_bytes() for item in items}
    assert (result.files_sent, result.files_skipped, result.files_copied) == (40, 0, 0)
    assert result.bytes_sent == sum(item.size_bytes for item in items)
    for item in items:
        info = store.find(item.key)
        assert info is not None
        assert info.metadata == {"xxh128": item.xxh128, "mtime-ns": str(item.mtime_ns)}
        assert result.etags[item.key] == info.etag


def test_a_second_push_sends_nothing(store: Store, tmp_path: Path) -> None:
    items = frames(tmp_path / "src", 20)
    first = send(store, items)
    second = send(store, items)
    assert (second.files_sent, second.bytes_sent, second.files_skipped) == (0, 0, 20)
    assert second.etags == first.etags


def test_foreign_bytes_are_replaced_even_of_the_same_size(store: Store, tmp_path: Path) -> None:
    items = frames(tmp_path / "src", 4)
    store.put(items[0].key, b"x" * items[0].size_bytes)
    store.put(items[1].key, b"something else")
    store.put(items[2].key, items[2].path.read_bytes())  # the right bytes, but nobody vouches for them
    result = send(store, items)
    assert result.files_sent == 4
    assert contents(store) == {item.key: item.path.read_bytes() for item in items}


def test_what_an_older_version_holds_is_copied_there(store: Store, tmp_path: Path) -> None:
    old = frames(tmp_path / "src", 10)
    etags = send(store, old).etags
    new = [replace(item, key=item.key.replace("v001", "v002"), copy_from=(item.key, etags[item.key])) for item in old]
    result = send(store, new)
    assert (result.files_copied, result.files_sent, result.bytes_sent) == (10, 0, 0)
    assert result.bytes_copied == sum(item.size_bytes for item in new)
    for item in new:
        info = store.find(item.key)
        assert info is not None
        assert (store.read(item.key)[0], info.metadata["xxh128"]) == (item.path.read_bytes(), item.xxh128)
        assert result.etags[item.key] == info.etag


def test_a_copy_that_cannot_be_made_is_sent(store: Store, tmp_path: Path) -> None:
    stale, gone, taken = frames(tmp_path / "src", 3)
    etag = store.put("p/source", b"has changed").etag
    store.put("p/source", b"since")
    store.put(taken.key, b"foreign")
    items = [
        replace(stale, copy_from=("p/source", etag)),
        replace(gone, copy_from=("p/nowhere", etag)),
        replace(taken, copy_from=("p/nowhere", etag)),
    ]
    result = send(store, items)
    assert (result.files_sent, result.files_copied) == (3, 0)
    assert all(store.read(item.key)[0] == item.path.read_bytes() for item in items)


def test_a_source_that_changed_stops_the_push(store: Store, tmp_path: Path) -> None:
    items = frames(tmp_path / "src", 5)
    items[2].path.write_bytes(b"!" * items[2].size_bytes)
    with pytest.raises(SourceChanged):
        send(store, items, jobs=1)
    assert items[2].key not in contents(store)
    assert len(contents(store)) == 2


def test_two_pushes_of_the_same_files_at_once_both_end_well(store: Store, tmp_path: Path) -> None:
    items = frames(tmp_path / "src", 60)
    results: list[PushResult] = []
    threads = [threading.Thread(target=lambda: results.append(send(store, items, jobs=8))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert results[0].etags == results[1].etags
    assert sum(result.files_sent for result in results) == 60
    assert contents(store) == {item.key: item.path.read_bytes() for item in items}


def test_a_lost_lease_stops_all_writes(tmp_path: Path) -> None:
    store, items = MemoryStore(), frames(tmp_path / "src", 100)
    asked: list[int] = []

    def guard() -> None:
        asked.append(1)
        if len(asked) > 10:
            raise LeaseLost("the lease is over")

    with pytest.raises(LeaseLost):
        send(store, items, guard=guard, jobs=4)
    assert store.calls["put_file"] == 10


def test_the_guard_is_asked_before_a_copy_and_again_before_the_sending_instead(tmp_path: Path) -> None:
    (item,) = frames(tmp_path / "src", 1)
    asked: list[int] = []
    send(MemoryStore(), [replace(item, copy_from=("p/nowhere", "x"))], guard=lambda: asked.append(1))
    assert len(asked) == 2


def test_the_guard_is_not_asked_where_nothing_is_written(tmp_path: Path) -> None:
    store, items = MemoryStore(), frames(tmp_path / "src", 3)
    send(store, items)
    asked: list[int] = []
    send(store, items, guard=lambda: asked.append(1))
    assert asked == []


def test_the_first_error_stops_the_rest(tmp_path: Path) -> None:
    store, items = MemoryStore(faults=(Fault("put_file", 5),)), frames(tmp_path / "src", 100)
    with pytest.raises(StorageUnavailable):
        send(store, items, jobs=4)
    assert store.calls["put_file"] < 12


def test_a_push_that_failed_goes_on_where_it_was(tmp_path: Path) -> None:
    bucket, items = MemoryBucket(), frames(tmp_path / "src", 30)
    with pytest.raises(StorageUnavailable):
        send(MemoryStore(bucket, faults=(Fault("put_file", 11),)), items, jobs=1)
    result = send(MemoryStore(bucket), items)
    assert (result.files_skipped, result.files_sent) == (10, 20)


def test_a_write_whose_reply_was_lost_is_found_the_next_time(tmp_path: Path) -> None:
    bucket, items = MemoryBucket(), frames(tmp_path / "src", 3)
    with pytest.raises(StorageUnavailable):
        send(MemoryStore(bucket, faults=(Fault("put_file", 1, "reply_lost"),)), items, jobs=1)
    result = send(MemoryStore(bucket), items)
    assert (result.files_skipped, result.files_sent) == (1, 2)


def test_an_unreadable_listing_stops_before_anything_is_sent(tmp_path: Path) -> None:
    store = MemoryStore(faults=(Fault("iter_objects", 1, error=lambda: StorageError("no listing")),))
    with pytest.raises(StorageError):
        send(store, frames(tmp_path / "src", 3))
    assert store.calls["put_file"] == 0


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    store, items = MemoryStore(), frames(tmp_path / "src", 100)
    reporter = Reporter(lambda event: reporter.cancel() if event.done > 5000 else None)
    with pytest.raises(OperationCancelled):
        send(store, items, reporter=reporter, jobs=4)
    assert 0 < store.calls["put_file"] < 100


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    items = frames(tmp_path / "src", 30)
    total = sum(item.size_bytes for item in items)
    events: list[Progress] = []
    send(MemoryStore(), items, reporter=Reporter(events.append), total_bytes=total, jobs=4)
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert (events[-1].done, events[-1].total, events[-1].unit, events[-1].phase) == (total, total, "bytes", "upload")


def test_items_are_read_as_they_are_needed(tmp_path: Path) -> None:
    """A hundred thousand files must not lie in memory because the network is slow."""
    (item,) = frames(tmp_path / "src", 1)
    taken = 0
    ahead: list[int] = []

    def endless() -> Iterator[PushItem]:
        nonlocal taken
        for number in range(200):
            taken += 1
            yield replace(item, key=f"p/{number:04}")

    store = MemoryStore()
    push(
        store,
        endless(),
        prefix="p/",
        reporter=Reporter(lambda _event: ahead.append(taken - store.calls["put_file"])),
        jobs=4,
    )
    assert store.calls["put_file"] == 200
    assert max(ahead) <= 4


class _Restless(MemoryStore):
    """Somebody writes to the same key whenever we look."""

    def put_file(
        self,
        key: str,
        path: Path,
        *,
        size_bytes: int,
        xxh128: str,
        condition: Condition = ALWAYS,
        metadata: object = None,
        on_bytes: OnBytes = lambda _count: None,
    ) -> ObjectInfo:
        self.bucket.write(key, b"theirs", ALWAYS, {})
        return super().put_file(key, path, size_bytes=size_bytes, xxh128=xxh128, condition=condition)


def test_it_does_not_fight_for_ever(tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed):
        send(_Restless(), frames(tmp_path / "src", 1))
