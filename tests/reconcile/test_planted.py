"""A show with planted faults beside look-alikes: all are found and nothing else, repaired, and put back."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.reconcile.apply import apply_plan, undo_plan
from onepiece_core.reconcile.plan import plan_repairs
from tests.reconcile.plant import plant, world_of
from tests.reconcile.worlds import compare, found_in, planted
from tests.support.shotgrid import running_site
from tests.support.weed import Weed, weed

__all__ = ["weed"]


def test_planted_faults_are_found_repaired_and_put_back(tmp_path: Path, weed: Weed) -> None:
    with running_site(tmp_path / "site") as site, planted(tmp_path / "show", weed, site, "Planted") as (show, parts):
        expected = plant(show, 40, 40)
        before = world_of(show)
        report = compare(show, parts)
        assert found_in(report) == expected
        assert not report.unknown

        plan = plan_repairs(report)
        applied = apply_plan(plan, parts)
        assert [each for each in applied.results if each.outcome != "done"] == []
        after = compare(show, parts)
        assert plan_repairs(after).repairs == ()
        assert found_in(after) == {(each.code, each.subject) for each in report.findings if each.repair is None}

        assert {each.outcome for each in apply_plan(plan, parts).results} == {"already"}
        undone = undo_plan(plan, parts)
        assert [each for each in undone.results if each.outcome != "undone"] == []
        assert world_of(show) == before
        assert found_in(compare(show, parts)) == expected
