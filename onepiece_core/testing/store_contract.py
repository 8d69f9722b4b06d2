"""The tests that every Store passes: in memory, a folder, a bucket. Needs pytest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
import xxhash

from onepiece_core.errors import ObjectMissing, PreconditionFailed, SourceChanged, StorageError
from onepiece_core.storage.store import IF_ABSENT, Condition, ObjectInfo, Store

Answer = TypeVar("Answer")

# Larger than what any store of ours sends in one piece.
LARGE_BYTES = 17 * 1024 * 1024 + 5

AWKWARD_KEYS = [
    "k/a b.txt",
    "k/a+b&c=d%20.txt",
    "k/<x>'(1)*!~$@;,.txt",
    "k/é.txt",
    "k/e\u0301.txt",
    "k/日本.exr",
    "k/😀.png",
    "k/line\nbreak.txt",
    'k/"quoted".txt',
    "k/name.%04d.exr",
    "k/#hash?query",
]


class StoreContract:
    """Subclass it and give it the fixture ``store``: an empty one."""

    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    def test_what_was_put_is_read_back_with_its_metadata(self, store: Store) -> None:
        put = store.put("a/b.txt", b"hello", metadata={"XXH128": "00ff", "mtime-ns": "12"})
        data, info = store.read("a/b.txt")
        assert data == b"hello"
        assert info == store.find("a/b.txt")
        assert (info.key, info.size_bytes, info.etag) == (put.key, put.size_bytes, put.etag) == ("a/b.txt", 5, put.etag)
        assert info.metadata == put.metadata == {"xxh128": "00ff", "mtime-ns": "12"}

    def test_nothing_can_be_put_too(self, store: Store, tmp_path: Path) -> None:
        store.put("a/empty", b"")
        put_file(store, "a/empty-file", write(tmp_path, b""))
        assert [store.read(key)[0] for key in ("a/empty", "a/empty-file")] == [b"", b""]
        assert list(store.iter_bytes("a/empty")) == []

    def test_what_is_not_there_is_missing(self, store: Store) -> None:
        store.put("folder/file", b"1")
        for key in ("nope", "folder", "folder/file2", "folder/fil"):
            assert store.find(key) is None
            with pytest.raises(ObjectMissing):
                store.read(key)
            with pytest.raises(ObjectMissing):
                list(store.iter_bytes(key))

    def test_a_second_put_replaces_content_metadata_and_etag(self, store: Store) -> None:
        first = store.put("a", b"one", metadata={"x": "1"})
        second = store.put("a", b"two")
        data, info = store.read("a")
        assert (data, info.metadata) == (b"two", {})
        assert info.etag == second.etag != first.etag

    def test_large_content_comes_in_pieces(self, store: Store, tmp_path: Path) -> None:
        data = os.urandom(LARGE_BYTES)
        counts: list[int] = []
        info = put_file(store, "large", write(tmp_path, data), metadata={"a": "b"}, on_bytes=counts.append)
        pieces = list(store.iter_bytes("large"))
        assert b"".join(pieces) == data
        assert max(map(len, pieces)) <= 1024 * 1024
        assert sum(counts) == info.size_bytes == LARGE_BYTES
        assert store.find("large") == ObjectInfo(
            "large", LARGE_BYTES, info.etag, found(store, "large").modified, {"a": "b"}
        )

    def test_reading_may_stop_in_the_middle(self, store: Store, tmp_path: Path) -> None:
        put_file(store, "large", write(tmp_path, os.urandom(LARGE_BYTES)))
        for _ in range(3):
            pieces = iter(store.iter_bytes("large"))
            next(pieces)
            del pieces
        assert store.put("after", b"1").size_bytes == 1

    def test_if_absent_writes_only_where_nothing_is(self, store: Store, tmp_path: Path) -> None:
        first = store.put("claim", b"mine", condition=IF_ABSENT, metadata={"who": "me"})
        with pytest.raises(PreconditionFailed):
            store.put("claim", b"theirs", condition=IF_ABSENT)
        for size in (5, LARGE_BYTES):
            with pytest.raises(PreconditionFailed):
                put_file(store, "claim", write(tmp_path, b"x" * size), condition=IF_ABSENT)
        data, info = store.read("claim")
        assert (data, info.etag, info.metadata) == (b"mine", first.etag, {"who": "me"})

    def test_if_match_writes_only_over_that_object(self, store: Store, tmp_path: Path) -> None:
        first = store.put("claim", b"1")
        second = store.put("claim", b"2", condition=Condition(if_match=first.etag))
        stale = Condition(if_match=first.etag)
        with pytest.raises(PreconditionFailed):
            store.put("claim", b"3", condition=stale)
        with pytest.raises(PreconditionFailed):
            put_file(store, "claim", write(tmp_path, b"4" * LARGE_BYTES), condition=stale)
        assert store.read("claim") == (b"2", found(store, "claim"))
        assert found(store, "claim").etag == second.etag
        large = put_file(store, "claim", write(tmp_path, b"5" * LARGE_BYTES), condition=Condition(if_match=second.etag))
        assert found(store, "claim").etag == large.etag

    def test_if_match_never_writes_where_nothing_is(self, store: Store) -> None:
        etag = store.put("other", b"1").etag
        with pytest.raises(PreconditionFailed):
            store.put("gone", b"1", condition=Condition(if_match=etag))
        assert store.find("gone") is None

    def test_one_of_many_claims_wins(self, store: Store) -> None:
        claims = [f"claimant {number}".encode() for number in range(16)]
        won = at_once(lambda data: accepted(store, "race/claim", data, IF_ABSENT), claims)
        assert won.count(True) == 1
        assert store.read("race/claim")[0] == claims[won.index(True)]

    def test_one_of_many_replacements_wins(self, store: Store) -> None:
        first = store.put("race/claim", b"first")
        takers = [f"taker {number}".encode() for number in range(16)]
        won = at_once(lambda data: accepted(store, "race/claim", data, Condition(if_match=first.etag)), takers)
        assert won.count(True) == 1
        assert store.read("race/claim")[0] == takers[won.index(True)]

    @pytest.mark.parametrize("size", [10, LARGE_BYTES])
    def test_a_file_that_is_not_what_was_hashed_never_becomes_visible(
        self, store: Store, tmp_path: Path, size: int
    ) -> None:
        path = write(tmp_path, b"n" * size)
        old = xxhash.xxh3_128(b"o" * size).hexdigest()
        with pytest.raises(SourceChanged):
            store.put_file("changed", path, size_bytes=size, xxh128=old)
        right = xxhash.xxh3_128(b"n" * size).hexdigest()
        for wrong_size in (size - 1, size + 1):
            with pytest.raises(SourceChanged):
                store.put_file("changed", path, size_bytes=wrong_size, xxh128=right)
        assert store.find("changed") is None
        assert list(store.iter_objects("")) == []

    def test_a_file_that_is_gone_or_no_file_is_an_error(self, store: Store, tmp_path: Path) -> None:
        for path in (tmp_path / "nope", tmp_path):
            with pytest.raises(StorageError):
                store.put_file("key", path, size_bytes=1, xxh128="00")
        assert store.find("key") is None

    def test_a_copy_has_the_same_bytes_and_metadata(self, store: Store, tmp_path: Path) -> None:
        data = os.urandom(LARGE_BYTES)
        source = put_file(store, "v001/é +.exr", write(tmp_path, data), metadata={"xxh128": "aa"})
        copied = store.copy("v001/é +.exr", source.etag, "v002/é +.exr")
        assert b"".join(store.iter_bytes("v002/é +.exr")) == data
        assert found(store, "v002/é +.exr").metadata == {"xxh128": "aa"}
        assert found(store, "v002/é +.exr").etag == copied.etag
        store.delete("v001/é +.exr")
        assert b"".join(store.iter_bytes("v002/é +.exr")) == data

    def test_a_copy_of_something_else_is_refused(self, store: Store) -> None:
        old = store.put("source", b"old")
        store.put("source", b"new")
        with pytest.raises(PreconditionFailed):
            store.copy("source", old.etag, "target")
        with pytest.raises(ObjectMissing):
            store.copy("nope", old.etag, "target")
        assert store.find("target") is None

    def test_a_copy_keeps_its_condition(self, store: Store) -> None:
        source, there = store.put("source", b"new"), store.put("target", b"old")
        for condition in (IF_ABSENT, Condition(if_match="stale")):
            with pytest.raises(PreconditionFailed):
                store.copy("source", source.etag, "target", condition=condition)
        assert store.read("target")[0] == b"old"
        store.copy("source", source.etag, "target", condition=Condition(if_match=there.etag))
        store.copy("source", source.etag, "fresh", condition=IF_ABSENT)
        assert store.read("target")[0] == store.read("fresh")[0] == b"new"

    def test_what_is_deleted_is_gone_and_may_be_written_again(self, store: Store) -> None:
        store.put("a/b", b"1", metadata={"x": "y"})
        store.delete("a/b")
        store.delete("a/b")
        store.delete("a/never")
        assert store.find("a/b") is None
        assert list(store.iter_objects()) == []
        assert store.put("a/b", b"2", condition=IF_ABSENT).metadata == {}
        assert found(store, "a/b").metadata == {}

    def test_a_listing_is_in_the_order_of_the_keys_bytes(self, store: Store) -> None:
        keys = ["p/a-b", "p/a.b", "p/a/b", "p/a/c/d", "p/a0", "p/b", "p/é", "p/Z", "q", "p-1", "p/😀", "p/\uffee"]
        for key in keys:
            store.put(key, key.encode())
        assert [info.key for info in store.iter_objects()] == sorted(keys, key=str.encode)
        listed = {info.key: info for info in store.iter_objects("p/")}
        assert list(listed) == sorted((key for key in keys if key.startswith("p/")), key=str.encode)
        for key, info in listed.items():
            assert (info.size_bytes, info.etag) == (len(key.encode()), found(store, key).etag)

    def test_a_prefix_need_not_end_at_a_slash(self, store: Store) -> None:
        for key in ("shot_v001/a", "shot_v001/b/c", "shot_v002/a", "shot", "other/a"):
            store.put(key, b"1")
        assert [info.key for info in store.iter_objects("shot_v00")] == ["shot_v001/a", "shot_v001/b/c", "shot_v002/a"]
        assert [info.key for info in store.iter_objects("shot_v001/b")] == ["shot_v001/b/c"]
        assert list(store.iter_objects("nope/")) == list(store.iter_objects("shot/")) == []

    def test_folders_are_the_next_part_of_the_keys(self, store: Store) -> None:
        for key in ("s/FG_v002/a", "s/FG_v001/a", "s/FG_v001/b/c", "s/file", "s/XX/a", "t/a"):
            store.put(key, b"1")
        assert list(store.iter_folders("s/")) == ["s/FG_v001/", "s/FG_v002/", "s/XX/"]
        assert list(store.iter_folders("s/FG")) == ["s/FG_v001/", "s/FG_v002/"]
        assert list(store.iter_folders("")) == ["s/", "t/"]
        assert list(store.iter_folders("nope/")) == []

    def test_a_folder_goes_with_its_last_object(self, store: Store) -> None:
        store.put("s/v001/a", b"1")
        store.delete("s/v001/a")
        assert list(store.iter_folders("s/")) == []

    @pytest.mark.parametrize("key", AWKWARD_KEYS)
    def test_awkward_keys_are_kept_as_they_are(self, store: Store, tmp_path: Path, key: str) -> None:
        store.put(key, b"1", condition=IF_ABSENT)
        assert [info.key for info in store.iter_objects("k/")] == [key]
        assert found(store, key).size_bytes == 1
        put_file(store, key, write(tmp_path, b"22"), condition=Condition(if_match=found(store, key).etag))
        assert store.read(key)[0] == b"22"
        store.delete(key)
        assert store.find(key) is None

    def test_the_clock_is_near_ours_and_never_goes_back(self, store: Store) -> None:
        first, second = store.now(), store.now()
        assert first <= second
        assert abs(first - time.time()) < 60

    def test_the_address_has_no_slash_at_its_end(self, store: Store) -> None:
        assert "://" in store.uri
        assert not store.uri.endswith("/")

    def test_many_threads_may_use_it(self, store: Store) -> None:
        def there_and_back(number: int) -> bool:
            key, data = f"t/{number:03}", os.urandom(1000 + number)
            store.put(key, data)
            return store.read(key)[0] == data

        assert all(at_once(there_and_back, range(64)))
        assert len(list(store.iter_objects("t/"))) == 64


def at_once(work: Callable[[Answer], bool], items: Sequence[Answer]) -> list[bool]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(work, items))


def accepted(store: Store, key: str, data: bytes, condition: Condition) -> bool:
    """Whether the store took the write."""
    try:
        store.put(key, data, condition=condition)
    except PreconditionFailed:
        return False
    return True


def found(store: Store, key: str) -> ObjectInfo:
    info = store.find(key)
    assert info is not None
    return info


def write(folder: Path, data: bytes) -> Path:
    """A file with ``data``, named by its size."""
    path = folder / f"source-{len(data)}"
    path.write_bytes(data)
    return path


def put_file(store: Store, key: str, path: Path, **options: object) -> ObjectInfo:
    """put_file with the size and hash that the file has."""
    data = path.read_bytes()
    digest = xxhash.xxh3_128(data).hexdigest()
    return store.put_file(key, path, size_bytes=len(data), xxh128=digest, **options)  # type: ignore[arg-type]
