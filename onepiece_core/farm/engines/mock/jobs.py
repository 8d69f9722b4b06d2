"""The pretended farm's jobs: one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

from onepiece_core.errors import FarmUnavailable, JobUnknownToFarm
from onepiece_core.farm.engines.mock.schedule import MockJob, MockTask
from onepiece_core.wal import turn_to_wal


class MockJobs:
    """One connection for the threads of this process; other processes have their own."""

    def __init__(self, folder: Path) -> None:
        """Nothing is opened yet."""
        self._path = folder / "mock.db"
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def change(self) -> Iterator[None]:
        """All of what is saved within it, or nothing; others wait."""
        with self._lock, self._translated():
            db = self._connection()
            db.execute("begin immediate")
            try:
                yield
                db.execute("commit")
            except BaseException:
                if db.in_transaction:
                    db.execute("rollback")
                raise

    def add(self, job: MockJob) -> None:
        """A job of this id that is there already stays."""
        with self._lock, self._translated():
            self._connection().execute("insert or ignore into jobs (id, data) values (?, ?)", (job.job_id, _text(job)))

    def find(self, job_id: str) -> MockJob | None:
        with self._lock, self._translated():
            row = self._connection().execute("select data from jobs where id = ?", (job_id,)).fetchone()
        return None if row is None else _job(row[0])

    def get(self, handle: str) -> MockJob:
        """Raises JobUnknownToFarm."""
        job = self.find(handle)
        if job is None:
            raise JobUnknownToFarm(f"The farm mock has no job {handle}", job=handle)
        return job

    def find_all(self, handles: Sequence[str]) -> list[MockJob]:
        """Those of them that are known."""
        sql = "select data from jobs where id in (select value from json_each(?))"
        with self._lock, self._translated():
            return [_job(data) for (data,) in self._connection().execute(sql, (json.dumps(list(handles)),))]

    def save(self, job: MockJob) -> None:
        with self._lock, self._translated():
            self._connection().execute("update jobs set data = ? where id = ?", (_text(job), job.job_id))

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            db = sqlite3.connect(self._path, timeout=20, isolation_level=None, check_same_thread=False)
            turn_to_wal(db)
            # Survives a process that is killed; a machine that loses power may forget what it pretended.
            db.execute("pragma synchronous = normal")
            db.execute("create table if not exists jobs (id text primary key, data text not null)")
            self._db = db
        return self._db

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise FarmUnavailable(f"The file of the farm mock cannot be used: {error}", path=str(self._path)) from error


def _text(job: MockJob) -> str:
    fresh = MockTask()
    tasks = [None if task == fresh else [*asdict(task).values()] for task in job.tasks]
    told = {each.name: getattr(job, each.name) for each in fields(job)}
    return json.dumps({**told, "tasks": tasks})


def _job(text: str) -> MockJob:
    told = json.loads(text)
    tasks = [MockTask() if values is None else MockTask(*values) for values in told.pop("tasks")]
    frames, needs = tuple(told.pop("frames")), tuple(told.pop("needs"))
    return MockJob(**told, frames=frames, needs=needs, tasks=tasks)
