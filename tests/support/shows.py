"""A show that processes of their own set up, and may be killed at: ``python -m tests.support.shows URL ...``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from onepiece_core.journal import Journal
from onepiece_core.manifest.row_files import Row
from onepiece_core.progress import Reporter
from onepiece_core.show.apply import ShowRow, apply_show, show_operation
from onepiece_core.show.plan import plan_show
from onepiece_core.show.setup_csv import show_of_rows
from onepiece_core.show.template import ShowTemplate
from onepiece_core.show.tree import Show
from onepiece_core.tracker.bulk import BulkTiming
from onepiece_core.tracker.retry import SystemClock
from onepiece_core.tracker.shotgrid import ShotgridTracker
from onepiece_core.tracker.tracker import Tracker

REPOSITORY = Path(__file__).parents[2]
TIMING = BulkTiming(SystemClock(), settle_seconds=0.3, timeout_seconds=1.0)
SHOTS = 120
TASKS = ("layout", "animation", "comp")
# What a whole show of this module has, per type.
WHOLE = Counter({"Episode": 2, "Sequence": 4, "Shot": SHOTS, "Task": SHOTS * len(TASKS)})


def wanted_show(project: str) -> Show:
    """120 shots in four sequences, three tasks each."""
    tasks = [{"name": name} for name in TASKS]
    value = {"schema": "onepiece.show-template.1", "name": "t", "tasks": {"shot": tasks}}
    template = ShowTemplate.model_validate({**value, "types": {"Shot": {"tasks": ["shot"]}}})
    cells = [(101 + n // 60, 1 + n // 30, n % 30 * 10) for n in range(SHOTS)]
    rows = [
        Row(line, {"episode": f"{episode}", "sequence": f"{sequence:02d}", "shot": f"{shot:04d}", "cut_in": "1001"})
        for line, (episode, sequence, shot) in enumerate(cells, 2)
    ]
    return show_of_rows(rows, template, project, {})


def set_up(
    tracker: Tracker, journal: Journal, project: str, *, timing: BulkTiming = TIMING, reporter: Reporter | None = None
) -> list[ShowRow]:
    told = reporter or Reporter()
    with show_operation(tracker, journal, project, timing=timing, reporter=told) as operation:
        plan = plan_show(tracker, project, wanted_show(project))
        return list(apply_show(plan, tracker, journal, operation, timing=timing, reporter=told))


def counted(tracker: Tracker, project: str) -> Counter[str]:
    """Rows of the project by type; fails where two are the same."""
    counts: Counter[str] = Counter()
    projects = tracker.find("Project", [["name", "is", project]])
    assert len(projects) <= 1, projects
    if not projects:
        return counts
    for kind, fields in {
        "Episode": ["code"],
        "Sequence": ["code"],
        "Shot": ["code"],
        "Task": ["content", "entity"],
    }.items():
        rows = tracker.find(kind, [["project", "is", projects[0]]], fields)
        keys = Counter(tuple(str(row[name]) for name in fields) for row in rows)
        assert not [key for key, count in keys.items() if count > 1], keys
        counts[kind] = len(rows)
    return counts


def killed_after(seconds: float, url: str, script: str, key: str, state: Path, project: str) -> bool:
    """Start a process that sets the show up and kill it; False: it was over already."""
    command = [sys.executable, "-m", "tests.support.shows", url, script, str(state), project]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{key}\n")  # never on a command line
    process.stdin.flush()
    assert process.stdout.readline() == "go\n"
    time.sleep(seconds)
    is_killed = process.poll() is None
    process.kill()
    _, err = process.communicate()
    assert "Traceback" not in err, err
    return is_killed


if __name__ == "__main__":
    address, user, folder, called = sys.argv[1:]
    secret = sys.stdin.readline().strip()
    site = ShotgridTracker(address, user, secret, timeout_seconds=TIMING.timeout_seconds)
    opened = Journal(Path(folder))
    print("go", flush=True)
    set_up(site, opened, called)
