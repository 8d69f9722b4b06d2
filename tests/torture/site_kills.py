"""A ShotGrid site that is killed in the middle of batches, or stormed by clients: all of a call, or nothing of it."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support.shotgrid_site import SiteProcess

REQUESTS = 200  # of a batch: half of them make a row, half of them change one


def kill_batches(folder: Path, count: int, seed: int) -> Counter[str]:
    """Kill a site ``count`` times while a client sends it a batch; start it again each time.

    Returns how many batches were there whole, how many not at all. Raises AssertionError for anything between.
    """
    chance = random.Random(seed)
    endings: Counter[str] = Counter()
    site = SiteProcess(folder).start()
    try:
        client = site.client()
        project = client.create("Project", {"name": "Killed"})
        shots = [row["id"] for row in client.batch([_create("Shot", project, f"shot {n}") for n in range(REQUESTS)])]
        for number in range(count):
            # A batch takes about 60 ms; the client needs 10 to 20 to send it.
            _kill_in_a_batch(site, project, shots[: REQUESTS // 2], number, chance.uniform(0.0, 0.15))
            endings[_ending(site.client(), shots[: REQUESTS // 2], number)] += 1
        assert site.stop() == 0
    finally:
        if site.process.poll() is None:
            site.kill()
    _check_database(folder / "site" / "site.sqlite")
    return endings


def race_creates(site: SiteProcess, project: dict[str, Any], clients: int, each: int) -> None:
    """``clients`` at once make ``each`` Shots: as many rows, ids and New events. Raises AssertionError."""

    def work(number: int) -> list[int]:
        client = site.client()
        made = []
        for index in range(each):
            made.append(client.create("Shot", {"project": project, "code": f"{number}-{index}"})["id"])
            found = client.find_one("Shot", [["id", "is", made[-1]]], ["code", "project"])
            assert (found["code"], found["project"]["id"]) == (f"{number}-{index}", project["id"])
        return made

    with ThreadPoolExecutor(clients) as pool:
        made = [number for numbers in pool.map(work, range(clients)) for number in numbers]
    assert len(set(made)) == clients * each
    client = site.client()
    assert [shot["id"] for shot in client.find("Shot", [["project", "is", project]])] == sorted(made)
    new = client.find("EventLogEntry", [["event_type", "is", "Shotgun_Shot_New"], ["project", "is", project]], ["meta"])
    assert sorted(event["meta"]["entity_id"] for event in new) == sorted(made)


def _create(kind: str, project: dict[str, Any], code: str) -> dict[str, Any]:
    return {"request_type": "create", "entity_type": kind, "data": {"project": project, "code": code}}


def _batch(project: dict[str, Any], shots: list[int], number: int) -> list[dict[str, Any]]:
    """Creates and updates in turn; every one of them names the batch."""
    requests = []
    for shot in shots:
        requests.append(_create("Version", project, f"batch {number}"))
        data = {"description": f"batch {number}"}
        requests.append({"request_type": "update", "entity_type": "Shot", "entity_id": shot, "data": data})
    return requests


def _kill_in_a_batch(site: SiteProcess, project: dict[str, Any], shots: list[int], number: int, delay: float) -> None:
    client = site.client()  # connected, so that what follows is the batch alone
    started = threading.Event()

    def send() -> None:
        requests = _batch(project, shots, number)
        started.set()
        try:
            client.batch(requests)
        except Exception:  # the site died: that is the point
            return

    sender = threading.Thread(target=send)
    sender.start()
    started.wait()
    time.sleep(delay)
    site.kill()
    sender.join()
    site.start()


def _ending(client: Any, shots: list[int], number: int) -> str:
    name = f"batch {number}"
    made = client.find("Version", [["code", "is", name]])
    changed = client.find("Shot", [["id", "in", shots], ["description", "is", name]])
    news = _new_events(client, made)
    changes = _changes_to(client, name)
    assert (len(made), len(changed)) in ((len(shots), len(shots)), (0, 0)), f"{name}: {len(made)}, {len(changed)}"
    assert (len(news), len(changes)) == (len(made), len(changed)), f"{name}: {len(news)}, {len(changes)} events"
    return "whole" if made else "absent"


def _new_events(client: Any, made: list[Any]) -> list[Any]:
    if not made:  # the client can not ask for "in" of nothing
        return []
    return client.find("EventLogEntry", [["event_type", "is", "Shotgun_Version_New"], ["entity", "in", made]])


def _changes_to(client: Any, name: str) -> list[Any]:
    filters = [["event_type", "is", "Shotgun_Shot_Change"], ["attribute_name", "is", "description"]]
    events = client.find("EventLogEntry", filters, ["meta"])
    return [event for event in events if event["meta"]["new_value"] == name]


def _check_database(path: Path) -> None:
    """Whole as a file, and its event log without a gap and in step with its rows."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        first, last, count = database.execute("SELECT MIN(id), MAX(id), COUNT(*) FROM EventLogEntry").fetchone()
        assert last - first + 1 == count
        metas = database.execute("SELECT meta FROM EventLogEntry WHERE event_type='Shotgun_Version_New'")
        told = sorted(json.loads(meta)["entity_id"] for (meta,) in metas)
        assert told == [row[0] for row in database.execute("SELECT id FROM Version ORDER BY id")]
