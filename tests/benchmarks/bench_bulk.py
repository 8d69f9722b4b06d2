"""20,000 Versions made in bulk: ours beside the client's own batches, as large, one after the other.

    .venv/bin/python -m tests.benchmarks.bench_bulk [--rows 20000] [--pairs 7]

Ours also checks which rows are there, keeps a journal that a killed run goes on from, and gives a result for each row.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import shotgun_api3

from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.tracker.bulk import BATCH_SIZE, BulkRow, BulkTiming, run_bulk
from onepiece_core.tracker.retry import SystemClock
from onepiece_core.tracker.tracker import Tracker
from tests.benchmarks import measure
from tests.support.shotgrid import KEY, SCRIPT, RunningSite, running_site

LIMIT = 1.5


def data(project: int, number: int) -> dict[str, Any]:
    link = {"type": "Project", "id": project}
    frames = f"/projects/FG/publish/v{number:06d}/v{number:06d}.%04d.exr"
    return {"project": link, "code": f"v{number:06d}", "sg_path_to_frames": frames, "sg_first_frame": 1001}


def ours(tracker: Tracker, folder: Path, project: int, count: int) -> float:
    rows = [BulkRow(f"row {number}", data(project, number)) for number in range(count)]
    journal = Journal(folder)
    journal.begin("bench", kind="bulk", fingerprint="bench", name="bench", request={})
    began = time.perf_counter()
    results = run_bulk(
        tracker,
        journal,
        "bench",
        "rows",
        "Version",
        rows,
        timing=BulkTiming(SystemClock()),
        reporter=Reporter(),
        unique=("project", "code"),
    )
    made = sum(result.state == "created" for result in results)
    seconds = time.perf_counter() - began
    journal.close()
    if made != count:
        raise SystemExit(f"ours made {made} of {count}")
    return seconds


def client(site: RunningSite, project: int, count: int) -> float:
    api = shotgun_api3.Shotgun(site.url, script_name=SCRIPT, api_key=KEY)
    began = time.perf_counter()
    for start in range(0, count, BATCH_SIZE):
        some = range(start, min(start + BATCH_SIZE, count))
        api.batch(
            [{"request_type": "create", "entity_type": "Version", "data": data(project, number)} for number in some]
        )
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    mine: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_site(Path(folder) / "site") as site:
        tracker = site.tracker()
        for turn in range(options.pairs):
            made = [tracker.create("Project", {"name": f"{name} {turn}"})["id"] for name in ("ours", "theirs")]
            order = (0, 1) if turn % 2 else (1, 0)
            for which in order:
                if which:
                    theirs.append(client(site, made[1], options.rows))
                else:
                    mine.append(ours(tracker, Path(folder) / f"state-{turn}", made[0], options.rows))
    print(f"  {options.rows} Versions, {options.rows // BATCH_SIZE} writing requests each")
    print(f"  ours {statistics.median(mine):.2f} s, the client's batches {statistics.median(theirs):.2f} s")
    print(f"  ours / client: {measure.verdict([a / b for a, b in zip(mine, theirs, strict=True)], LIMIT)}")


if __name__ == "__main__":
    main()
