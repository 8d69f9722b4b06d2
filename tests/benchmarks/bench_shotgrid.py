"""The sandbox's ShotGrid over 100,000 Versions, through the unmodified client, beside mockgun in this process.

    .venv/bin/python -m tests.benchmarks.bench_shotgrid [--versions 100000] [--turns 7]

Each question is asked of both in turn. Printed: the best of our times with its limit, CPU of server and client,
mockgun's best, and the median of the paired ratios ours / mockgun with its quartiles. Both get the same rows; ours
travel over HTTP and answer with whole links, mockgun hands out its own dictionaries.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.support.shotgrid_site import SiteProcess

SHOTS = 1000
BATCH = 2000
STATUSES = ("rev", "vwd", "apr", "na")
FIELDS = ["code", "entity", "sg_status_list", "created_at"]


class WrongAnswer(Exception):
    """Another number of rows than there are."""


@dataclass
class Question:
    """``limit_ms``: what ours has to stay under; ``ask`` answers how many rows came."""

    name: str
    limit_ms: float
    ask: Callable[[Any], int]
    rows: int
    mockgun: bool = True
    ours_ms: list[float] = field(default_factory=list)
    theirs_ms: list[float] = field(default_factory=list)
    client_ms: list[float] = field(default_factory=list)
    server_ms: float = 0.0
    remark: str = "none"


def shots() -> Iterator[dict[str, Any]]:
    for number in range(SHOTS):
        yield {"code": f"ep{number // 100:02d}_sc{number // 10 % 10:02d}_{number % 10 * 10:04d}"}


def versions(project: dict[str, Any], made: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """A quarter of them has each status; 4 of 25 in each status are of the department comp."""
    for number in range(count):
        shot = made[number % len(made)]
        yield {
            "project": project,
            "code": f"{shot['code']}_comp_v{number // len(made):03d}",
            "entity": {"type": "Shot", "id": shot["id"]},
            "sg_status_list": STATUSES[number % 4],
            "sg_department": "comp" if number // 4 % 25 < 4 else "light",
            "sg_first_frame": 1001,
            "frame_count": number % 200,
        }


def fill(sg: Any, count: int, size: int) -> tuple[dict[str, Any], float]:
    """The same rows in either; microseconds per Version."""
    project = sg.create("Project", {"name": "Benchmark"})
    made = []
    for data in shots():
        made.append(sg.create("Shot", {"project": project, **data}))
    began = time.perf_counter()
    rows = versions({"type": "Project", "id": project["id"]}, made, count)
    while chunk := list(itertools.islice(rows, size)):
        sg.batch([{"request_type": "create", "entity_type": "Version", "data": data} for data in chunk])
    return project, (time.perf_counter() - began) / count * 1e6


def mockgun(site: Any, folder: Path) -> Any:
    """mockgun knows this site's types; it can not sum up, and its rows have no time of creation."""
    from shotgun_api3.lib.mockgun import Shotgun, generate_schema

    paths = str(folder / "schema"), str(folder / "entities")
    generate_schema(site, *paths)
    Shotgun.set_schema_paths(*paths)
    return Shotgun("http://mockgun", script_name="x", api_key="x")


def questions(project: int, count: int) -> list[Question]:
    linked = {"type": "Shot", "id": 0}

    def count_of(filters: list[Any], **options: Any) -> Callable[[Any], int]:
        return lambda sg: len(sg.find("Version", filters, FIELDS, **options))

    def by_entity(sg: Any) -> int:
        if not linked["id"]:
            linked["id"] = sg.find_one("Shot", [["code", "is", "ep04_sc02_0030"]])["id"]
        return len(sg.find("Version", [["entity", "is", linked]], FIELDS))

    def by_id(sg: Any) -> int:
        return len(sg.find("Version", [["id", "is", 4321]], FIELDS))

    def summary(sg: Any) -> int:
        grouping = [{"field": "sg_status_list", "type": "exact", "direction": "asc"}]
        told = sg.summarize("Version", [], [{"field": "id", "type": "record_count"}], grouping=grouping)
        return int(told["summaries"]["id"])

    numbers = itertools.count()

    def create(sg: Any) -> int:
        sg.create("Shot", {"project": {"type": "Project", "id": project}, "code": f"new_{next(numbers)}"})
        return 1

    third = [
        ["project", "is", {"type": "Project", "id": project}],
        ["sg_status_list", "is", "rev"],
        ["sg_department", "is", "comp"],
    ]
    newest = [{"field_name": "created_at", "direction": "desc"}]
    return [
        Question("by id", 5, by_id, 1),
        Question("by code", 5, count_of([["code", "is", "ep05_sc05_0050_comp_v005"]]), 1),
        Question("by entity", 15, by_entity, count // SHOTS),
        Question("three filters", 200, count_of(third), count // 25),
        Question("linked starts_with", 500, count_of([["entity.Shot.code", "starts_with", "ep03"]]), count // 10),
        Question("newest 50", 10, count_of([], order=newest, limit=50), 50),
        Question("all rows", 4500, count_of([]), count),
        Question("summarize by status", 150, summary, count, mockgun=False),
        Question("create one", 5, create, 1),
    ]


def ask(question: Question, sg: Any) -> tuple[float, float]:
    """Once: milliseconds, and those of this process's CPU."""
    client, began = time.process_time(), time.perf_counter()
    found = question.ask(sg)
    took = (time.perf_counter() - began) * 1000
    if found != question.rows:
        raise WrongAnswer(f"{found} rows instead of {question.rows}")
    return took, (time.process_time() - client) * 1000


def measure(question: Question, ours: Any, theirs: Any, server: psutil.Process, turns: int) -> None:
    busy = server.cpu_times()
    for _ in range(turns):
        took, client = ask(question, ours)
        question.ours_ms.append(took)
        question.client_ms.append(client)
        if question.mockgun and theirs is not None:
            try:
                question.theirs_ms.append(ask(question, theirs)[0])
            except Exception as error:  # what a peer cannot do is part of the comparison
                question.mockgun, question.remark = False, f"{type(error).__name__}: {str(error)[:60]}"
    now = server.cpu_times()
    question.server_ms = (now.user + now.system - busy.user - busy.system) * 1000 / turns


def row(question: Question) -> str:
    best = min(question.ours_ms)
    told = f"{best:9.1f} {question.limit_ms:7.0f} {'kept' if best <= question.limit_ms else 'NOT KEPT':>8}"
    told += f" {question.server_ms:8.1f} {statistics.median(question.client_ms):8.1f}"
    if not question.theirs_ms:
        return f"  {question.name:20} {told}  {question.remark}"
    ratios = [mine / other for mine, other in zip(question.ours_ms, question.theirs_ms, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"  {question.name:20} {told} {min(question.theirs_ms):9.1f}  {middle:.3f} ({low:.3f}-{high:.3f})"


def many_at_once(site: SiteProcess, project: int) -> tuple[int, float]:
    """8 threads, each with a client of its own, make 300 Shots one by one: rows there afterwards, and seconds."""
    link = {"type": "Project", "id": project}

    def work(number: int) -> None:
        sg = site.client()
        for turn in range(300):
            sg.create("Shot", {"project": link, "code": f"thread{number}_{turn:04d}"})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    return len(site.client().find("Shot", [["code", "starts_with", "thread"]])), took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--alone", action="store_true", help="leave mockgun out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onepiece-bench-") as folder:
        site = SiteProcess(Path(folder) / "site", ("--empty",)).start()
        try:
            run(site, Path(folder), options)
        finally:
            site.kill()


def run(site: SiteProcess, folder: Path, options: argparse.Namespace) -> None:
    ours = site.client()
    project, micros = fill(ours, options.versions, BATCH)
    theirs = None
    if not options.alone:
        theirs = mockgun(ours, folder)
        their_project, their_micros = fill(theirs, options.versions, BATCH)
        if their_project["id"] != project["id"]:
            raise SystemExit("the two count their projects differently")
        print(f"  mockgun: bulk create: {their_micros:.0f} microseconds a row")
    server = psutil.Process(site.process.pid)
    print(f"{options.versions} Versions, best of {options.turns}; milliseconds")
    head = f"  {'':20} {'ours':>9} {'limit':>7} {'':8} {'server':>8} {'client':>8} {'mockgun':>9}"
    print(f"{head}  ours/mockgun (quartiles)")
    for question in questions(project["id"], options.versions):
        question.ask(ours)  # warm
        measure(question, ours, theirs, server, options.turns)
        print(row(question), flush=True)
    print(f"  bulk create: {micros:.0f} microseconds a row (limit 300)")
    rows, took = many_at_once(site, project["id"])
    print(f"  8 threads x 300 creates: {rows} rows in {took:.1f} s")
    print(f"  memory of the server: {server.memory_info().rss / 2**20:.0f} MB (limit 200)")
    site.stop()
    began = time.perf_counter()
    site.start()
    print(f"  start with this data: {time.perf_counter() - began:.2f} s (limit 2)")


if __name__ == "__main__":
    main()
