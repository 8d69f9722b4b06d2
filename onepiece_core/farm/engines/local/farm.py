"""This machine as a farm."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from onepiece_core.errors import ExtraMissing, JobRejected, TaskUnknown
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.engines.local import reading
from onepiece_core.farm.engines.local.database import Database
from onepiece_core.farm.engines.local.host import refuse_other_host
from onepiece_core.farm.engines.local.places import log_path, logs_of
from onepiece_core.farm.engines.local.pool import Pool
from onepiece_core.farm.engines.local.queue import Queue, forget
from onepiece_core.farm.job import FarmJob, JobSnapshot, LogPart, TaskSnapshot
from onepiece_core.farm.log_file import read_log_file
from onepiece_core.farm.states import is_terminal

# Workers that take tasks meanwhile do not wait long.
_FORGOTTEN_TOGETHER = 50


class LocalFarm:
    """The queue of one folder, and its workers; see Farm."""

    name = "local"
    label = "This machine"
    capabilities = Capabilities(task_cancellation=True, task_progress=True, proof="real")

    def __init__(self, folder: Path, environ: Mapping[str, str], *, workers: int, idle_seconds: float) -> None:
        """``folder`` holds the queue and the logs; nothing is made yet."""
        self._database = Database(folder)
        self._queue = Queue(self._database)
        self._pool = Pool(self._database, environ, size=workers, idle_seconds=idle_seconds)

    def close(self) -> None:
        """Workers go on."""
        self._database.close()

    def check_available(self) -> None:
        """Raises ExtraMissing too: the workers' packages are an extra."""
        if find_spec("openjd") is None or find_spec("openjd.sessions") is None:
            raise ExtraMissing(
                "Rendering on this machine needs openjd-sessions", hint="pip install 'onepiece-pipeline[render]'"
            )
        self._database.open()

    def check(self, job: FarmJob) -> None:
        self.check_available()
        if not job.tasks:
            raise JobRejected("The job has no task", job=job.id)
        refuse_other_host(job)
        for handle in job.depends_on:
            if not self._queue.has(handle):
                raise JobRejected(f"There is no job {handle} here to wait for", job=job.id, unknown=[handle])

    def submit(self, job: FarmJob) -> str:
        self.check(job)
        self._queue.add(job)
        self._pool.tend()
        return job.id

    def find(self, job_id: str) -> str | None:
        return job_id if self._queue.has(job_id) else None

    def read_jobs(self, handles: Sequence[str]) -> Mapping[str, JobSnapshot]:
        self._pool.tend()
        return reading.read_jobs(self._database, handles, trouble=self._pool.trouble)

    def list_tasks(self, handle: str) -> list[TaskSnapshot]:
        return reading.list_tasks(self._database, self._queue.seq(handle))

    def read_log(self, handle: str, task: int, *, attempt: int | None, offset: int, limit: int) -> LogPart:
        seq = self._queue.seq(handle)
        rows = self._database.rows("select state, attempt from tasks where job = ? and number = ?", seq, task)
        if not rows:
            raise TaskUnknown(f"The job {handle} has no task {task}", job=handle, task=task)
        newest = rows[0]["attempt"]
        wanted = newest if attempt is None else attempt
        is_complete = wanted < newest or is_terminal(rows[0]["state"])
        path = log_path(self._database.folder, seq, task, wanted)
        return read_log_file(path, offset=offset, limit=limit, is_complete=is_complete)

    def cancel(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        self._queue.cancel(handle, tasks)

    def retry(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        self._queue.retry(handle, tasks)
        self._pool.tend()

    def hold(self, handle: str) -> None:
        self._queue.set_held(handle, True)

    def release(self, handle: str) -> None:
        self._queue.set_held(handle, False)
        self._pool.tend()

    def forget(self, handles: Sequence[str]) -> None:
        """See Forgetful."""
        for start in range(0, len(handles), _FORGOTTEN_TOGETHER):
            with self._database.transaction() as db:
                gone = forget(db, handles[start : start + _FORGOTTEN_TOGETHER])
            for seq in gone:
                shutil.rmtree(logs_of(self._database.folder, seq), ignore_errors=True)

    def set_priority(self, handle: str, priority: int) -> None:
        self._queue.set_priority(handle, priority)
