"""Ingests that are killed, once or several times, then run again: every file uploaded and registered exactly once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from onepiece_core.config import AwsSettings
from onepiece_core.storage.s3.admin import create_bucket
from tests.support.ingests import IngestWorld
from tests.support.shotgrid import RunningSite, running_site
from tests.support.weed import running_weed

REPOSITORY = Path(__file__).parents[2]
BUCKET = "ingest-kills"
_LONGEST_LIFE_SECONDS = 120


class Drops:
    """Drops that are taken in by processes of their own, into one bucket and one project."""

    def __init__(self, root: Path, aws: AwsSettings, site: RunningSite) -> None:
        self.root, self.aws, self.site = root, aws, site
        self.project = "Show of the killed"
        create_bucket(aws, BUCKET)
        site.tracker().create("Project", {"name": self.project})

    def world(self, number: int) -> IngestWorld:
        """A drop of 12 files of names of its own: two sequences in folders, one beside them."""
        name = f"drop{number:04d}"
        made = IngestWorld(
            self.root / name, self.aws, BUCKET, self.site.tracker(), project=self.project, prefix=f"in/{name}"
        )
        for shot, below in ((10, "sc01"), (20, "sc02"), (30, "")):
            made.frames(f"FG_ep{number:03d}_sc01_{shot:04d}_comp_v001", 1001, 1004, below=below)
        return made

    def start(self, world: IngestWorld, die_at: list[Any] | None = None, trace: Path | None = None) -> Any:
        keys: dict[str, Any] = self.aws.model_dump(mode="json")
        keys["secret_access_key"] = self.aws.secret_access_key.get_secret_value() if self.aws.secret_access_key else ""
        job = {
            "root": str(world.root),
            "site": self.site.url,
            "aws": keys,
            "bucket": BUCKET,
            "prefix": world.prefix,
            "project": self.project,
            "die_at": die_at,
            "trace": str(trace) if trace else None,
        }
        path = world.root / "job.json"
        path.write_text(json.dumps(job))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.torture.ingester", str(path)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def answer(self, process: Any) -> dict[str, Any] | None:
        """None: it was killed."""
        out, err = process.communicate(timeout=_LONGEST_LIFE_SECONDS)
        assert "Traceback" not in err, err
        return None if process.returncode < 0 else json.loads(out)

    def moments(self) -> tuple[list[list[Any]], float]:
        """Every moment at which an ingest can be made to die, and how long one lives."""
        world, began = self.world(0), time.monotonic()
        trace = world.root / "trace.txt"
        assert self.answer(self.start(world, trace=trace)) is not None
        lines = [line.split() for line in trace.read_text().splitlines()]
        return [[moment, int(nth)] for moment, nth in lines], time.monotonic() - began


def kill_ingests(root: Path, aws: AwsSettings, site: RunningSite, count: int, seed: int) -> Counter[str]:
    """Kill ``count`` ingests at random, some of them twice, and let each come to its end.

    Returns how many ended how. Raises AssertionError for a world that is not whole.
    """
    chance, drops = random.Random(seed), Drops(root, aws, site)
    moments, whole_life = drops.moments()
    endings: Counter[str] = Counter()
    for number in range(1, count + 1):
        world, kills = drops.world(number), 0
        for _ in range(chance.choice((1, 1, 2))):
            kills += _was_killed(drops, world, chance, moments, whole_life)
        told = drops.answer(drops.start(world))
        assert told is not None, "a run that nobody kills lives"
        assert "error" not in told, told
        assert (told["refused"], told["failed"], told["waiting"]) == (0, 0, 0), told
        world.check_exactly_once()
        if number % 4 == 1:
            again = drops.answer(drops.start(world))
            assert again is not None
            assert (again["uploaded"], again["bytes_uploaded"], again["skipped"]) == (0, 0, 12), again
            world.check_exactly_once()
        world.store.close()
        endings[f"killed {kills} times, whole"] += 1
    return endings


def kill_many_ingests(root: Path, count: int, seed: int) -> Counter[str]:
    """:func:`kill_ingests` on servers of its own."""
    with running_weed(root / "weed", bucket="ready") as weed, running_site(root / "site") as site:
        return kill_ingests(root / "drops", weed.aws, site, count, seed)


def _was_killed(
    drops: Drops, world: IngestWorld, chance: random.Random, moments: list[list[Any]], whole_life: float
) -> bool:
    if chance.random() < 0.7:
        return drops.answer(drops.start(world, die_at=chance.choice(moments))) is None
    process = drops.start(world)
    time.sleep(chance.uniform(0.3, 1.0) * whole_life)
    process.kill()
    return drops.answer(process) is None
