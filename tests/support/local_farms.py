"""Farms of this machine in a folder of their own, whose workers end with the test."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil

from onepiece_core.farm.engines.local import LocalFarm, open_farm
from onepiece_core.farm.engines.local.pool import WORKER_VARIABLE
from onepiece_core.farm.process_tree import end_marked
from onepiece_core.farm.protocol import FarmSetup
from onepiece_core.process_mark import ProcessMark


@contextmanager
def local_farm(
    folder: Path, *, workers: int = 2, idle_seconds: float = 5, environ: Mapping[str, str] | None = None
) -> Iterator[LocalFarm]:
    options = {"workers": workers, "idle_seconds": idle_seconds}
    farm = open_farm(FarmSetup(folder, options, dict(os.environ if environ is None else environ)))
    try:
        yield farm
    finally:
        farm.close()
        end_workers(folder)


def live_workers(folder: Path) -> list[psutil.Process]:
    """The processes that the queue knows as workers and that run."""
    rows = _rows(folder, "select pid, started from workers")
    found = []
    for pid, started in rows:
        with suppress(psutil.NoSuchProcess):  # it may end at any moment
            if ProcessMark(pid, started).is_alive():
                found.append(psutil.Process(pid))
    return found


def end_workers(folder: Path) -> None:
    """By force, and what they run."""
    if not (folder / "queue.db").exists():
        return
    processes = live_workers(folder)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)
    for (token,) in _rows(folder, "select token from workers"):
        end_marked(WORKER_VARIABLE, str(token))


def _rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "queue.db", timeout=30)) as db:
        return db.execute(sql).fetchall()
