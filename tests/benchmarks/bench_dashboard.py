"""The dashboard over a show of 2,000 shots and 100,000 Versions: first bytes beside an empty route, and many users.

    .venv/bin/python -m tests.benchmarks.bench_dashboard [--shots 2000] [--versions 100000] [--turns 7]

Each page is asked for in turn with ``/``, an authenticated route of the same application that reads nothing. Printed:
the median of the paired ratios with its quartiles, CPU of the server for each page, the same while ShotGrid is away,
the requests that one changed Version costs, and what fifty users at once do to errors and memory.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx
import psutil

from tests.benchmarks.measure import verdict
from tests.support.shotgrid_site import SCRIPT, SiteProcess
from tests.support.trafalgar import make_folder, serving

EMPTY = "/"
REPEATS = 10
USERS, USER_SECONDS = 50, 10.0
RATIO_LIMIT, CPU_LIMIT_MS, REQUEST_LIMIT = 10.0, 100.0, 5


class Asker:
    """One kept connection. ``first_byte`` in seconds."""

    def __init__(self, client: httpx.Client) -> None:
        self._connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port or 80, timeout=60)
        keys = {name: client.headers[name] for name in ("x-api-key", "x-api-secret")}
        self._headers = {**keys, "Accept-Encoding": "gzip"}

    def first_byte(self, path: str) -> float:
        started = time.perf_counter()
        self._connection.request(
            "GET", path, headers={**self._headers, "Accept-Encoding": "gzip", "Accept": "text/html"}
        )
        answer = self._connection.getresponse()
        seconds = time.perf_counter() - started
        answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{path} was answered with {answer.status}")
        return seconds


def compare(asker: Asker, server: psutil.Process, path: str, turns: int) -> None:
    ratios, seconds = [], []
    asker.first_byte(path)
    for _ in range(turns):
        empty = statistics.median(asker.first_byte(EMPTY) for _ in range(REPEATS))
        page = statistics.median(asker.first_byte(path) for _ in range(REPEATS))
        ratios.append(page / empty)
        seconds.append(page)
    before = sum(server.cpu_times()[:2])
    for _ in range(50):
        asker.first_byte(path)
    cpu_ms = (sum(server.cpu_times()[:2]) - before) * 1000 / 50
    told = f"{statistics.median(seconds) * 1000:6.2f} ms, {cpu_ms:5.2f} CPU ms (limit {CPU_LIMIT_MS:.0f})"
    print(f"  {path:40} {told}; / empty route {verdict(ratios, RATIO_LIMIT)}", flush=True)


def many_users(client: httpx.Client, server: psutil.Process, paths: list[str]) -> None:
    asked = [0] * USERS

    def use(number: int) -> None:
        asker, until = Asker(client), time.monotonic() + USER_SECONDS
        while time.monotonic() < until:
            for path in paths:
                asker.first_byte(path)
                asked[number] += 1

    for name in ("first", "again"):
        asked[:] = [0] * USERS
        before = server.memory_info().rss
        users = [threading.Thread(target=use, args=(number,)) for number in range(USERS)]
        for user in users:
            user.start()
        for user in users:
            user.join()
        told = f"{before / 2**20:.0f} -> {server.memory_info().rss / 2**20:.0f} MiB"
        print(f"  {USERS} users, {name}: {sum(asked)} answers, {told}", flush=True)


def seed(site: SiteProcess, wanted: dict[str, int | bool]) -> None:
    headers = {"Authorization": f"Bearer {site.key}"}
    with httpx.stream("POST", f"{site.url}/sandbox/seed", json=wanted, headers=headers, timeout=600) as answer:
        if answer.status_code != 200:
            raise SystemExit(answer.read().decode())
        for _ in answer.iter_bytes():
            pass


def wait_for_show(client: httpx.Client, versions: int) -> str:
    while True:
        for show in client.get("/dashboard/v1/projects").json()["items"]:
            if show["progress"]["versions"]["total"] == versions:
                return str(show["code"])
        time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", type=int, default=2000)
    parser.add_argument("--versions", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onepiece-bench-") as name:
        root = Path(name)
        site = SiteProcess(root / "site").start()
        print("seeding", flush=True)
        seed(site, {"shots": asked.shots, "versions": asked.versions, "thumbnails": False})
        config = f'[shotgrid]\nurl = "{site.url}"\nscript = "{SCRIPT}"\nkey = "{site.key}"\n'
        config += "[tracker]\nattempts = 1\n[dashboard]\ncache_ttl = 2\n[server]\nrequests_per_minute = 1000000\n"
        with serving(make_folder(root / "server", config)) as (process, client):
            started = time.monotonic()
            show = wait_for_show(client, asked.versions)
            print(f"  read whole in {time.monotonic() - started:.1f} s", flush=True)
            server, asker = psutil.Process(process.pid), Asker(client)
            shot = client.get(f"/dashboard/v1/projects/{show}/shots?limit=1").json()["items"][0]["id"]
            paths = [
                "/ui/",
                f"/ui/projects/{show}",
                f"/ui/projects/{show}/versions",
                f"/ui/projects/{show}/shots/{shot}",
            ]
            for path in paths:
                compare(asker, server, path, asked.turns)
            changed_version(site, client)
            many_users(client, server, paths)
            site.stop()
            time.sleep(5)
            print("  with ShotGrid away:", flush=True)
            asker = Asker(client)  # the other connection was kept for too long
            for path in paths[:2]:
                compare(asker, server, path, asked.turns)


def changed_version(site: SiteProcess, client: httpx.Client) -> None:
    """How many requests it takes beside those of a refresh that finds nothing."""
    tracker = site.client()
    one = tracker.find_one("Version", [], ["sg_status_list"])
    wanted = "apr" if one["sg_status_list"] != "apr" else "vwd"
    tracker.update("Version", one["id"], {"sg_status_list": wanted})
    since = len(site.calls())
    before = client.get("/dashboard/v1/admin/cache").json()["generation"]
    while client.get("/dashboard/v1/admin/cache").json()["generation"] == before:
        time.sleep(0.05)
    asked = [call["method"] for call in site.calls()[since:]]
    print(f"  one changed Version: {len(asked)} requests (limit under {REQUEST_LIMIT}): {asked}", flush=True)


if __name__ == "__main__":
    main()
