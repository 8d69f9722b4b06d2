"""A show that is set up by processes that are killed, and over a site that spoils its writes: every row once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import OperationBusy, OperationCancelled
from onepiece_core.journal import Journal
from onepiece_core.progress import Progress, Reporter
from onepiece_core.tracker.bulk import BulkTiming
from onepiece_core.tracker.retry import SystemClock
from tests.support.shotgrid import KEY, SCRIPT, RunningSite, running_site
from tests.support.shows import WHOLE, counted, killed_after, set_up


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("show") / "site") as running:
        yield running


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def life(site: RunningSite, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long a run that nobody disturbs takes here."""
    opened = Journal(tmp_path_factory.mktemp("life"))
    began = time.monotonic()
    set_up(site.tracker(), opened, "Undisturbed")
    opened.close()
    assert counted(site.tracker(), "Undisturbed") == WHOLE
    return time.monotonic() - began


@pytest.mark.parametrize("tenth", range(10))
def test_a_killed_run_goes_on(site: RunningSite, tmp_path: Path, journal: Journal, life: float, tenth: int) -> None:
    project = f"Killed {tenth}"
    killed_after(life * tenth / 10, site.url, SCRIPT, KEY, tmp_path / "state", project)
    before = counted(site.tracker(), project)
    rows = set_up(site.tracker(), journal, project)
    assert {row.state for row in rows} <= {"created", "there"}
    assert len(rows) == sum(WHOLE.values()) + 1
    assert counted(site.tracker(), project) == WHOLE
    assert all(before[kind] <= WHOLE[kind] for kind in WHOLE)
    assert journal.list_unfinished() == []
    assert {row.state for row in set_up(site.tracker(), journal, project)} == {"there"}


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
def test_a_site_that_spoils_every_second_write_gets_each_row_once(
    site: RunningSite, journal: Journal, fault: dict[str, Any]
) -> None:
    timing = BulkTiming(SystemClock(), settle_seconds=1.2, timeout_seconds=0.5)
    project = f"Spoilt {fault['fault']}"
    with site.spoils(**fault, every=2):
        rows = set_up(site.tracker(timeout_seconds=0.5), journal, project, timing=timing)
    assert {row.state for row in rows} == {"created"}
    assert counted(site.tracker(), project) == WHOLE


def test_a_run_that_is_stopped_goes_on_and_waits_for_a_site_that_is_away(site: RunningSite, journal: Journal) -> None:
    def stop(event: Progress) -> None:
        if event.phase == "Shot" and event.done >= 50:
            reporter.cancel()

    reporter, tracker = Reporter(stop), site.tracker()
    with pytest.raises(OperationCancelled):
        set_up(tracker, journal, "Stopped", reporter=reporter)
    assert 0 < sum(counted(tracker, "Stopped").values()) < sum(WHOLE.values())
    timing = BulkTiming(SystemClock(), settle_seconds=0.2, timeout_seconds=1, patience_seconds=0)
    site.set_faults([{"method": ["batch"], "fault": "unavailable", "retry_after_seconds": 0}])
    try:
        rows = set_up(tracker, journal, "Stopped", timing=timing)
    finally:
        site.clear_faults()
    assert {row.planned.node.type for row in rows if row.state == "waiting"} == {"Task"}
    assert {row.state for row in rows} == {"there", "waiting"}
    assert {row.state for row in set_up(tracker, journal, "Stopped")} == {"there", "created"}
    assert counted(tracker, "Stopped") == WHOLE


def test_two_processes_do_not_set_one_project_up(site: RunningSite, journal: Journal, tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys\nfrom pathlib import Path\nfrom onepiece_core.journal import Journal\n"
        "from onepiece_core.progress import Reporter\nfrom onepiece_core.show.apply import show_operation\n"
        "from tests.support.shotgrid import RunningSite\nfrom tests.support.shows import TIMING\n"
        "with show_operation(RunningSite(sys.argv[1]).tracker(), Journal(Path(sys.argv[2])), 'Busy',"
        " timing=TIMING, reporter=Reporter()):\n    print('go', flush=True)\n    sys.stdin.readline()\n"
    )
    command = [sys.executable, "-c", script, site.url, str(tmp_path / "state")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "go\n"
        with pytest.raises(OperationBusy):
            set_up(site.tracker(), journal, "Busy")
        other.communicate("\n")
    set_up(site.tracker(), journal, "Busy")
    assert counted(site.tracker(), "Busy") == WHOLE
