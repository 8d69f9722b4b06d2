"""The workers of the queue: as many processes as there is work for, detached, and the end of what dead ones left.

Whoever uses the queue tends the pool: the service's poller, a command, and every worker. So none of them is missed.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from onepiece_core.config.environment import VARIABLES, is_secret
from onepiece_core.farm.engines.local.claims import Ended, end, held_by
from onepiece_core.farm.engines.local.database import Database
from onepiece_core.farm.engines.local.process_mark import ProcessMark, end_marked

MODULE = "onepiece_core.farm.engines.local.worker"
# In the environment of every task and of all that it starts: which attempt it belongs to.
ATTEMPT_VARIABLE = "ONEPIECE_FARM_ATTEMPT"
# A worker that ends at once is not started again and again.
_RESTART_SECONDS = 5.0

_Rows = Callable[..., list[sqlite3.Row]]


class Pool:
    def __init__(self, database: Database, environ: Mapping[str, str], *, size: int, idle_seconds: float) -> None:
        """``size``: how many workers there may be; ``idle_seconds``: when one without work ends."""
        self._database, self._environ = database, without_secrets(environ)
        self.size, self.idle_seconds = size, idle_seconds
        self._started_at: list[float] = []  # by the clock that only grows

    def tend(self) -> None:
        """Queue again what dead workers had, and start the workers that are missing."""
        self._bury_the_dead()
        if self._missing(self._database.rows):
            with self._database.transaction() as db:
                # Again, where nobody else can start them meanwhile.
                for _ in range(self._missing(lambda sql, *values: db.execute(sql, values).fetchall())):
                    self._start(db)

    def _missing(self, rows: _Rows) -> int:
        """How many workers are to be started."""
        waiting: int = rows(
            "select count(*) from (select 1 from jobs join tasks on tasks.job = jobs.seq where may_start = 1"
            " and is_held = 0 and waits_for = 0 and tasks.state = 'queued' limit ?)",
            self.size,
        )[0][0]
        if not waiting:
            return 0
        workers: int = rows("select count(*) from workers")[0][0]
        busy: int = rows("select count(*) from tasks where worker is not null")[0][0]
        now = time.monotonic()
        self._started_at = [at for at in self._started_at if now - at < _RESTART_SECONDS]
        return max(0, min(waiting - (workers - busy), self.size - max(workers, len(self._started_at))))

    def _start(self, db: sqlite3.Connection) -> None:
        """Start a worker and write it down; it finds its row once this transaction is over."""
        cursor = db.execute("insert into workers (pid, started, since) values (0, '', ?)", (time.time(),))
        worker = cursor.lastrowid
        options = [str(worker), str(self.idle_seconds), str(self.size)]
        mark = _start_process(self._database.folder, options, self._environ, log_name=f"{worker}.log")
        self._started_at.append(time.monotonic())
        if mark is None:  # it has ended already
            db.execute("delete from workers where id = ?", (worker,))
        else:
            db.execute("update workers set pid = ?, started = ? where id = ?", (mark.pid, mark.started, worker))

    def _bury_the_dead(self) -> None:
        for row in self._database.rows("select id, pid, started from workers"):
            if not ProcessMark(row["pid"], row["started"]).is_alive():
                self._bury(row["id"], row["pid"])

    def _bury(self, worker: int, pid: int) -> None:
        left = held_by(self._database, worker)
        for claimed in left:  # first of all: two of one task would write the same frames
            end_marked(ATTEMPT_VARIABLE, attempt_name(claimed.job_id, claimed.number, claimed.attempt))
        with self._database.transaction() as db:
            for claimed in left:
                end(db, claimed, Ended("lost", message=f"Its worker, process {pid}, ended while it ran."))
            db.execute("delete from workers where id = ?", (worker,))


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """What tasks may see: a renderer may need AWS's keys, and nobody's scene the keys of our own services."""
    secret = {name for key, names in VARIABLES.items() if is_secret(key) and key[0] != "aws" for name in names}
    return {name: value for name, value in environ.items() if name not in secret}


def attempt_name(job_id: str, number: int, attempt: int) -> str:
    return f"{job_id}:{number}:{attempt}"


def _start_process(
    folder: Path, options: Sequence[str], environ: Mapping[str, str], *, log_name: str
) -> ProcessMark | None:
    """Start a worker that outlives this process; None when it has ended at once."""
    detached = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    logs = folder / "workers"
    logs.mkdir(exist_ok=True)
    with (logs / log_name).open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, str(folder), *options],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=detached,
        )
    mark = ProcessMark.of(process.pid)
    # It is meant to outlive us: without this, subprocess warns when the object goes away.
    process.returncode = 0
    return mark
