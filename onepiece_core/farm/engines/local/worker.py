"""A worker of this machine: ``python -m onepiece_core.farm.engines.local.worker FOLDER ID IDLE_SECONDS SIZE``.

It is started by the pool, detached, and outlives whoever submitted. It takes tasks until there is none for a while.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from onepiece_core.errors import FarmError
from onepiece_core.farm.engines.local.claims import Claim, Ended, claim, end, give_back, is_wanted, note_progress
from onepiece_core.farm.engines.local.database import Database, one
from onepiece_core.farm.engines.local.places import is_disk_full, log_path
from onepiece_core.farm.engines.local.pool import Pool
from onepiece_core.farm.job_file import job_from_json
from onepiece_core.process_mark import ProcessMark

if TYPE_CHECKING:
    from onepiece_core.farm.run_task import JobSession

_POLL_SECONDS = 0.1
_TEND_SECONDS = 2.0
_PROGRESS_SECONDS = 1.0
_RETRY_SECONDS = 1.0  # until the disk takes a write again

T = TypeVar("T")


class QueueGone(Exception):
    """The folder of the queue was removed."""


class Worker:
    def __init__(self, folder: Path, worker: int, pool: Pool, database: Database) -> None:
        self._folder, self._id, self._pool, self._database = folder, worker, pool, database
        self._work_dir = folder / "work" / str(worker)
        self._session: tuple[int, JobSession] | None = None
        self._is_ending = False  # somebody ends this process: SIGTERM
        self._tended_at = self._looked_at = time.monotonic()

    def run(self) -> None:
        """Until there is no work for a while, or a signal."""
        if not self._is_expected():
            return
        signal.signal(signal.SIGTERM, self._on_signal)
        self._work_dir.mkdir(parents=True, exist_ok=True)
        claimed = self._insist(lambda: self._next(None))
        while claimed is not None:
            finished = (claimed, self._attempt(claimed))
            claimed = self._insist(partial(self._next, finished))
        self._close_session()
        shutil.rmtree(self._work_dir, ignore_errors=True)

    def _is_expected(self) -> bool:
        """Whether the pool wrote us down. It does so in the transaction that started us: that is over, or fails."""
        me = ProcessMark.me()
        with self._database.transaction() as db:
            ready = "update workers set is_ready = 1 where id = ? and pid = ? and started = ?"
            return bool(db.execute(ready, (self._id, me.pid, me.started)).rowcount)

    def _on_signal(self, *_: object) -> None:
        self._is_ending = True

    def _next(self, finished: tuple[Claim, Ended | None] | None) -> Claim | None:
        """Record what ended and take the next task, in one write; wait while there is none. None: go home."""
        claimed = self._exchange(finished)
        if claimed is not None or self._is_ending:
            return claimed
        self._close_session()
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < self._pool.idle_seconds and not self._is_ending:
            self._tend()
            if self._has_work() and (claimed := self._exchange(None)) is not None:
                return claimed
            time.sleep(_POLL_SECONDS)
        return self._exchange(None, may_leave=True)

    def _exchange(self, finished: tuple[Claim, Ended | None] | None, *, may_leave: bool = False) -> Claim | None:
        with self._database.transaction() as db:
            if finished is not None:
                _settle(db, *finished)
            claimed = None if self._is_ending or is_disk_full(self._folder) else claim(db, self._id)
            if claimed is None and (may_leave or self._is_ending):
                # In the very write that found nothing: whoever adds work later sees that we are gone.
                db.execute("delete from workers where id = ?", (self._id,))
            return claimed

    def _has_work(self) -> bool:
        if not self._database.path.exists():
            raise QueueGone
        startable = "select 1 from jobs where may_start = 1 and is_held = 0 and waits_for = 0 limit 1"
        return bool(self._database.rows(startable)) and not is_disk_full(self._folder)

    def _attempt(self, claimed: Claim) -> Ended | None:
        """Run the task; None: it is not its fault that it did not end, so it is given back."""
        from onepiece_core.farm.run_task import InvalidJob

        try:
            ended = self._open_session(claimed.job).run(
                claimed.number,
                log=log_path(self._folder, claimed.job, claimed.number, claimed.attempt),
                on_progress=self._progress(claimed),
                cancelled=lambda: self._is_to_stop(claimed),
            )
        except InvalidJob as error:
            return Ended("failed", message=str(error))
        except Exception as error:  # whatever it is, the next task may do better, and somebody reads why
            _say_why()
            self._close_session()
            return Ended("failed", message=f"{type(error).__name__}: {error}")
        if self._is_ending and ended.state != "succeeded":
            return None  # who ends a machine ends all processes at once, the task's before us or after
        return Ended(ended.state, ended.exit_code, ended.message)

    def _open_session(self, job: int) -> JobSession:
        """The session of the task before, where it was of this job and went well: a new one costs more than a task."""
        from onepiece_core.farm.run_task import JobSession

        if self._session is not None and self._session[0] == job and self._session[1].is_usable:
            return self._session[1]
        self._close_session()
        document = one(self._database.rows("select document from jobs where seq = ?", job))
        session = JobSession(job_from_json(json.loads(document)), self._work_dir)
        self._session = (job, session)
        return session

    def _close_session(self) -> None:
        if self._session is not None:
            self._session[1].close()
            self._session = None

    def _progress(self, claimed: Claim) -> Callable[[float | None, str], None]:
        noted_at = 0.0

        def note(progress: float | None, message: str) -> None:
            nonlocal noted_at
            now = time.monotonic()
            if now - noted_at < _PROGRESS_SECONDS:
                return
            noted_at = now
            try:
                note_progress(self._database, claimed, progress, message)
            except FarmError:
                pass  # progress is a courtesy; what counts is recorded at the end

        return note

    def _is_to_stop(self, claimed: Claim) -> bool:
        if self._is_ending:
            return True
        now = time.monotonic()
        if now - self._looked_at < _POLL_SECONDS:
            return False
        self._looked_at = now
        try:
            self._tend()
            return not is_wanted(self._database, claimed)
        except FarmError:
            return False  # a full disk stops nobody's frame

    def _tend(self) -> None:
        if time.monotonic() - self._tended_at >= _TEND_SECONDS:
            self._tended_at = time.monotonic()
            self._pool.tend()

    def _insist(self, do: Callable[[], T]) -> T:
        """Until the disk takes it: what a task came to must not be forgotten, and this process is its only witness."""
        while True:
            try:
                return do()
            except FarmError:
                if not self._database.path.exists():
                    raise QueueGone from None
                _say_why()
                time.sleep(_RETRY_SECONDS)


def _say_why() -> None:
    """The error that is handled now, to the worker's log; that may lie on the very disk that is full."""
    try:
        traceback.print_exc()
    except OSError:
        pass


def _settle(db: sqlite3.Connection, claimed: Claim, ended: Ended | None) -> None:
    if ended is None:
        give_back(db, claimed)
    else:
        end(db, claimed, ended)


def main(arguments: list[str]) -> None:
    folder, worker, idle_seconds, size = Path(arguments[0]), int(arguments[1]), float(arguments[2]), int(arguments[3])
    database = Database(folder)
    pool = Pool(database, os.environ, size=size, idle_seconds=idle_seconds)
    try:
        Worker(folder, worker, pool, database).run()
    except QueueGone:
        pass
    finally:
        database.close()


if __name__ == "__main__":
    main(sys.argv[1:])
