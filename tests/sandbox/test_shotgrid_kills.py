"""The site under force: killed in batches, stormed by clients, out of space."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from shotgun_api3 import Fault

from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import SiteProcess
from tests.torture.site_kills import kill_batches, race_creates


@pytest.mark.wire("batch", "killed with the site it is there whole or not at all, its events with it")
@pytest.mark.parametrize("count", [10, pytest.param(100, marks=pytest.mark.torture)])
def test_a_killed_batch_is_there_whole_or_not_at_all(tmp_path: Path, count: int):
    assert sum(kill_batches(tmp_path, count, seed=7).values()) == count


@pytest.mark.wire("create", "8 clients at once: every row, id and event is there once")
@pytest.mark.parametrize("each", [40, pytest.param(300, marks=pytest.mark.torture)])
def test_eight_clients_at_once_lose_nothing(site: SiteProcess, project: dict[str, Any], each: int):
    race_creates(site, project, 8, each)


def fill(file: Path) -> None:
    """Take all the space that is left."""
    with file.open("wb", buffering=0) as opened, contextlib.suppress(OSError):
        while opened.write(bytes(65536)):
            pass


@pytest.mark.wire("batch", "a full disk is a fault; nothing of it is left, and all goes on when there is space")
def test_a_full_disk_is_a_fault_and_the_site_goes_on(small_disk: Path, start_site: StartSite):
    # What an empty site needs, and a little more.
    subprocess.run(["mount", "-o", "remount,size=24m", str(small_disk)], check=True)
    site = start_site(small_disk)
    client = site.client()
    project = client.create("Project", {"name": "Full"})
    shot = client.create("Shot", {"project": project, "code": "kept"})
    filler = small_disk / "filler"
    fill(filler)
    with pytest.raises(Fault, match="the site's database said"):
        client.batch(
            [
                {"request_type": "create", "entity_type": "Shot", "data": {"project": project, "code": "x" * 1000}}
                for _ in range(500)
            ]
        )
    # Reading needs no space.
    assert [row["id"] for row in client.find("Shot", [["project", "is", project]])] == [shot["id"]]
    filler.unlink()
    assert client.create("Shot", {"project": project, "code": "again"})["id"] == shot["id"] + 1
    assert site.stop() == 0
    with contextlib.closing(sqlite3.connect(small_disk / "site" / "site.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
