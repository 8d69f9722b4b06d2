"""The mirror beside the site that it mirrors."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.dashboard.board import RowFilter
from onepiece_core.dashboard.model import CacheChange, Counts, Progress
from onepiece_core.dashboard.opening import MirrorBoard
from onepiece_core.dashboard.statuses import Statuses
from onepiece_core.errors import DashboardInvalid, DashboardMissing
from tests.support.shotgrid_site import SiteProcess

Opened = Callable[..., MirrorBoard]

WORDS = ["rev", "apr", "Pending Review", "PENDING-review", "qc by hand", "omt", "Final", "na", "vwd"]


def show(client: Any, name: str, *, shots: int = 3, versions: int = 5, seed: int = 0) -> dict[str, Any]:
    """A project with shots in episodes, in a sequence alone and nowhere, tasks and Versions."""
    chance = random.Random(seed)
    client.schema_field_update("Version", "sg_status_list", {"valid_values": WORDS})  # the studio's own
    project = client.create("Project", {"name": name, "tank_name": name})
    episode, other = (client.create("Episode", {"project": project, "code": code}) for code in ("ep1", "ep2"))
    above = [
        client.create("Sequence", {"project": project, "code": "sc1", "episode": episode}),
        client.create("Sequence", {"project": project, "code": "sc2", "episode": other}),
        client.create("Sequence", {"project": project, "code": "alone"}),
        None,
    ]
    rows = [
        {"project": project, "code": f"{number:04}", "sg_sequence": chance.choice(above)} for number in range(shots)
    ]
    made = client.batch([{"request_type": "create", "entity_type": "Shot", "data": row} for row in rows])
    asset = client.create("Asset", {"project": project, "code": "tree"})
    places = [*made, asset, None]
    wanted: list[dict[str, Any]] = []
    for number in range(versions):
        entity = chance.choice(places)
        data = {
            "project": project,
            "code": f"v{number:03}",
            "entity": entity and {"type": entity["type"], "id": entity["id"]},
        }
        wanted.append(
            {
                "request_type": "create",
                "entity_type": "Version",
                "data": {**data, "sg_status_list": chance.choice([*WORDS, None])},
            }
        )
    for shot in made:
        task = {"project": project, "content": "comp", "entity": {"type": "Shot", "id": shot["id"]}}
        wanted.append(
            {
                "request_type": "create",
                "entity_type": "Task",
                "data": {**task, "sg_status_list": chance.choice(["ip", "fin", "wtg"])},
            }
        )
    if wanted:
        client.batch(wanted)
    return project


def summed(parts: list[Progress]) -> Progress:
    def add(kind: str) -> Counts:
        buckets: Counter[Any] = Counter()
        words: Counter[str] = Counter()
        for part in parts:
            counts = getattr(part, kind)
            buckets.update(counts.buckets)
            words.update(counts.statuses)
        return Counts(total=sum(words.values()), buckets=dict(buckets), statuses=dict(words))

    return Progress(versions=add("versions"), shots=add("shots"), tasks=add("tasks"))


def test_the_numbers_of_a_hundred_random_shows_are_those_of_shotgrid_and_add_up(
    site: SiteProcess, opened: Opened
) -> None:
    client, statuses = site.client(), Statuses()
    chance = random.Random(7)
    names = [f"show{number:03}" for number in range(100)]
    for number, name in enumerate(names):
        show(client, name, shots=chance.randrange(5), versions=chance.randrange(9), seed=number)
    board = opened(projects=names, max_projects=100)
    assert board.refresher is not None
    assert board.refresher.refresh()
    projects = board.list_projects(limit=500).items
    assert sorted(each.code for each in projects) == names
    for each in projects:
        link = {"type": "Project", "id": each.id}
        told = client.find("Version", [["project", "is", link]], ["sg_status_list"])
        words = Counter(row["sg_status_list"] or "" for row in told)
        counts = each.progress.versions
        assert counts.total == sum(counts.buckets.values()) == len(told)
        assert counts.statuses == words
        assert counts.buckets == dict(Counter(statuses.bucket(row["sg_status_list"]) for row in told))
        detail = board.get_project(each.code)
        assert summed([episode.progress for episode in detail.episodes]) == each.progress
        for episode in detail.episodes:
            parts = board.get_episode(each.code, episode.code)
            assert summed([part.progress for part in parts.sequences]) == episode.progress == parts.summary.progress
    assert summed([each.progress for each in projects]) == board.overview().progress
    everything = board.overview().progress.versions
    assert everything.buckets["unknown"] > 0  # qc by hand
    assert everything.buckets["review"] > everything.statuses["rev"]


def test_a_changed_version_costs_less_than_five_requests_and_is_seen(site: SiteProcess, opened: Opened) -> None:
    client = site.client()
    project = show(client, "TT", versions=8)
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    before = board.generation("TT")
    one = client.find_one("Version", [["project", "is", project]])
    client.update("Version", one["id"], {"sg_status_list": "apr", "description": "final"})
    since = len(site.calls())
    board.refresher.refresh()
    asked = [call["method"] for call in site.calls()[since:]]
    assert 0 < len(asked) < 5, asked
    found = {row.id: row for row in board.list_versions("TT", RowFilter()).items}[one["id"]]
    assert (found.status, found.bucket, found.description) == ("apr", "approved", "final")
    assert board.generation("TT") != before


def test_rows_that_are_changed_retired_revived_and_moved_are_as_a_fresh_read_has_them(
    site: SiteProcess, opened: Opened
) -> None:
    client, chance = site.client(), random.Random(3)
    projects = [show(client, name, shots=4, versions=12, seed=number) for number, name in enumerate(("AA", "BB"))]
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    retired: list[tuple[str, int]] = []
    for _ in range(6):
        for _ in range(12):
            kind = chance.choice(["Version", "Shot", "Task", "Sequence", "Episode"])
            row = chance.choice(client.find(kind, [["project", "in", projects]]))
            match chance.randrange(4):
                case 0 if kind == "Version":
                    client.update(kind, row["id"], {"project": chance.choice(projects)})
                case 1 if kind in ("Version", "Shot", "Task"):
                    client.delete(kind, row["id"])
                    retired.append((kind, row["id"]))
                case 2 if retired:
                    client.revive(*retired.pop())
                case _:
                    name = "content" if kind == "Task" else "code"
                    client.update(kind, row["id"], {name: f"new{chance.randrange(100)}"})
        board.refresher.refresh()
        fresh = opened(f"fresh{time.monotonic()}")
        assert fresh.refresher is not None
        fresh.refresher.refresh()
        for code in ("AA", "BB"):
            now, wanted = told(board, code), told(fresh, code)
            assert now == wanted


def told(board: MirrorBoard, code: str) -> tuple[Any, ...]:
    """All of a show but its times: a row that was written and not changed has another, and no event tells."""
    detail = board.get_project(code)
    shots = board.list_shots(code, RowFilter(), limit=500).items
    versions = board.list_versions(code, RowFilter(), limit=500).items
    return (
        detail.summary.model_dump(exclude={"freshness"}),
        detail.episodes,
        [shot.model_dump(exclude={"updated_at"}) for shot in shots],
        sorted(row.model_dump_json(exclude={"updated_at"}) for row in versions),
    )


def test_what_is_known_stays_with_its_age_while_shotgrid_is_down_and_goes_on_when_it_is_back(
    site: SiteProcess, opened: Opened
) -> None:
    client = site.client()
    show(client, "TT", versions=4)
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    known, numbers = board.overview().freshness, board.overview().progress
    site.stop()
    board.refresher.refresh()
    now = board.overview()
    assert (now.freshness.link, now.freshness.as_of, now.progress) == ("down", known.as_of, numbers)
    assert now.freshness.error is not None
    assert now.freshness.error.code == "tracker.unavailable"
    other = opened()  # as after a restart
    assert other.get_project("TT").summary.freshness.link == "down"
    assert other.get_project("TT").summary.progress.versions.total == 4


def test_a_board_that_was_opened_while_shotgrid_is_away_says_so_and_knows_the_settings_shows(
    site: SiteProcess, opened: Opened
) -> None:
    site.stop()
    board = opened(projects=["TT"])
    assert board.refresher is not None
    board.refresher.refresh()
    (known,) = board.list_projects().items
    assert (known.code, known.known_by, known.freshness.as_of, known.freshness.link) == (
        "TT",
        ["settings"],
        None,
        "down",
    )


@pytest.mark.parametrize("rule", [{"fault": "unavailable"}, {"fault": "hang"}, {"fault": "drop_reply"}])
def test_a_site_that_is_slow_or_broken_never_breaks_the_board(
    site: SiteProcess, opened: Opened, rule: dict[str, Any]
) -> None:
    show(site.client(), "TT", versions=4)
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    site.set_faults([{"method": ["read"], **rule}])
    asking = threading.Thread(target=board.refresher.refresh)
    asking.start()
    assert board.overview().progress.versions.total == 4  # at once, whatever the site does
    asking.join(60)
    assert not asking.is_alive()
    site.clear_faults()
    until = time.monotonic() + 60
    while not board.refresher.refresh():  # a site that did not answer is left alone for some time
        assert time.monotonic() < until
        time.sleep(0.5)
    assert board.overview().freshness.link == "ok"


def test_a_show_with_more_versions_than_are_kept_is_counted_whole_and_lists_the_newest(
    site: SiteProcess, opened: Opened
) -> None:
    client = site.client()
    project = show(client, "BIG", shots=2, versions=0)
    rows = [{"project": project, "code": f"v{number:03}", "sg_status_list": "rev"} for number in range(130)]
    client.batch([{"request_type": "create", "entity_type": "Version", "data": row} for row in rows])
    board = opened(max_records=100)
    assert board.refresher is not None
    board.refresher.refresh()
    summary = board.get_project("BIG").summary
    assert summary.progress.versions.total == 130
    assert summary.freshness.is_partial
    listed = board.list_versions("BIG", RowFilter(), limit=500).items
    assert len(listed) == 100
    oldest = client.find_one("Version", [["code", "is", "v000"]])
    client.update("Version", oldest["id"], {"sg_status_list": "apr"})
    board.refresher.refresh()
    assert board.get_project("BIG").summary.progress.versions.statuses == {"rev": 129, "apr": 1}
    board.change_cache(CacheChange(max_records=1000))
    board.refresher.refresh()
    assert not board.get_project("BIG").summary.freshness.is_partial
    assert len(board.list_versions("BIG", RowFilter(), limit=500).items) == 130


def test_archived_renamed_and_vanished_projects(site: SiteProcess, opened: Opened) -> None:
    client = site.client()
    kept, renamed, gone = (show(client, name, versions=2) for name in ("KEPT", "OLD", "GONE"))
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    client.update("Project", renamed["id"], {"name": "New Name", "tank_name": "NEW"})
    client.update("Project", kept["id"], {"archived": True})
    client.delete("Project", gone["id"])
    board.refresher.refresh()
    shows = {each.code: each for each in board.list_projects().items}
    assert shows["NEW"].name == "New Name"
    assert shows["NEW"].progress.versions.total == 2
    assert [shows[code].is_archived for code in ("KEPT", "GONE", "NEW")] == [True, True, False]
    assert shows["GONE"].progress.versions.total == 2
    with pytest.raises(DashboardMissing):
        board.get_project("OLD")


def test_two_shows_of_one_code_are_told_apart(site: SiteProcess, opened: Opened) -> None:
    client = site.client()
    first = client.create("Project", {"name": "One", "tank_name": "TT"})
    second = client.create("Project", {"name": "Two", "tank_name": "TT"})
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    shows = {each.id: each.code for each in board.list_projects().items}
    assert {shows[first["id"]], shows[second["id"]]} == {"TT", str(second["id"])}


def test_limits_that_one_process_sets_hold_in_the_other_and_over_a_restart(opened: Opened) -> None:
    one, other = opened(), opened()
    one.change_cache(CacheChange(ttl_seconds=5, max_projects=3))
    assert (other.cache().ttl_seconds, other.cache().max_projects) == (5, 3)
    assert opened().cache().ttl_seconds == 5
    assert opened(cache_ttl=99).cache().ttl_seconds == 99  # the settings say something new
    for wrong in (CacheChange(ttl_seconds=0), CacheChange(max_records=1), CacheChange(max_projects=0)):
        with pytest.raises(DashboardInvalid):
            one.change_cache(wrong)


def test_one_of_two_refreshes_and_the_other_takes_over_when_it_ends(site: SiteProcess, opened: Opened) -> None:
    show(site.client(), "TT")
    one, other = opened(), opened()
    assert one.refresher is not None
    assert other.refresher is not None
    assert one.refresher.refresh()
    assert not other.refresher.refresh()
    one.refresher.stop()
    assert other.refresher.refresh()


@pytest.mark.parametrize("ahead", [3600, -3600])
def test_workers_whose_clocks_differ_neither_read_all_again_and_again_nor_miss_a_change(
    site: SiteProcess, opened: Opened, tmp_path: Path, ahead: int
) -> None:
    client = site.client()
    project = show(client, "TT")
    program = (
        f"import time; true = time.time; time.time = lambda: true() + {ahead}\n"
        "import sys; from pathlib import Path; from onepiece_core.config.models import *\n"
        "from onepiece_core.dashboard.opening import open_board\n"
        f"site = ShotgridSettings(url={site.url!r}, script='tests', key={site.key!r})\n"
        f"settings = Settings(shotgrid=site, dashboard=DashboardSettings(cache_ttl=1))\n"
        f"board = open_board(settings, Path({str(tmp_path / 'state')!r}))\n"
        "for line in sys.stdin: print(board.get_project('TT').summary.progress.versions.total, flush=True)\n"
        "board.close()\n"
    )
    board = opened(refreshes=True, cache_ttl=1)

    def wait_for(count: int, other: subprocess.Popen[str] | None) -> None:
        until = time.monotonic() + 30
        while True:
            found = [_versions_told(board)]
            if other is not None:
                found.append(_ask(other))
            if found == [count] * len(found):
                return
            assert time.monotonic() < until, f"{found}, not {count}"
            time.sleep(0.2)

    wait_for(5, None)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        read_whole = _read_whole(tmp_path)
        for count in (6, 7, 8):
            client.create("Version", {"project": project, "code": f"more{count}"})
            wait_for(count, other)
        board.close()  # whoever does not refresh yet goes on alone
        client.create("Version", {"project": project, "code": "last"})
        until = time.monotonic() + 30
        while _ask(other) != 9:
            assert time.monotonic() < until
            time.sleep(0.2)
    assert _read_whole(tmp_path) == read_whole


def _versions_told(board: MirrorBoard) -> int:
    try:
        return board.get_project("TT").summary.progress.versions.total
    except DashboardMissing:
        return 0


def _ask(other: subprocess.Popen[str]) -> int:
    assert other.stdin is not None
    assert other.stdout is not None
    print("?", file=other.stdin, flush=True)
    return int(other.stdout.readline())


def _read_whole(tmp_path: Path) -> list[Any]:
    """When each show was last read from beginning to end."""
    (path,) = tmp_path.glob("state/**/mirror.db")
    with closing(sqlite3.connect(path)) as db:
        return db.execute("select key, full_at from projects order by key").fetchall()


def test_a_refresher_that_is_killed_in_the_midst_leaves_the_old_show_whole(
    site: SiteProcess, opened: Opened, tmp_path: Path
) -> None:
    client = site.client()
    show(client, "TT", shots=5, versions=40)
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    before = told(board, "TT")
    board.refresher.stop()
    program = (
        "import sys; from pathlib import Path; from onepiece_core.config.models import *\n"
        "from onepiece_core.dashboard.opening import open_board\n"
        "from onepiece_core.dashboard.model import CacheChange\n"
        f"site = ShotgridSettings(url={site.url!r}, script='tests', key={site.key!r})\n"
        f"board = open_board(Settings(shotgrid=site), Path({str(tmp_path / 'state')!r}), refreshes=False)\n"
        "print('ready', flush=True)\n"
        "while True: board.change_cache(CacheChange(flush=True)); board.refresher.refresh()\n"
    )
    for wait in (0.05, 0.1, 0.2, 0.3, 0.4):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert told(opened(), "TT") == before


def test_shots_are_filtered_by_what_the_matrix_asks(site: SiteProcess, opened: Opened) -> None:
    client = site.client()
    project = client.create("Project", {"name": "TT", "tank_name": "TT"})
    step = client.find_one("Step", [["entity_type", "is", "Shot"]], ["short_name", "code"])
    for code, status in (("0010", "ip"), ("0020", "fin"), ("50%_off", "ip")):
        shot = client.create("Shot", {"project": project, "code": code})
        client.create(
            "Task", {"project": project, "content": "x", "entity": shot, "step": step, "sg_status_list": status}
        )
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    name = board.get_project("TT").steps[0].code
    page = board.list_shots("TT", RowFilter(step=name, bucket="approved"))
    assert [row.code for row in page.items] == ["0020"]
    assert [row.code for row in board.list_shots("TT", RowFilter(text="%_")).items] == ["50%_off"]
    first = board.list_shots("TT", RowFilter(), limit=2)
    assert (len(first.items), first.total) == (2, 3)
    rest = board.list_shots("TT", RowFilter(), limit=2, cursor=first.next_cursor)
    assert [row.code for row in [*first.items, *rest.items]] == ["0010", "0020", "50%_off"]
    assert rest.next_cursor is None
    for wrong in ("%%%", "WzEuNSwgIiJd", "x" * 1000):
        with pytest.raises(DashboardInvalid):
            board.list_shots("TT", RowFilter(), cursor=wrong)


HOSTILE = ["<script>alert(1)</script>", "'; drop table shots; --", "\u202eabc", "x" * 10_000, "😀 é"]


def test_hostile_names_are_rows_like_others(site: SiteProcess, opened: Opened) -> None:
    client = site.client()
    project = client.create("Project", {"name": "<b>TT</b>", "tank_name": "TT"})
    for name in HOSTILE:
        client.create("Shot", {"project": project, "code": name})
    board = opened()
    assert board.refresher is not None
    board.refresher.refresh()
    assert sorted(row.code for row in board.list_shots("TT", RowFilter()).items) == sorted(HOSTILE)
    for name in HOSTILE:
        assert any(found.label == name for found in board.search(name[:100]))
        assert board.list_shots("TT", RowFilter(text=name[:100], episode=name[:100])).items == []


def test_a_registry_of_an_older_service_is_taken_over(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "dashboard-projects.json"
    file.write_text('{"projects": ["TT", {"name": "Long Winter", "code": "LW"}, 7, null]}')
    codes = {each.code: each.known_by for each in opened(registry=file).list_projects().items}
    assert codes == {"TT": ["import"], "LW": ["import"], "7": ["import"]}


def test_events_tell_what_changed(site: SiteProcess, opened: Opened) -> None:
    board = opened()
    assert board.refresher is not None
    seen = board.follow(0)
    show(site.client(), "TT")
    board.refresher.refresh()
    kinds = set()
    for event in seen:
        if event is None:
            break
        kinds.add((event.kind, event.project))
        if {("link", ""), ("refreshed", "TT")} <= kinds:
            break
    assert {("link", ""), ("refreshed", "TT")} <= kinds
