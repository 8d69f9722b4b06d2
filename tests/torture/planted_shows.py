"""A show with hundreds of planted faults beside as many look-alikes: all found, repaired, put back, nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from onepiece_core.reconcile.apply import apply_plan, undo_plan
from onepiece_core.reconcile.plan import plan_repairs
from tests.reconcile.plant import plant, world_of
from tests.reconcile.worlds import compare, found_in, planted
from tests.support.shotgrid import running_site
from tests.support.weed import running_weed


def reconcile_planted(root: Path, faults: int, alikes: int) -> Counter[str]:
    """Raises AssertionError unless precision and recall are 1, a second plan is empty and the undo is complete."""
    with (
        running_weed(root / "weed", bucket="ready") as weed,
        running_site(root / "site") as site,
        planted(root / "show", weed, site, "Torture") as (show, parts),
    ):
        expected = plant(show, faults, alikes)
        before = world_of(show)
        report = compare(show, parts)
        assert found_in(report) == expected, found_in(report) ^ expected
        plan = plan_repairs(report)
        applied = apply_plan(plan, parts)
        assert applied.count("done") == len(plan.repairs), applied
        assert plan_repairs(compare(show, parts)).repairs == ()
        undone = undo_plan(plan, parts)
        assert undone.count("undone") == len(plan.repairs), undone
        assert world_of(show) == before
        assert found_in(compare(show, parts)) == expected
        return Counter(each.code for each in report.findings)
