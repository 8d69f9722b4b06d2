"""Packing 2 GiB of published frames beside ``cp`` of the same bytes and hashing them once, in turn."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measure import Run, line, run, verdict

LIMIT, MIB = 1.6, 200.0
FRAME_BYTES = 16 << 20
PACK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from onepiece_core.config import AwsSettings
from onepiece_core.deliver.media import Places, find_media
from onepiece_core.deliver.model import DeliverRequest, DeliveryPlan, Entry, PlannedVersion
from onepiece_core.deliver.pack import pack
from onepiece_core.progress import Reporter
from onepiece_core.storage.places import Place
root, output = Path(sys.argv[1]), Path(sys.argv[2])
places = Places(AwsSettings())
media = find_media({"sg_path_to_frames": str(root / "comp_v001.%04d.exr")}, "frames", places)
entries = tuple(Entry(f"comp_v001/{file.name}", file.name, file, file.frame) for file in media.files)
at = datetime(2026, 3, 1, tzinfo=UTC)
version = PlannedVersion(1, "comp_v001", "0010", "EP01", "sc01", "apr", at, entries)
request = DeliverRequest("Frost Giant", "out", output, format=sys.argv[3])
plan = DeliveryPlan(request, {"name": "Frost Giant", "id": 1}, "FG", Place("out"), ("xxh128", "xxh64"), (version,))
packed = pack(plan, output, places, Reporter())
assert packed.delivered
"""
COPY = """
import subprocess, sys
from pathlib import Path
from onepiece_core.checksums import hash_file
subprocess.run(["cp", "-r", sys.argv[1], sys.argv[2]], check=True)
subprocess.run(["sync", "-f", sys.argv[2]], check=True) if sys.argv[3] == "sync" else None
for path in sorted(Path(sys.argv[1]).iterdir()):
    hash_file(path)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2.0)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--format", choices=("zip", "folder"), default="zip")
    parser.add_argument("--folder", type=Path, help="Where to work; by default the system's temporary folder.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        root = Path(name)
        frames = root / "frames"
        frames.mkdir()
        count = int(arguments.gib * (1 << 30)) // FRAME_BYTES
        for frame in range(count):
            (frames / f"comp_v001.{1001 + frame}.exr").write_bytes(os.urandom(FRAME_BYTES))
        runs: dict[str, list[Run]] = {"cp, synced, + hashing once": [], "cp + hashing once": [], "deliver: pack": []}
        for _ in range(arguments.turns + 1):
            for title, made in runs.items():
                target = root / "out"
                if title.startswith("cp"):
                    mode = "sync" if "synced" in title else "plain"
                    made.append(run([sys.executable, "-c", COPY, str(frames), str(target), mode]))
                    shutil.rmtree(target)
                else:
                    made.append(run([sys.executable, "-c", PACK, str(frames), str(target), arguments.format]))
                    shutil.rmtree(target) if target.is_dir() else target.unlink()
        os.sync()
    print(f"{arguments.gib} GiB in {count} frames as {arguments.format}, {arguments.turns} turns")
    ours = runs["deliver: pack"][1:]
    for title, found in runs.items():
        print(line(title, found[1:]))
    for title in list(runs)[:2]:
        ratios = [mine.seconds / theirs.seconds for mine, theirs in zip(ours, runs[title][1:], strict=True)]
        print(f"  pack / {title}: {verdict(ratios, LIMIT)}")
    peak = max(each.peak_mib for each in ours)
    print(f"  memory: {peak:.0f} MiB of {MIB:.0f}: {'kept' if peak <= MIB else 'NOT kept'}")


if __name__ == "__main__":
    main()
