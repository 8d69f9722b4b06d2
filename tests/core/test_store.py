"""The Store contract, over memory, a folder and a real S3 server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.errors import ObjectMissing, StorageUnavailable
from onepiece_core.storage.local import LocalStore
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.s3.client import connect
from onepiece_core.storage.store import IF_ABSENT, Store
from onepiece_core.testing.memory_store import Fault, MemoryBucket, MemoryStore
from onepiece_core.testing.store_contract import StoreContract
from tests.support.weed import Weed


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestLocalStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return LocalStore(tmp_path / "root")


class TestS3Store(StoreContract):
    @pytest.fixture
    def store(self, weed: Weed) -> Iterator[Store]:
        # One bucket, emptied: a new one costs the server 0.2 s at its first write.
        create_bucket(weed.aws, "contract")
        store = connect(weed.aws, "contract")
        yield store
        for info in list(store.iter_objects()):
            store.delete(info.key)
        store.close()


def test_a_refused_call_of_the_memory_store_does_nothing() -> None:
    store = MemoryStore(faults=(Fault("put", 2),))
    store.put("a", b"1")
    with pytest.raises(StorageUnavailable):
        store.put("b", b"2")
    store.put("c", b"3")
    assert [info.key for info in store.iter_objects()] == ["a", "c"]
    assert store.calls["put"] == 3


def test_a_lost_reply_of_the_memory_store_is_a_write_nobody_heard_of() -> None:
    store = MemoryStore(faults=(Fault("put", 1, "reply_lost"),))
    with pytest.raises(StorageUnavailable):
        store.put("a", b"1", condition=IF_ABSENT)
    assert store.read("a")[0] == b"1"


def test_a_late_write_of_the_memory_store_comes_when_it_settles_if_it_still_may() -> None:
    bucket = MemoryBucket()
    store = MemoryStore(bucket, faults=(Fault("put", 0, "late"),))
    for key in ("free", "taken"):
        with pytest.raises(StorageUnavailable):
            store.put(key, b"late", condition=IF_ABSENT)
    MemoryStore(bucket).put("taken", b"earlier")
    assert store.find("free") is None
    store.settle()
    assert (store.read("free")[0], store.read("taken")[0]) == (b"late", b"earlier")


def test_a_slow_call_of_the_memory_store_waits_to_be_hurried() -> None:
    store = MemoryStore(faults=(Fault("put", 1, "slow"),))
    writer = threading.Thread(target=store.put, args=("a", b"1"))
    writer.start()
    assert store.find("a") is None
    store.hurry()
    writer.join()
    assert store.read("a")[0] == b"1"


def test_a_fault_raises_the_error_it_was_given() -> None:
    store = MemoryStore(faults=(Fault("find", 1, error=lambda: ObjectMissing("gone")),))
    with pytest.raises(ObjectMissing):
        store.find("a")


def test_the_clock_of_the_memory_bucket_can_be_advanced() -> None:
    bucket = MemoryBucket()
    before = MemoryStore(bucket).now()
    bucket.advance(120)
    assert MemoryStore(bucket).now() - before >= 120
