"""The workers of the queue: as many processes as there is work for, detached, and the end of what dead ones left.

Whoever uses the queue tends the pool: the service's poller, a command, and every worker. So none of them is missed.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from onepiece_core.config.environment import VARIABLES, is_secret
from onepiece_core.farm.engines.local.claims import Ended, end, held_by
from onepiece_core.farm.engines.local.database import Database
from onepiece_core.farm.engines.local.places import is_disk_full
from onepiece_core.farm.process_tree import end_marked
from onepiece_core.process_mark import ProcessMark

MODULE = "onepiece_core.farm.engines.local.worker"
# In the environment of a worker and of all that it starts: which worker it was.
WORKER_VARIABLE = "ONEPIECE_FARM_WORKER"
# A worker that ended before it could work is not started again and again.
_PAUSE_SECONDS = 5.0

_Rows = Callable[..., list[sqlite3.Row]]


class Pool:
    def __init__(self, database: Database, environ: Mapping[str, str], *, size: int, idle_seconds: float) -> None:
        """``size``: how many workers there may be; ``idle_seconds``: when one without work ends."""
        self._database, self._environ = database, without_secrets(environ)
        self.size, self.idle_seconds = size, idle_seconds
        self._children: list[int] = []  # workers that this process started
        self._paused_until = 0.0  # by the clock that only grows
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why nothing is begun, in words for people; empty when all is well."""
        folder = self._database.folder
        return f"The disk of {folder} is full: nothing is begun" if is_disk_full(folder) else self._trouble

    def tend(self) -> None:
        """Queue again what dead workers had, and start the workers that are missing."""
        self._children = [pid for pid in self._children if not _is_reaped(pid)]
        self._bury_the_dead()
        if time.monotonic() >= self._paused_until and self._missing(self._database.rows):
            with self._database.transaction() as db:
                # Again, where nobody else can start them meanwhile.
                for _ in range(self._missing(lambda sql, *values: db.execute(sql, values).fetchall())):
                    self._start(db)

    def _missing(self, rows: _Rows) -> int:
        """How many workers are to be started."""
        waiting: int = rows(  # a cross join keeps the order: few jobs may start, and many tasks may be queued
            "select count(*) from (select 1 from jobs cross join tasks on tasks.job = jobs.seq where may_start = 1"
            " and is_held = 0 and waits_for = 0 and tasks.state = 'queued' limit ?)",
            self.size,
        )[0][0]
        if not waiting:
            return 0
        workers: int = rows("select count(*) from workers")[0][0]
        busy: int = rows("select count(*) from tasks where worker is not null")[0][0]
        return max(0, min(waiting - (workers - busy), self.size - workers))

    def _start(self, db: sqlite3.Connection) -> None:
        """Start a worker and write it down; it finds its row once this transaction is over."""
        token = uuid.uuid4().hex
        cursor = db.execute("insert into workers (token, since) values (?, ?)", (token, time.time()))
        worker = cursor.lastrowid or 0
        options = [str(self._database.folder), str(worker), str(self.idle_seconds), str(self.size)]
        environ = {**self._environ, WORKER_VARIABLE: token}
        pid = _start_process(options, environ, cwd=self._database.folder, log=self._log(worker))
        self._children.append(pid)
        if (
            mark := ProcessMark.of(pid)
        ) is not None:  # else it has ended already, and is buried as one that nobody knows
            db.execute("update workers set pid = ?, started = ? where id = ?", (mark.pid, mark.started, worker))

    def _bury_the_dead(self) -> None:
        for row in self._database.rows("select id, pid, started, token, is_ready from workers"):
            if ProcessMark(row["pid"], row["started"]).is_alive():
                self._trouble = "" if row["is_ready"] else self._trouble
                continue
            if not row["is_ready"]:
                self._paused_until = time.monotonic() + _PAUSE_SECONDS
                self._trouble = f"No worker starts: {self._last_words(row['id'])}"
            self._bury(row["id"], row["pid"], row["token"])

    def _last_words(self, worker: int) -> str:
        try:
            lines = self._log(worker).read_text(errors="replace").split("\n")
        except OSError:
            lines = []
        return next((line.strip() for line in reversed(lines) if line.strip()), "it ends without a word")

    def _log(self, worker: int) -> Path:
        return self._database.folder / "workers" / f"{worker}.log"

    def _bury(self, worker: int, pid: int, token: str) -> None:
        if left := held_by(self._database, worker):
            end_marked(WORKER_VARIABLE, token)  # first of all: two of one task would write the same frames
        with self._database.transaction() as db:
            for claimed in left:
                end(db, claimed, Ended("lost", message=f"Its worker, process {pid}, ended while it ran."))
            db.execute("delete from workers where id = ?", (worker,))


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """What tasks may see: a renderer may need AWS's keys, and nobody's scene the keys of our own services."""
    secret = {name for key, names in VARIABLES.items() if is_secret(key) and key[0] != "aws" for name in names}
    return {name: value for name, value in environ.items() if name not in secret}


def _start_process(options: Sequence[str], environ: Mapping[str, str], *, cwd: Path, log: Path) -> int:
    """Start a worker that outlives this process."""
    detached = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, *options],
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=detached,
        )
    # It is meant to outlive us: without this, subprocess warns when the object goes away.
    process.returncode = 0
    return process.pid


def _is_reaped(pid: int) -> bool:
    """Whether a child of ours has ended. A service that lives for months must not keep the dead of each day."""
    if sys.platform == "win32":
        return True  # keeps none
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True
