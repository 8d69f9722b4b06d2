"""Repairs, undos, unpublishes that are killed again and again come to the same end as one that nobody kills."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from onepiece_core.reconcile.model import RepairPlan
from onepiece_core.reconcile.plan import dump_plan, plan_repairs
from onepiece_core.unpublish import plan_unpublish
from tests.reconcile import plant
from tests.reconcile.plant import Show, world_of
from tests.reconcile.worlds import compare, environ_of, found_in, planted
from tests.support.shotgrid import running_site
from tests.support.weed import Weed, weed

__all__ = ["weed"]
REPOSITORY = Path(__file__).parents[2]
_KINDS = (
    plant.lost_movie,
    plant.package_without_rows,
    plant.lost_objects,
    plant.frame_missing_on_disk,
    plant.frame_missing_in_s3,
    plant.frame_cut_on_disk,
    plant.scene_grew_in_s3,
    plant.path_of_an_old_mount,
    plant.version_twice,
    plant.still_working,
    plant.abandoned_in_s3,
)


def until_done(show: Show, root: Path, plan: RepairPlan, *, undo: bool, die_after: int) -> tuple[int, dict[str, Any]]:
    """How often it was killed, and what the last process told."""
    path, job = root / f"{plan.id}.json", root / "job.json"
    path.write_text(dump_plan(plan))
    command = [sys.executable, "-m", "tests.reconcile.doer", str(job)]
    for kills in range(30):
        # A little later each time: what is done already is looked at again.
        told = {"root": str(root), "plan": str(path), "undo": undo, "die_after": die_after + 2 * kills}
        job.write_text(json.dumps({**told, "environ": environ_of(show, root)}))
        done = subprocess.run(command, check=False, cwd=REPOSITORY, capture_output=True, text=True)
        if done.returncode == 0:
            return kills, json.loads(done.stdout)
        assert done.returncode == -9, done.stderr
    raise AssertionError("it never ended")


def test_a_repair_that_is_killed_again_and_again_goes_on_and_does_nothing_twice(tmp_path: Path, weed: Weed) -> None:
    root = tmp_path / "show"
    with running_site(tmp_path / "site") as site, planted(root, weed, site, "Killed") as (show, parts):
        for kind in _KINDS:
            kind(show)
        before = world_of(show)
        plan = plan_repairs(compare(show, parts))
        kills, told = until_done(show, root, plan, undo=False, die_after=5)
        assert kills >= 3
        assert {each["outcome"] for each in told["results"]} <= {"done", "already"}
        assert len(told["results"]) == len(plan.repairs) == len(_KINDS)
        assert plan_repairs(compare(show, parts)).repairs == ()
        codes = [row["code"] for row in show.sg.find("Version", [["project", "is", show.project]], ["code"])]
        assert len(codes) == len(set(codes)), "registered once, its double retired"

        kills, told = until_done(show, root, plan, undo=True, die_after=4)
        assert kills >= 1
        assert {each["outcome"] for each in told["results"]} <= {"undone", "already"}
        assert world_of(show) == before
        assert found_in(compare(show, parts)) == show.expected


def test_an_unpublish_and_its_restore_survive_kills(tmp_path: Path, weed: Weed) -> None:
    root = tmp_path / "show"
    with running_site(tmp_path / "site") as site, planted(root, weed, site, "Unpublished") as (show, parts):
        show.package("FG_ep010_sc02_0990_comp_v001")
        before = world_of(show)
        plan = plan_unpublish("FG_ep010_sc02_0990_comp_v001", "Unpublished", [show.publishes], parts).plan
        kills, _ = until_done(show, root, plan, undo=False, die_after=6)
        assert kills >= 2
        gone = world_of(show)
        assert (gone["files"], gone["objects"], gone["rows"]) == ({}, {}, {})
        kills, _ = until_done(show, root, plan, undo=True, die_after=6)
        assert kills >= 1
        assert world_of(show) == before
