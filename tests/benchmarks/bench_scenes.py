"""How fast scenes are read beside ``grep -c`` over the same file: start-up of Python not counted, one process each."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measure import Run, line, run, verdict
from tests.benchmarks.scenes import write_maya, write_nuke

READ = "import sys; from pathlib import Path; from onepiece_core.scenes.read import read_scene; p = Path(sys.argv[1])\n"
MIB = 1 << 20
NUKE_SECONDS = 2.0
# grep stops at the first hit when it writes to /dev/null.
_GREP = ("sh", "-c", 'grep -c "$1" "$2" | cat', "sh")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--maya-mib", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        big = arguments.maya_mib * MIB
        scenes = {
            "200 MB .ma, meshes": write_maya(folder / "meshes.ma", big),
            "200 MB .ma, mostly texts": write_maya(folder / "texts.ma", big, lines_of_numbers=2),
            "20 MB .nk": write_nuke(folder / "comp.nk", 20 * MIB),
        }
        for title, scene in scenes.items():
            _compare(title, scene, "Read {" if scene.suffix == ".nk" else "createNode", arguments.pairs)


def _compare(title: str, scene: Path, node: str, pairs: int) -> None:
    python = [sys.executable, "-c"]
    commands = {
        "grep -c NODE": [*_GREP, node, str(scene)],
        "grep -c '' (lines)": [*_GREP, "", str(scene)],
        "python, nothing read": [*python, READ, str(scene)],
        "read_scene": [*python, READ + "assert read_scene(p).references", str(scene)],
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(pairs + 1):
        for name, command in commands.items():
            runs[name].append(run(command))
    runs = {name: found[1:] for name, found in runs.items()}  # the first warms the caches
    print(f"{title}, {scene.stat().st_size / MIB:.0f} MiB, {pairs} turns")
    for name, found in runs.items():
        print(line(name, found))
    ours = [
        max(whole.cpu_seconds - empty.cpu_seconds, 0.001)
        for whole, empty in zip(runs["read_scene"], runs["python, nothing read"], strict=True)
    ]
    if scene.suffix == ".nk":
        print(f"  read_scene, CPU seconds: {verdict(ours, NUKE_SECONDS)}")
        return
    for name in ("grep -c NODE", "grep -c '' (lines)"):
        # 0.3 x the speed is 1/0.3 of the time.
        ratios = [mine / max(theirs.cpu_seconds, 0.001) for mine, theirs in zip(ours, runs[name], strict=True)]
        print(f"  read_scene / {name}, CPU: {verdict(ratios, round(1 / 0.3, 2))}")


if __name__ == "__main__":
    subprocess.run(["sync"], check=False)  # what was just written must not be written during the measurement
    main()
