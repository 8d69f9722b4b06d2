"""A publish of many EXRs and a movie to the sandbox, beside the sum of its parts.

    .venv/bin/python -m tests.benchmarks.bench_publish [--pairs 7] [--files 2000]

The parts: ``cp -r`` once, xxh3-128 over every file once, and the faster of ``s5cmd cp`` and ``aws s3 cp`` for the
same files. Ours also checks every frame, syncs every file to the disk, sends conditions and checksums, proves
what it sends against the manifest, and registers the publish. The disk is synced before each run, so that no run pays
for another's writes. A second publish with five percent of the frames changed shows what is not sent again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from onepiece_server.sandbox import studio
from tests.benchmarks.measure import Run, line, run, verdict
from tests.support.media import write_exr

NAME = "FG_ep010_sc02_0010_comp"
BUCKET = "studio-prod-data"
HASH = """import sys, pathlib, xxhash
for path in pathlib.Path(sys.argv[1]).rglob("*"):
    if path.is_file():
        h = xxhash.xxh3_128()
        with path.open("rb", buffering=0) as file:
            while piece := file.read(1 << 20):
                h.update(piece)
"""


def make_frames(folder: Path, count: int) -> None:
    """``count`` sound EXRs of 256 KiB, no two alike, and a preview of 40 MB."""
    renders = folder / "renders"
    renders.mkdir(parents=True)
    base = bytearray(write_exr(folder / "base.exr", width=256, height=169).read_bytes())
    for frame in range(1001, 1001 + count):
        base[-64:] = random.Random(frame).randbytes(64)
        (renders / f"{NAME}.{frame}.exr").write_bytes(base)
    (folder / "base.exr").unlink()


def make_movie(folder: Path) -> None:
    """A real movie of the frames' size, made by PyAV."""
    from fractions import Fraction

    from onepiece_core.media.movie import write_movie

    frames = sorted((folder / "renders").iterdir())[:48]
    write_movie(frames, folder / "preview.mov", fps=Fraction(24))


def change(folder: Path, count: int) -> None:
    """Render five percent of the frames anew."""
    for path in sorted((folder / "renders").iterdir())[: count // 20]:
        content = bytearray(path.read_bytes())
        content[-64:] = os.urandom(64)
        path.write_bytes(content)


class Bench:
    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root, self.inputs = root, root / "inputs"
        self.environment = {**os.environ, **environment, "ONEPIECE_STATE_DIR": str(root / "state")}
        self.bin = Path(sys.executable).parent
        self.number = 0

    def publish(self) -> tuple[Run, dict[str, object]]:
        self.number += 1
        out = self.root / "result.json"
        command = [str(self.bin / "onepiece"), "dcc", "publish", "--dcc", "nuke", "--json"]
        options = {
            "--scene-name": f"{NAME}_v{self.number:03d}",
            "--renders": self.inputs / "renders",
            "--previews": self.inputs / "preview.mov",
            "--destination": self.root / "out",
            "--bucket": BUCKET,
            "--show-code": "FG",
        }
        words = [*command, *(str(word) for pair in options.items() for word in pair)]
        os.sync()
        spent = run(["sh", "-c", 'exec "$@" > "$0"', str(out), *words], self.environment)
        return spent, json.loads(out.read_text())

    def parts(self) -> dict[str, Run]:
        self.number += 1
        endpoint = self.environment["AWS_ENDPOINT_URL"]
        target = f"s3://my-bucket/bench-{self.number}"
        s5cmd = next(Path(sys.prefix).rglob("s5cmd/bin/s5cmd"))
        commands = {
            "cp -r": ["cp", "-r", str(self.inputs), str(self.root / "copy")],
            "hash": [sys.executable, "-c", HASH, str(self.inputs)],
            "s5cmd cp": [str(s5cmd), "--endpoint-url", endpoint, "cp", f"{self.inputs}/", f"{target}-s5cmd/"],
            "aws s3 cp": [
                *(str(self.bin / "aws"), "--endpoint-url", endpoint, "s3", "cp", "--recursive", "--quiet"),
                *(str(self.inputs), f"{target}-aws/"),
            ],
        }
        found: dict[str, Run] = {}
        for name, command in commands.items():
            os.sync()
            found[name] = run(command, self.environment)
        shutil.rmtree(self.root / "copy")
        return found


def sum_of_parts(parts: dict[str, Run]) -> Run:
    upload = min(parts["s5cmd cp"], parts["aws s3 cp"], key=lambda each: each.seconds)
    return parts["cp -r"] + parts["hash"] + upload


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--files", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-publish-") as folder:
        root = Path(folder)
        maker = "from tests.benchmarks.bench_publish import *; import sys; f = Path(sys.argv[1])"
        # In a process of its own: a child's peak memory would otherwise start at ours.
        code = f"{maker}; make_frames(f, int(sys.argv[2])); make_movie(f)"
        subprocess.run([sys.executable, "-c", code, str(root / "inputs"), str(options.files)], check=True)
        report = studio.up(root / "studio")
        try:
            compare(Bench(root, dict(report.env)), options.pairs, options.files)
        finally:
            studio.down(root / "studio", grace_seconds=0)


def compare(bench: Bench, pairs: int, files: int) -> None:
    ours: list[Run] = []
    parts: list[dict[str, Run]] = []
    again: list[float] = []
    for turn in range(pairs):
        if turn % 2:
            parts.append(bench.parts())
        # A new take of every frame: nothing of the version before can be copied.
        for path in (bench.inputs / "renders").iterdir():
            content = bytearray(path.read_bytes())
            content[-64:] = os.urandom(64)
            path.write_bytes(content)
        spent, first = bench.publish()
        ours.append(spent)
        change(bench.inputs, files)
        _, second = bench.publish()
        again.append(int(str(second["bytes_sent"])) / int(str(first["bytes_sent"])))
        if not turn % 2:
            parts.append(bench.parts())
    print(f"Publish of {files} EXRs of 256 KiB and a movie, {pairs} pairs, {os.cpu_count()} CPUs")
    print(line("onepiece dcc publish", ours))
    for name in parts[0]:
        print(line(name, [each[name] for each in parts]))
    ratios = [mine.seconds / sum_of_parts(theirs).seconds for mine, theirs in zip(ours, parts, strict=True)]
    print(f"  publish / (copy + hash + faster upload): {verdict(ratios, 1.25)}")
    print(f"  bytes sent again with 5 % changed / first: {verdict(again, 0.2)}")
    print(f"  peak memory {max(each.peak_mib for each in ours):.0f} MiB, limit 300")


if __name__ == "__main__":
    main()
