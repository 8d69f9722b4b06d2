"""How long a comparison takes over 20,000 Versions, 200,000 files and 200,000 objects, and how much memory."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks.measure import line, run
from tests.reconcile.plant import OLD, Show, manifest_of
from tests.reconcile.worlds import environ_of, make_show, write_settings
from tests.support.shotgrid import running_site
from tests.support.weed import running_weed

SECONDS, MIB = 60.0, 300.0
FILES = 10
COMPARE = """
import sys
from pathlib import Path
from onepiece_core.config import ConfigSources, load_settings
from onepiece_core.progress import Reporter
from onepiece_core.reconcile.build import build_reconcile
from onepiece_core.reconcile.parts import ReconcileRequest
from onepiece_core.reconcile.run import reconcile
import os
root = Path(sys.argv[1])
settings = load_settings(ConfigSources(dict(os.environ), home=root, workspace=root / "settings"))
parts = build_reconcile(settings, root / "state", Reporter())
report = reconcile(ReconcileRequest("Bench", buckets=(sys.argv[2],)), parts)
assert not report.findings and not report.unknown, report.findings[:3]
assert report.looked.packages == report.looked.rows == int(sys.argv[3]), report.looked
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        with running_weed(root / "weed", bucket="ready") as weed, running_site(root / "site") as site:
            show = make_show(root / "show", weed, site, "Bench")
            write_settings(show, root / "show" / "settings")
            make_packages(show, arguments.versions)
            environ = {**os.environ, **environ_of(show, root / "show")}
            command = [sys.executable, "-c", COMPARE, str(root / "show"), show.publishes, str(arguments.versions)]
            os.environ.update(environ)
            runs = [run(command) for _ in range(arguments.turns)]
    print(f"{arguments.versions:,} Versions, {arguments.versions * FILES:,} files and as many objects")
    print(line("onepiece validate reconcile", runs))
    worst = max(each.seconds for each in runs), max(each.peak_mib for each in runs)
    kept = worst[0] <= SECONDS and worst[1] <= MIB
    told = f"{worst[0]:.1f} s of {SECONDS:.0f}, {worst[1]:.0f} MiB of {MIB:.0f}"
    print(f"  the slowest: {told}: {'kept' if kept else 'NOT kept'}")


def make_packages(show: Show, count: int) -> None:
    """Sound packages of ten files of a few bytes, on disk and in S3, and their Versions."""

    def make(number: int) -> dict[str, object]:
        shot = f"{number // 10:04d}"
        name = f"FG_ep010_sc02_{shot}_comp_v{number % 10 + 1:03d}"
        frames = tuple(range(1001, 1001 + FILES - 2))
        content = {f"renders/{name}.{frame}.exr": b"%d" % frame for frame in frames}
        content[f"scene/{name}.nk"] = b"scene"
        every = {**content, "manifest.json": manifest_of(name, content, frames)}
        folder = show.shows / "FG" / "ep010" / "sc02" / shot / "comp" / "publish" / name
        for path, data in every.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
            os.utime(folder / path, (OLD, OLD))
            show.put(f"vfx/FG/{name}/{path}", data)
        return {
            "project": show.project,
            "code": name,
            "sg_path_to_frames": f"{folder}/renders/{name}.%04d.exr",
            "sg_first_frame": frames[0],
            "sg_last_frame": frames[-1],
        }

    with ThreadPoolExecutor(16) as pool:
        rows = list(pool.map(make, range(count)))
    for start in range(0, count, 500):
        made = [
            {"request_type": "create", "entity_type": "Version", "data": data} for data in rows[start : start + 500]
        ]
        show.sg.batch(made)


if __name__ == "__main__":
    main()
    subprocess.run(["sync"], check=False)
