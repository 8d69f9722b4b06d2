"""Five thousand rows to a site that spoils its writes in every way, by a process that is killed now and then."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.tracker.bulk import BulkRow, BulkTiming, RowResult, run_bulk
from onepiece_core.tracker.retry import SystemClock
from onepiece_core.tracker.shotgrid import ShotgridTracker
from tests.support.site_admin import SiteAdmin
from tests.torture.world import World

TIMEOUT_SECONDS = 1.0
SETTLE_SECONDS = 2.5
BATCH = 20
# Each spoils every n-th write.
STORMS: tuple[dict[str, Any], ...] = (
    {"fault": "too_many", "retry_after_seconds": 1, "every": 3},
    {"fault": "drop_reply", "every": 4},
    {"fault": "commit_late", "seconds": 1.8, "every": 7},
    {"fault": "drop_request", "every": 9},
    {"fault": "unavailable", "retry_after_seconds": 1, "every": 11},
)


def bulk_through_storms(world: World, count: int, seed: int, kills: int = 4) -> Counter[str]:
    """What was spoilt and killed; at the end every row is there exactly once."""
    draw = random.Random(seed)
    url, script, key = (world.env[f"ONEPIECE_SHOTGRID_{name}"] for name in ("URL", "SCRIPT", "KEY"))
    project = world.tracker.create("Project", {"name": f"storms {seed}"})["id"]
    site, endings = SiteAdmin(url, key), Counter[str]()
    state, some = world.root / "bulk-state", count // len(STORMS)
    for storm in STORMS:
        part = Part(str(storm["fault"]), project, some)
        with site.spoils(**storm):
            for _ in range(kills):
                endings["killed"] += _killed(state, url, script, key, part, draw.uniform(0.1, 1.5))
            results = _bulk(state, url, script, key, part)
            endings[part.name] += site.spoilt()
        assert Counter(result.state for result in results) == {"created": some}, Counter(r.state for r in results)
    found = world.tracker.find("Shot", [["project", "is", {"type": "Project", "id": project}]], ["code"])
    codes = Counter(row["code"] for row in found)
    assert codes == Counter(f"{storm['fault']}_{number:05d}" for storm in STORMS for number in range(some)), codes
    return endings


@dataclass(frozen=True)
class Part:
    """The rows that one storm meets."""

    name: str
    project: int
    count: int


def _killed(state: Path, url: str, script: str, key: str, part: Part, seconds: float) -> int:
    told = [part.name, str(part.project), str(part.count)]
    command = [sys.executable, "-m", "tests.torture.bulk_storms", str(state), url, script, *told]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{key}\n")  # never on a command line
    process.stdin.flush()
    assert process.stdout.readline() == "go\n"
    time.sleep(seconds)
    killed = process.poll() is None
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    return int(killed)


def _bulk(state: Path, url: str, script: str, key: str, part: Part) -> list[RowResult]:
    journal = Journal(state)
    if journal.find(part.name) is None:
        journal.begin(part.name, kind="bulk", fingerprint=part.name, name=part.name, request={})
    link, codes = {"type": "Project", "id": part.project}, [f"{part.name}_{number:05d}" for number in range(part.count)]
    rows = [BulkRow(f"row {code}", {"project": link, "code": code}) for code in codes]
    timing = BulkTiming(SystemClock(), SETTLE_SECONDS, TIMEOUT_SECONDS, patience_seconds=120)
    tracker = ShotgridTracker(url, script, key, timeout_seconds=TIMEOUT_SECONDS)
    made = run_bulk(
        tracker,
        journal,
        part.name,
        "rows",
        "Shot",
        rows,
        timing=timing,
        reporter=Reporter(),
        unique=("project", "code"),
        batch_size=BATCH,
    )
    try:
        return list(made)
    finally:
        journal.close()


if __name__ == "__main__":
    folder, address, user, called, number, many = sys.argv[1:]
    secret = sys.stdin.readline().strip()
    print("go", flush=True)
    _bulk(Path(folder), address, user, secret, Part(called, int(number), int(many)))
