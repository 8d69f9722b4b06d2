"""How long an ingest's dry run takes over 100,000 frames in 400 sequences: names, gaps and first bytes, one process."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measure import Run, line, run
from tests.support.media import write_exr

SECONDS, MIB = 5.0, 200.0
SEQUENCES = 400
PLAN = """
import sys
from pathlib import Path
from tests.benchmarks.bench_ingest import Dry
from onepiece_core.ingest.plan import PlanOptions, plan_ingest
plan = plan_ingest(Dry(Path(sys.argv[1])), None, PlanOptions(depth=sys.argv[2]))
assert len(plan.items) == 400 and not plan.left and not any(item.is_refused for item in plan.items)
assert sum(len(item.files) for item in plan.items) == int(sys.argv[3])
"""


class Dry:
    """The request of the dry run."""

    project, show_code = "Frost Giant", "FG"
    manifest = mapping = None
    preset, allow_missing = "studio", False

    def __init__(self, folder: Path) -> None:
        self.folder = folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        count = make_drop(Path(name), arguments.frames)
        commands = {
            "find -type f (floor)": ["find", name, "-type", "f"],
            "names, gaps, first bytes": [sys.executable, "-c", PLAN, name, "first-bytes", str(count)],
            "names, gaps, whole structure": [sys.executable, "-c", PLAN, name, "structure", str(count)],
        }
        runs: dict[str, list[Run]] = {title: [] for title in commands}
        for _ in range(arguments.turns + 1):
            for title, command in commands.items():
                runs[title].append(run(command))
    print(f"{count:,} frames in {SEQUENCES} sequences, {arguments.turns} turns")
    for title, found in runs.items():
        print(line(title, found[1:]))  # the first warms the caches
    ours = runs["names, gaps, first bytes"][1:]
    worst = max(each.seconds for each in ours), max(each.peak_mib for each in ours)
    kept = worst[0] <= SECONDS and worst[1] <= MIB
    verdict = "kept" if kept else "NOT kept"
    print(f"  the slowest: {worst[0]:.2f} s of {SECONDS}, {worst[1]:.0f} MiB of {MIB:.0f}: {verdict}")


def make_drop(folder: Path, frames: int) -> int:
    """Sound little EXRs, each of its own inode; how many."""
    data = write_exr(folder / "frame").read_bytes()
    (folder / "frame").unlink()
    each = max(1, frames // SEQUENCES)
    for number in range(SEQUENCES):
        scene = f"FG_ep{number // 40 + 1:03d}_sc{number // 10 % 100:02d}_{number % 10 * 10 + 10:04d}_comp_v001"
        below = folder / f"sc{number // 10:02d}" / scene
        below.mkdir(parents=True)
        for frame in range(1001, 1001 + each):
            (below / f"{scene}.{frame}.exr").write_bytes(data)
    return each * SEQUENCES


if __name__ == "__main__":
    subprocess.run(["sync"], check=False)  # what was just written must not be written during the measurement
    main()
