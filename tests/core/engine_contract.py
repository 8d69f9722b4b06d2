"""What every engine does, whatever moves its bytes. Subclasses give ``ground``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest
import xxhash

from onepiece_core.checksums import Stamp
from onepiece_core.errors import (
    InputMissing,
    InputRefused,
    ObjectMissing,
    OnePieceError,
    OperationCancelled,
    PreconditionFailed,
    SourceChanged,
    VerifyMismatch,
)
from onepiece_core.progress import Progress, Reporter
from onepiece_core.storage.engine import MTIME_NS, XXH128, Download, Engine, Moved, NotMoved, Upload
from onepiece_core.storage.store import IF_ABSENT, Condition, Store

MIB = 1024 * 1024
SIZES = [0, 1, 65_536, MIB, 3 * MIB + 1, 8 * MIB, 8 * MIB + 1, 20 * MIB]
NAMES = [
    "a b.exr",
    "it's 100%.exr",
    'say "x".exr',
    "żółć-日本.exr",
    "a+b&c=d?e#f.exr",
    "deep/er/x.exr",
    "[1]*.exr",
    "$HOME;`x`",
]


@dataclass
class Ground:
    """An engine, the store that it serves, and room on a disk."""

    engine: Engine
    store: Store
    folder: Path
    events: list[Progress] = field(default_factory=list)

    def file(self, name: str, data: bytes, mtime_ns: int = 1_600_000_000_123_456_700) -> Path:
        path = self.folder / "from" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(mtime_ns, mtime_ns))
        return path

    def upload(self, name: str, data: bytes, **more: object) -> Upload:
        path = self.file(name, data)
        return Upload(name, path, Stamp.of(path.stat()), **more)  # type: ignore[arg-type]

    def download(self, key: str, **more: object) -> Download:
        info = self.store.find(key)
        assert info is not None
        path = self.folder / "to" / key
        return Download(key, path, info.size_bytes, info.etag, info.modified, **more)  # type: ignore[arg-type]

    def move(self, *items: Upload | Download) -> list[Moved | NotMoved]:
        return list(self.engine.move(items, Reporter(self.events.append), operation="sync"))

    def moved(self, *items: Upload | Download) -> list[Moved]:
        results = self.move(*items)
        assert [result.error for result in results if isinstance(result, NotMoved)] == []
        return [result for result in results if isinstance(result, Moved)]

    def refusal(self, item: Upload | Download) -> OnePieceError:
        [result] = self.move(item)
        assert isinstance(result, NotMoved), result
        assert result.item is item
        return result.error

    def put(self, key: str, data: bytes, **metadata: str) -> None:
        self.store.put(key, data, metadata={name.replace("_", "-"): value for name, value in metadata.items()})

    def content(self, key: str) -> bytes | None:
        return b"".join(self.store.iter_bytes(key)) if self.store.find(key) else None

    def arrived(self) -> list[str]:
        """Every file under the target folder, whatever its name."""
        folder = self.folder / "to"
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def noise(size: int) -> bytes:
    return os.urandom(size)


class EngineContract:
    """``can`` names what this engine can; see the tests that ask for it."""

    can: ClassVar[frozenset[str]] = frozenset({"newlines"})

    @pytest.fixture
    def ground(self) -> Iterator[Ground]:
        raise NotImplementedError

    def test_nothing_to_move_is_no_result(self, ground: Ground) -> None:
        assert ground.move() == []

    def test_files_of_every_size_arrive_with_their_time_stamp(self, ground: Ground) -> None:
        files = {f"{size}.bin": noise(size) for size in SIZES}
        results = ground.moved(*(ground.upload(name, data) for name, data in files.items()))
        assert {result.item.key: result.xxh128 for result in results} == {
            name: xxhash.xxh3_128_hexdigest(data) for name, data in files.items()
        }
        for name, data in files.items():
            info = ground.store.find(name)
            assert info is not None
            assert ground.content(name) == data, name
            assert info.metadata[MTIME_NS] == "1600000000123456700"
        etags = {info.key: info.etag for info in ground.store.iter_objects()}
        assert {result.item.key: result.etag for result in results} == etags
        assert sum(result.bytes_moved for result in results) == sum(SIZES)

    def test_a_small_files_hash_is_kept_in_its_metadata(self, ground: Ground) -> None:
        data = noise(70_000)
        ground.moved(ground.upload("small", data))
        info = ground.store.find("small")
        assert info is not None
        assert info.metadata[XXH128] == xxhash.xxh3_128_hexdigest(data)

    def test_objects_of_every_size_come_back_with_their_time_stamp(self, ground: Ground) -> None:
        files = {f"{size}.bin": noise(size) for size in SIZES}
        ground.moved(*(ground.upload(name, data) for name, data in files.items()))
        results = ground.moved(*(ground.download(name) for name in files))
        for name, data in files.items():
            path = ground.folder / "to" / name
            assert path.read_bytes() == data, name
            assert path.stat().st_mtime_ns == 1_600_000_000_123_456_700
        assert {result.xxh128 for result in results} == {xxhash.xxh3_128_hexdigest(data) for data in files.values()}
        assert ground.arrived() == sorted(files)

    def test_an_object_without_a_time_stamp_gets_the_stores(self, ground: Ground) -> None:
        ground.put("plain", b"written by somebody else")
        item = ground.download("plain")
        ground.moved(item)
        assert item.path.read_bytes() == b"written by somebody else"
        assert abs(item.path.stat().st_mtime - item.modified) < 0.001

    @pytest.mark.parametrize("name", NAMES)
    def test_names_travel_unchanged(self, ground: Ground, name: str) -> None:
        ground.moved(ground.upload(name, name.encode()))
        assert [info.key for info in ground.store.iter_objects()] == [name]
        ground.moved(ground.download(name))
        assert (ground.folder / "to" / name).read_bytes() == name.encode()

    def test_a_name_with_a_newline_travels_or_is_refused(self, ground: Ground) -> None:
        item = ground.upload("a\nb", b"x")
        if "newlines" in self.can:
            ground.moved(item)
            assert ground.content("a\nb") == b"x"
        else:
            assert isinstance(ground.refusal(item), InputRefused)
            assert ground.content("a\nb") is None

    @pytest.mark.parametrize("size", [1000, 9 * MIB])
    def test_a_file_that_is_not_as_planned_is_not_sent(self, ground: Ground, size: int) -> None:
        item = ground.upload("x", noise(size))
        item.path.write_bytes(noise(size))
        assert isinstance(ground.refusal(item), SourceChanged)
        assert ground.content("x") is None

    @pytest.mark.parametrize("size", [1000, 9 * MIB])
    def test_a_file_with_another_hash_than_planned_is_not_sent(self, ground: Ground, size: int) -> None:
        item = ground.upload("x", noise(size), xxh128="0" * 32)
        assert isinstance(ground.refusal(item), SourceChanged)
        assert ground.content("x") is None

    def test_a_known_hash_is_kept_whatever_the_size(self, ground: Ground) -> None:
        data = noise(9 * MIB)
        ground.moved(ground.upload("x", data, xxh128=xxhash.xxh3_128_hexdigest(data)))
        info = ground.store.find("x")
        assert info is not None
        assert info.metadata[XXH128] == xxhash.xxh3_128_hexdigest(data)

    def test_one_missing_file_does_not_stop_the_others(self, ground: Ground) -> None:
        items = [ground.upload(f"{number}", b"%d" % number) for number in range(20)]
        items[7].path.unlink()
        results = ground.move(*items)
        [missing] = [result for result in results if isinstance(result, NotMoved)]
        assert missing.item is items[7]
        assert isinstance(missing.error, InputMissing)
        assert len(list(ground.store.iter_objects())) == 19

    def test_what_is_no_file_is_refused(self, ground: Ground) -> None:
        item = ground.upload("x", b"x")
        item.path.unlink()
        os.mkfifo(item.path)
        assert isinstance(ground.refusal(item), (InputRefused, SourceChanged))

    @pytest.mark.parametrize("size", [1000, 9 * MIB])
    def test_a_write_where_nothing_may_be_replaces_nothing(self, ground: Ground, size: int) -> None:
        ground.put("x", b"theirs")
        assert isinstance(ground.refusal(ground.upload("x", noise(size), condition=IF_ABSENT)), PreconditionFailed)
        assert ground.content("x") == b"theirs"

    @pytest.mark.parametrize("size", [1000, 9 * MIB])
    def test_a_write_over_exactly_one_object_replaces_that_one_alone(self, ground: Ground, size: int) -> None:
        ground.put("x", b"old")
        info = ground.store.find("x")
        assert info is not None
        data = noise(size)
        ground.moved(ground.upload("x", data, condition=Condition(if_match=info.etag)))
        assert ground.content("x") == data
        again = ground.upload("x", noise(size), condition=Condition(if_match=info.etag))
        assert isinstance(ground.refusal(again), PreconditionFailed)
        assert ground.content("x") == data

    def test_a_file_that_is_in_the_way_stays(self, ground: Ground) -> None:
        ground.put("x", b"object")
        item = ground.download("x")
        item.path.parent.mkdir(parents=True)
        item.path.write_bytes(b"mine")
        assert isinstance(ground.refusal(item), PreconditionFailed)
        assert item.path.read_bytes() == b"mine"
        assert ground.arrived() == ["x"]

    @pytest.mark.parametrize("size", [1000, 9 * MIB])
    def test_the_planned_file_is_replaced_and_no_other(self, ground: Ground, size: int) -> None:
        data = noise(size)
        ground.moved(ground.upload("x", data))
        target = ground.folder / "to" / "x"
        target.parent.mkdir()
        target.write_bytes(b"old")
        planned = Stamp.of(target.stat())
        target.write_bytes(b"edited meanwhile")
        assert isinstance(ground.refusal(ground.download("x", may_replace=planned)), PreconditionFailed)
        assert target.read_bytes() == b"edited meanwhile"
        ground.moved(ground.download("x", may_replace=Stamp.of(target.stat())))
        assert target.read_bytes() == data
        assert ground.arrived() == ["x"]

    def test_a_planned_file_that_went_away_is_no_obstacle(self, ground: Ground) -> None:
        ground.put("x", b"object")
        target = ground.folder / "to" / "x"
        target.parent.mkdir()
        target.write_bytes(b"old")
        item = ground.download("x", may_replace=Stamp.of(target.stat()))
        target.unlink()
        ground.moved(item)
        assert target.read_bytes() == b"object"

    @pytest.mark.parametrize("size", [1000, 9 * MIB])
    def test_an_object_that_is_not_as_planned_is_not_fetched(self, ground: Ground, size: int) -> None:
        ground.put("x", b"first")
        item = ground.download("x")
        ground.moved(ground.upload("x", noise(size)))
        assert isinstance(ground.refusal(item), SourceChanged)
        assert ground.arrived() == []

    def test_an_object_that_went_away_is_named(self, ground: Ground) -> None:
        ground.put("x", b"object")
        item = ground.download("x")
        ground.store.delete("x")
        assert isinstance(ground.refusal(item), (ObjectMissing, SourceChanged))
        assert ground.arrived() == []

    @pytest.mark.parametrize("size", [1000, 9 * MIB])
    def test_an_object_that_is_not_what_was_hashed_does_not_arrive(self, ground: Ground, size: int) -> None:
        ground.put("x", noise(size), xxh128="0" * 32)
        assert isinstance(ground.refusal(ground.download("x")), VerifyMismatch)
        assert ground.arrived() == []

    def test_a_long_name_is_fetched(self, ground: Ground) -> None:
        name = "n" * 255
        ground.put(name, b"x")
        ground.moved(ground.download(name))
        assert ground.arrived() == [name]

    def test_a_cancelled_run_says_so(self, ground: Ground) -> None:
        reporter = Reporter()
        reporter.cancel()
        with pytest.raises(OperationCancelled):
            list(ground.engine.move([ground.upload("x", b"x")], reporter, operation="sync"))
        assert ground.content("x") is None

    def test_progress_ends_with_all_bytes(self, ground: Ground) -> None:
        items = [ground.upload("a", noise(1000)), ground.upload("b", noise(9 * MIB))]
        total = 1000 + 9 * MIB
        list(ground.engine.move(items, Reporter(ground.events.append), operation="sync", total_bytes=total))
        assert ground.events[-1].done == ground.events[-1].total == total
        assert {(event.operation, event.unit) for event in ground.events} == {("sync", "bytes")}

    def test_a_long_stream_is_moved_one_result_each(self, ground: Ground) -> None:
        data = {f"{number:03}": b"%d" % number for number in range(150)}
        stream = (ground.upload(name, content) for name, content in data.items())
        results = list(ground.engine.move(stream, Reporter(), operation="sync"))
        assert sorted(result.item.key for result in results) == sorted(data)
        assert [info.key for info in ground.store.iter_objects()] == sorted(data)

    def test_an_error_of_the_stream_of_items_is_raised(self, ground: Ground) -> None:
        def items() -> Iterator[Upload]:
            yield ground.upload("x", b"x")
            raise OSError("the plan broke off")

        with pytest.raises(OSError, match="broke off"):
            list(ground.engine.move(items(), Reporter(), operation="sync"))
