"""Transfers of one large file that are killed again and again, and many transfers through a network full of faults."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import xxhash

from onepiece_core.checksums import Stamp, hash_file
from onepiece_core.errors import OnePieceError
from onepiece_core.progress import Reporter
from onepiece_core.storage.engine import Download, Moved, NotMoved, Upload
from onepiece_core.storage.engines.choose import open_engine
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.s3.client import connect, resolve_target
from onepiece_core.storage.s3.errors import find_element
from onepiece_core.storage.s3.pool import Patience, Request
from onepiece_core.storage.s3.store import S3Store
from tests.support.counting_proxy import CountingProxy, counting_proxy
from tests.support.s3_proxy import PASS, RESET, Answer, Call, S3Proxy, refused, s3_proxy
from tests.support.weed import Weed, running_weed

MIB = 1024 * 1024
# What the engine may have on its way at once.
IN_FLIGHT_BYTES = 64 * MIB
# Heads of requests, listings, connections' own.
_TALK_BYTES = MIB
QUICK = Patience(connect_seconds=2, read_seconds=5, base_seconds=0.001, cap_seconds=0.02)


@dataclass
class _Killing:
    """One file on its way between a disk and a bucket, through a proxy that counts."""

    weed: Weed
    proxy: CountingProxy
    folder: Path
    bucket: str
    draw: random.Random
    retries: int = 0  # of the last run that was killed

    def start(self, way: str, path: Path) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "MOVER_ENDPOINT": self.proxy.url,
            "MOVER_BUCKET": self.bucket,
            "MOVER_STATE": str(self.folder / "state"),
        }
        command = [sys.executable, "-m", "tests.torture.mover", way, str(path), "big.mov"]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def passed(self, way: str) -> int:
        return self.proxy.sent if way == "up" else self.proxy.received

    def kill_after(self, way: str, path: Path, count: int) -> bool:
        """Kill a run once ``count`` bytes have passed; False when it had ended before."""
        begin = self.passed(way)
        process = self.start(way, path)
        while process.poll() is None and self.passed(way) - begin < count:
            time.sleep(0.001)
        process.kill()
        _, complaints = process.communicate()
        self.retries = complaints.count("s3.retry")
        return process.returncode != 0

    def finish(self, way: str, path: Path) -> dict[str, object]:
        process = self.start(way, path)
        answer, complaints = process.communicate()
        assert process.returncode == 0, complaints
        found: dict[str, object] = json.loads(answer)
        return found

    def settled(self, way: str, size: int) -> tuple[int, int]:
        """Bytes that a next run need not move, and that have passed once what the dead left on its way is through."""
        until = time.monotonic() + 60
        while self.proxy.on_their_way:
            assert time.monotonic() < until, "a connection of the dead does not end"
            time.sleep(0.01)
        # A part that the server has is sent again when its answer was not recorded.
        table = "parts" if way == "up" else "ranges"
        with closing(sqlite3.connect(self.folder / "state" / "transfers.db")) as db:
            first = 1 if way == "up" else 0
            numbers = [row[0] - first for row in db.execute(f"select number from {table}")]
        return sum(min(8 * MIB, size - number * 8 * MIB) for number in numbers), self.passed(way)


def make_file(path: Path, size: int, seed: int) -> str:
    """Its xxh128."""
    draw = random.Random(seed)
    with path.open("wb") as file:
        for start in range(0, size, MIB):
            file.write(draw.randbytes(min(MIB, size - start)))
    return hash_file(path).digests["xxh128"]


def kill_uploads(folder: Path, weed: Weed, kills: int, size: int, seed: int) -> Counter[str]:
    """Kill an upload ``kills`` times; each time at most what was in flight is sent again, and the object is right."""
    source = folder / "big.mov"
    xxh128 = make_file(source, size, seed)
    with _killing(folder, weed, seed) as killing:
        endings = _kill("up", killing, source, kills, size)
        found = killing.finish("up", source)
        assert found["xxh128"] == xxh128
        store = connect(weed.aws, killing.bucket)
        hasher = xxhash.xxh3_128()
        for piece in store.iter_bytes("big.mov"):
            hasher.update(piece)
        assert hasher.hexdigest() == xxh128
        assert [info.key for info in store.iter_objects()] == ["big.mov"]
        uploads = store.pool.send(Request("list", "GET", "", {"uploads": ""}, {})).reply.body
        assert find_element(uploads, "UploadId") is None
    return endings


def kill_downloads(folder: Path, weed: Weed, kills: int, size: int, seed: int) -> Counter[str]:
    """Kill a download ``kills`` times; each time at most what was in flight is fetched again, and the file is right."""
    source, target = folder / "source.mov", folder / "to" / "big.mov"
    xxh128 = make_file(source, size, seed)
    with _killing(folder, weed, seed) as killing:
        store = connect(weed.aws, killing.bucket)
        item = Upload("big.mov", source, Stamp.of(source.stat()))
        engine = open_engine("pool", store, state_dir=folder / "first")
        assert all(isinstance(result, Moved) for result in engine.move([item], Reporter(), operation="sync"))
        endings = _kill("down", killing, target, kills, size)
        found = killing.finish("down", target)
        assert found["xxh128"] == xxh128 == hash_file(target).digests["xxh128"]
        assert [path.name for path in target.parent.iterdir()] == ["big.mov"]
        assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
    return endings


def _kill(way: str, killing: _Killing, path: Path, kills: int, size: int) -> Counter[str]:
    endings: Counter[str] = Counter()
    twice = kept = 0
    began = killing.passed(way)
    for left in range(kills, 0, -1):
        wanted = killing.draw.randrange(max(0, 2 * (size - kept) // (left + 1)) + 1)
        assert killing.kill_after(way, path, wanted), "the run ended before it was killed"
        kept, passed = killing.settled(way, size)
        lost = passed - began - kept - twice
        assert lost <= IN_FLIGHT_BYTES + killing.retries * 8 * MIB + _TALK_BYTES, f"{lost} bytes were lost at once"
        assert not path.exists() or way == "up"
        endings[f"at most {-(-lost // (8 * MIB)) * 8} MiB to be moved again"] += 1
        twice += lost
    return endings


class _killing:  # reads as a verb where it is used
    def __init__(self, folder: Path, weed: Weed, seed: int) -> None:
        self._bucket = f"kills-{folder.name.lower().replace('_', '-')[-30:]}-{seed}"
        create_bucket(weed.aws, self._bucket)
        self._proxy = counting_proxy(weed.endpoint_url)
        self._made = (weed, folder, seed)

    def __enter__(self) -> _Killing:
        weed, folder, seed = self._made
        return _Killing(weed, self._proxy.__enter__(), folder, self._bucket, random.Random(seed))

    def __exit__(self, *error: object) -> None:
        self._proxy.__exit__(None, None, None)


def _skewed(_call: Call) -> Answer:
    return refused("403 Forbidden", "RequestTimeTooSkewed", f"date: {formatdate(usegmt=True)}")


FAULTS = {
    "reset": lambda _call: RESET,
    "reset after it was done": lambda _call: Answer(cut=0, reset=True),
    "503 SlowDown": lambda _call: refused("503 Slow Down", "SlowDown"),
    "truncated body": lambda call: Answer(cut=5000 if call.method == "GET" else 20),
    "403 skew": _skewed,
}


def transfer_through_faults(folder: Path, weed: Weed, count: int, seed: int) -> Counter[str]:
    """``count`` faults of each kind, now and then and without end: right bytes or a typed error, nothing half."""
    endings: Counter[str] = Counter()
    for name in FAULTS:
        for is_endless in (False, True):
            endings += _one_kind(folder / name.replace(" ", "-") / str(is_endless), weed, name, count, seed, is_endless)
    return endings


def _one_kind(folder: Path, weed: Weed, name: str, count: int, seed: int, is_endless: bool) -> Counter[str]:
    draw = random.Random(f"{name} {seed} {is_endless}")
    bucket = f"faults-{draw.getrandbits(48):012x}"
    create_bucket(weed.aws, bucket)
    truth = connect(weed.aws, bucket)
    endings: Counter[str] = Counter()
    given = turn = 0
    with s3_proxy(weed.endpoint_url) as proxy:
        target = resolve_target(weed.aws.model_copy(update={"endpoint_url": proxy.url}), bucket)
        while given < count:
            turn += 1
            store = S3Store(target, patience=QUICK)
            given += _one_turn(folder / str(turn), store, truth, proxy, name, draw, is_endless, endings)
    return endings


def _one_turn(
    folder: Path,
    store: S3Store,
    truth: S3Store,
    proxy: S3Proxy,
    name: str,
    draw: random.Random,
    is_endless: bool,
    endings: Counter[str],
) -> int:
    """Files up and down again; how many faults there were."""
    given = 0
    since = draw.randrange(4)

    def plan(call: Call, _before: int) -> Answer:
        nonlocal given, since
        since -= 1
        if since >= 0 if is_endless else draw.random() > 0.25:
            return PASS
        given += 1
        return FAULTS[name](call)

    files = {f"{folder.name}/{number}": draw.randbytes(draw.choice([0, 1, 9000, 300_000])) for number in range(6)}
    files[f"{folder.name}/large"] = draw.randbytes(9 * MIB + draw.randrange(MIB))
    uploads = [_upload(folder / "from", key, data) for key, data in files.items()]
    proxy.plan = plan
    results = list(_results(store, uploads, folder, endings))
    proxy.plan = lambda _call, _before: PASS
    proxy.calls.clear()
    there = {info.key: truth.read(info.key)[0] for info in truth.iter_objects(f"{folder.name}/")}
    assert {key: data == files[key] for key, data in there.items()} == dict.fromkeys(there, True)
    assert {result.item.key for result in results if isinstance(result, Moved)} <= set(there)
    for key, data in files.items():
        if key not in there:
            truth.put(key, data)
    items = [
        Download(info.key, folder / "to" / info.key, info.size_bytes, info.etag, info.modified)
        for info in truth.iter_objects(f"{folder.name}/")
    ]
    since = draw.randrange(4)
    proxy.plan = plan
    fetched = list(_results(store, items, folder, endings))
    proxy.plan = lambda _call, _before: PASS
    proxy.calls.clear()
    for item in items:
        assert not item.path.exists() or item.path.read_bytes() == files[item.key]
    for result in fetched:
        assert isinstance(result, NotMoved) or result.item.path.exists()
    for result in [*results, *fetched]:
        way = "up" if isinstance(result.item, Upload) else "down"
        ending = type(result.error).__name__ if isinstance(result, NotMoved) else "right bytes"
        endings[f"{name}, {'endless' if is_endless else 'now and then'}, {way}: {ending}"] += 1
    return given


def _results(
    store: S3Store, items: list[Upload] | list[Download], folder: Path, endings: Counter[str]
) -> Iterator[Moved | NotMoved]:
    try:
        yield from open_engine("pool", store, state_dir=folder / "state").move(items, Reporter(), operation="sync")
    except OnePieceError as error:
        endings[f"nothing can be moved at all: {type(error).__name__}"] += 1


def _upload(folder: Path, key: str, data: bytes) -> Upload:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Upload(key, path, Stamp.of(path.stat()))


def with_a_server(folder: Path, battery: Callable[[Path, Weed], Counter[str]]) -> Counter[str]:
    """Run ``battery`` beside a server of its own."""
    work = folder / "work"
    work.mkdir(parents=True)
    with running_weed(folder / "weed", bucket="ready") as weed:
        return battery(work, weed)
