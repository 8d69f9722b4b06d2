"""Thousands of rows, each exactly once, against the sandbox's ShotGrid."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import OperationCancelled
from onepiece_core.journal import Journal
from onepiece_core.progress import Progress, Reporter
from onepiece_core.tracker.bulk import BulkRow, BulkTiming, RowResult, run_bulk
from onepiece_core.tracker.retry import SystemClock
from onepiece_core.tracker.tracker import Tracker
from tests.support.shotgrid import RunningSite, running_site

UNIQUE = ("project", "code")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("bulk") / "site") as running:
        yield running


@pytest.fixture
def tracker(site: RunningSite) -> Tracker:
    return site.tracker()


@pytest.fixture
def project(tracker: Tracker, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A project of this test's own."""
    made = tracker.create("Project", {"name": f"{request.node.name} {time.time_ns()}"})
    return {"type": "Project", "id": made["id"]}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "state")
    yield opened
    opened.close()


def bulk(
    tracker: Tracker, journal: Journal, rows: list[BulkRow], kind: Any = "rows", *, name: str = "one", **more: Any
) -> list[RowResult]:
    if journal.find(name) is None:
        journal.begin(name, kind="bulk", fingerprint=name, name=name, request={})
    told: dict[str, Any] = {"reporter": Reporter(), "unique": UNIQUE, "batch_size": 50, **more}
    timing = told.pop("timing", BulkTiming(SystemClock(), settle_seconds=1, timeout_seconds=5))
    return list(run_bulk(tracker, journal, name, kind, "Shot", rows, timing=timing, **told))


def shots(project: dict[str, Any], count: int, **more: Any) -> list[BulkRow]:
    return [BulkRow(f"line {n}", {"project": project, "code": f"s{n:05d}", **more}) for n in range(1, count + 1)]


def codes(tracker: Tracker, project: dict[str, Any]) -> Counter[str]:
    return Counter(each["code"] for each in tracker.find("Shot", [["project", "is", project]], ["code"]))


def once(count: int) -> Counter[str]:
    return Counter(f"s{n:05d}" for n in range(1, count + 1))


def test_every_row_is_made_once_with_a_request_a_batch(
    site: RunningSite, tracker: Tracker, journal: Journal, project: dict[str, Any]
) -> None:
    before = calls(site, "batch")
    results = bulk(tracker, journal, shots(project, 175))
    assert {result.state for result in results} == {"created"}
    assert [result.key for result in results] == [f"line {n}" for n in range(1, 176)]
    assert codes(tracker, project) == once(175)
    assert calls(site, "batch") - before == 4


def test_rows_that_are_there_are_left_alone(tracker: Tracker, journal: Journal, project: dict[str, Any]) -> None:
    # Made by people, one of them twice: nothing of it is ours to repair.
    theirs = [tracker.create("Shot", {"project": project, "code": code}) for code in ("s00001", "S00002")]
    results = bulk(tracker, journal, shots(project, 60))
    assert Counter(result.state for result in results) == {"there": 2, "created": 58}
    assert [result.id for result in results[:2]] == [each["id"] for each in theirs]
    assert Counter(result.state for result in bulk(tracker, journal, shots(project, 60), name="two")) == {"there": 60}
    assert sum(codes(tracker, project).values()) == 60


def test_only_the_bad_rows_fail(tracker: Tracker, journal: Journal, project: dict[str, Any]) -> None:
    rows = shots(project, 120)
    for bad in (3, 4, 77, 119):
        rows[bad].data["sg_status_list"] = "no such status"
    results = bulk(tracker, journal, rows)
    assert [n for n, result in enumerate(sorted(results, key=place)) if result.state == "failed"] == [3, 4, 77, 119]
    assert len(results) == 120
    assert all(
        result.error and result.error.code == "tracker.refused" for result in results if result.state == "failed"
    )
    assert sum(codes(tracker, project).values()) == 116
    # The same run again knows it all and asks for nothing.
    assert sorted(map(told, bulk(tracker, journal, rows))) == sorted(map(told, results))


def test_rows_are_changed_retired_and_revived(tracker: Tracker, journal: Journal, project: dict[str, Any]) -> None:
    made = bulk(tracker, journal, shots(project, 60))
    rows = [BulkRow(result.key, {"description": "new"}, id=result.id) for result in made]
    assert {result.state for result in bulk(tracker, journal, rows, "row_updates", name="up")} == {"updated"}
    found = tracker.find("Shot", [["project", "is", project]], ["description"])
    assert {each["description"] for each in found} == {"new"}
    assert {result.state for result in bulk(tracker, journal, rows, "row_deletes", name="down")} == {"deleted"}
    assert not codes(tracker, project)
    assert {result.state for result in bulk(tracker, journal, rows, "row_deletes", name="again")} == {"there"}
    assert {result.state for result in bulk(tracker, journal, rows, "row_revives", name="back")} == {"revived"}
    assert codes(tracker, project) == once(60)


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "drop_reply"},
        {"fault": "commit_late", "seconds": 0.6},
        {"fault": "too_many", "retry_after_seconds": 1},
        {"fault": "unavailable", "retry_after_seconds": 1},
    ],
    ids=str,
)
def test_a_site_that_spoils_every_third_write_makes_each_row_once(
    site: RunningSite, journal: Journal, project: dict[str, Any], fault: dict[str, Any]
) -> None:
    timing = BulkTiming(SystemClock(), settle_seconds=1.2, timeout_seconds=0.5)
    with site.spoils(**fault, every=3):
        results = bulk(site.tracker(timeout_seconds=0.5), journal, shots(project, 200), timing=timing, batch_size=25)
    assert {result.state for result in results} == {"created"}
    assert codes(site.tracker(), project) == once(200)


def test_what_a_site_does_not_answer_waits_and_goes_on(
    site: RunningSite, journal: Journal, project: dict[str, Any]
) -> None:
    timing = BulkTiming(SystemClock(), settle_seconds=0.2, timeout_seconds=1, patience_seconds=0)
    gone = site.tracker("http://127.0.0.1:9", timeout_seconds=1)
    assert {result.state for result in bulk(gone, journal, shots(project, 60), timing=timing)} == {"waiting"}
    assert {result.state for result in bulk(site.tracker(), journal, shots(project, 60))} == {"created"}
    assert codes(site.tracker(), project) == once(60)


def test_a_run_that_is_cancelled_goes_on(tracker: Tracker, journal: Journal, project: dict[str, Any]) -> None:
    def stop(event: Progress) -> None:
        if event.done >= 100:
            reporter.cancel()

    reporter = Reporter(stop)

    with pytest.raises(OperationCancelled):
        bulk(tracker, journal, shots(project, 200), reporter=reporter)
    assert 0 < sum(codes(tracker, project).values()) < 200
    results = bulk(tracker, journal, shots(project, 200))
    assert {result.state for result in results} == {"created"}
    assert codes(tracker, project) == once(200)


KILLED = """
    import sys
    from pathlib import Path
    from onepiece_core.journal import Journal
    from tests.core.test_bulk import bulk, shots
    from tests.support.shotgrid import RunningSite

    url, project, state = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    print("go", flush=True)
    bulk(RunningSite(url).tracker(), Journal(state), shots({"type": "Project", "id": project}, 400), batch_size=10)
"""


@pytest.mark.parametrize("moment", [0.02, 0.06, 0.1, 0.17, 0.25, 0.4])
def test_a_run_that_is_killed_goes_on(
    site: RunningSite, tracker: Tracker, tmp_path: Path, project: dict[str, Any], moment: float
) -> None:
    command = [sys.executable, "-c", textwrap.dedent(KILLED), site.url, str(project["id"]), str(tmp_path / "state")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    time.sleep(moment)
    process.kill()
    process.wait()
    process.stdout.close()
    journal = Journal(tmp_path / "state")
    timing = BulkTiming(SystemClock(), settle_seconds=0.3, timeout_seconds=0.3)
    results = bulk(tracker, journal, shots(project, 400), batch_size=10, timing=timing)
    journal.close()
    assert len(results) == 400
    assert {result.state for result in results} == {"created"}
    assert codes(tracker, project) == once(400)


def place(result: RowResult) -> int:
    return int(result.key.removeprefix("line "))


def told(result: RowResult) -> tuple[str, str, int | None]:
    return result.key, result.state, result.id


def calls(site: RunningSite, method: str) -> int:
    return sum(call["method"] == method for call in site.calls())
