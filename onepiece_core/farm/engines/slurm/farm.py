"""The farm: see ``farm/protocol.py`` for what each call means."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from onepiece_core.errors import FarmConfigurationError, JobConflict, JobRejected, JobUnknownToFarm, StorageError
from onepiece_core.errors import TaskUnknown as NoSuchTask
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.engines.slurm import NAME, Options
from onepiece_core.farm.engines.slurm.clients import Clients
from onepiece_core.farm.engines.slurm.folder import Array, JobFolder
from onepiece_core.farm.engines.slurm.states import Known, Placed, by_place
from onepiece_core.farm.job import FarmJob, JobSnapshot, LogPart, TaskSnapshot
from onepiece_core.farm.log_file import read_log_file
from onepiece_core.farm.states import is_terminal, job_state

_RETRIED = frozenset(["failed", "cancelled", "lost"])
_WAITING = frozenset(["queued", "held", "blocked"])
# Only an administrator may make a job more urgent than the others: ours are made less so.
_NICE = 100  # for each step of priority


class SlurmFarm:
    """A job's handle is the name of its folder, which is our id of it."""

    name = NAME
    label = "Slurm"
    capabilities = Capabilities(task_cancellation=True, proof="real")

    def __init__(self, clients: Clients, options: Options, jobs_dir: Path) -> None:
        self._clients, self._options, self._jobs_dir = clients, options, jobs_dir

    def check_available(self) -> None:
        self._clients.check_controller()

    def check(self, job: FarmJob) -> None:
        last = min(len(job.tasks), self._options.max_array) - 1
        words = [f"--array=0-{last}", *self._words(job)]
        self._clients.check("#!/bin/sh\n", words)

    def submit(self, job: FarmJob) -> str:
        handle = _handle(job.id)
        folder = JobFolder(self._jobs_dir / handle)
        try:
            with folder.lock():
                if not folder.exists():
                    folder.make(job)
                self._send(folder, job)
        except StorageError as cause:
            raise FarmConfigurationError(
                f"The job cannot be written where Slurm's nodes read it: {cause}",
                hint="Set jobs_dir in [farms.slurm] to a folder that they and this machine share.",
                farm=NAME,
            ) from cause
        return handle

    def find(self, job_id: str) -> str | None:
        handle = _handle(job_id)
        folder = JobFolder(self._jobs_dir / handle)
        if not folder.exists():
            return None
        with folder.lock():
            arrays = self._adopted(folder)
        planned = sum(len(array.tasks) for array in arrays)
        is_whole = planned >= len(folder.read_job().tasks) and all(array.slurm_id for array in arrays)
        return handle if is_whole else None

    def read_jobs(self, handles: Sequence[str]) -> Mapping[str, JobSnapshot]:
        folders = {handle: JobFolder(self._jobs_dir / handle) for handle in handles}
        known = {handle: Known(folder) for handle, folder in folders.items() if folder.exists()}
        arrays = set[str]().union(*(each.asked_arrays() for each in known.values()))
        if arrays:
            elements = by_place(self._clients.list_elements(arrays))
        else:
            elements = {}
            if handles:
                self._clients.check_controller()
        found = {}
        for handle, each in known.items():
            tasks = each.tasks(elements)
            if any(task.state == "lost" for task in tasks):
                # It may have ended, and been forgotten, after we read the folder.
                tasks = Known(folders[handle]).tasks(elements)
            if tasks:
                found[handle] = _snapshot(handle, tasks)
        return found

    def list_tasks(self, handle: str) -> list[TaskSnapshot]:
        folder = self._folder(handle)
        frames = folder.read_job().tasks
        return [_task(folder, placed, frames[placed.task]) for placed in self._tasks(folder)]

    def read_log(self, handle: str, task: int, *, attempt: int | None, offset: int, limit: int) -> LogPart:
        folder = self._folder(handle)
        placed = self._tasks(folder)
        _check_known(handle, [task], placed)
        now = placed[task]
        newest = now.attempt.number if now.attempt else 0
        is_over = is_terminal(now.state) or (attempt is not None and attempt < newest)
        path = folder.log_of(task, attempt or newest)
        if attempt is None and is_over and not path.exists():
            path = folder.slurm_log_of(now.array, now.position)  # it came no further than this
        return read_log_file(path, offset=offset, limit=limit, is_complete=is_over)

    def cancel(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        folder = self._folder(handle)
        placed = self._tasks(folder)
        _check_known(handle, tasks or (), placed)
        live = [each for each in _wanted(placed, tasks) if not is_terminal(each.state)]
        if live:
            folder.note_cancelled([(each.task, each.array.number) for each in live])
            self._clients.cancel(list(_elements(live)))

    def retry(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        folder = self._folder(handle)
        with folder.lock():
            placed = self._tasks(folder)
            _check_known(handle, tasks or (), placed)
            again = [each.task for each in _wanted(placed, tasks) if each.state in _RETRIED]
            if not again or (tasks is not None and len(again) != len(set(tasks))):
                raise JobConflict("Only failed, cancelled and lost tasks can be retried", farm=NAME, handle=handle)
            job = folder.read_job()
            for some in _parts(again, self._options.max_array):
                self._send_array(folder, job, folder.plan_array(some))

    def hold(self, handle: str) -> None:
        for element in _elements(self._waiting(handle)):
            self._clients.control("hold", element)

    def release(self, handle: str) -> None:
        for element in _elements(self._waiting(handle)):
            self._clients.control("release", element)

    def set_priority(self, handle: str, priority: int) -> None:
        for element in _elements(self._waiting(handle)):
            self._clients.control("update", f"jobid={element}", f"nice={_nice(priority)}")

    # Sending

    def _send(self, folder: JobFolder, job: FarmJob) -> None:
        """Whatever of the job is not with Slurm yet."""
        arrays = self._adopted(folder)
        planned = {task for array in arrays for task in array.tasks}
        left = [task for task in range(len(job.tasks)) if task not in planned]
        try:
            for array in arrays:
                if array.slurm_id is None:
                    self._send_array(folder, job, array)
            for some in _parts(left, self._options.max_array):
                self._send_array(folder, job, folder.plan_array(some))
        except JobRejected:
            if not any(array.slurm_id for array in folder.list_arrays()):
                folder.remove()
            raise

    def _adopted(self, folder: JobFolder) -> list[Array]:
        """The arrays; one that was submitted by a process that died before it noted the id is found by its comment."""
        arrays = folder.list_arrays()
        lost = {folder.comment_of(array): array for array in arrays if array.slurm_id is None}
        if not lost:
            return arrays
        for each in self._clients.list_elements():
            if (array := lost.pop(each.comment, None)) is not None:
                folder.note_submitted(array, each.array)
        return folder.list_arrays()

    def _send_array(self, folder: JobFolder, job: FarmJob, array: Array) -> None:
        words = [self._options.python, "-m", "onepiece_core.farm.engines.slurm.payload"]
        command = shlex.join([*words, str(folder.path), str(array.number)])
        throttle = f"%{self._options.max_running}" if self._options.max_running else ""
        slurm_id = self._clients.submit(
            f"#!/bin/sh\nexec {command}\n",
            [
                f"--array=0-{len(array.tasks) - 1}{throttle}",
                f"--comment={folder.comment_of(array)}",
                f"--chdir={folder.path}",
                f"--output={folder.path}/slurm/{array.number}.%a.log",
                *self._words(job),
            ],
        )
        folder.note_submitted(array, slurm_id)

    def _words(self, job: FarmJob) -> Iterator[str]:
        yield f"--job-name={quote(job.name, safe=' ')[:100]}"
        yield f"--nice={_nice(job.priority)}"
        yield "--open-mode=append"
        yield "--requeue"  # a task whose node dies begins again on another one
        if self._options.partition:
            yield f"--partition={self._options.partition}"
        if job.is_held:
            yield "--hold"
        if after := list(self._unfinished(job.depends_on)):
            yield f"--dependency=afterok:{':'.join(after)}"
            yield "--kill-on-invalid-dep=yes"
        yield from self._options.arguments

    def _unfinished(self, handles: Sequence[str]) -> Iterator[str]:
        """The arrays of other jobs that have not succeeded yet."""
        for handle in handles:
            tasks = self._tasks(self._folder(handle))
            arrays = {each.array.slurm_id for each in tasks if each.state != "succeeded"}
            yield from sorted(array for array in arrays if array)

    # Reading

    def _folder(self, handle: str) -> JobFolder:
        folder = JobFolder(self._jobs_dir / handle)
        if not folder.exists():
            raise JobUnknownToFarm(f"There is no job {handle} on Slurm", farm=NAME, handle=handle)
        return folder

    def _tasks(self, folder: JobFolder) -> list[Placed]:
        known = Known(folder)
        arrays = known.asked_arrays()
        return known.tasks(by_place(self._clients.list_elements(arrays)) if arrays else {})

    def _waiting(self, handle: str) -> list[Placed]:
        return [each for each in self._tasks(self._folder(handle)) if each.state in _WAITING]


def _handle(job_id: str) -> str:
    return quote(job_id, safe="")


def _nice(priority: int) -> int:
    return (100 - priority) * _NICE


def _snapshot(handle: str, tasks: Sequence[Placed]) -> JobSnapshot:
    state = job_state(each.state for each in tasks)
    # Between two tasks a job runs though none of its tasks does.
    shown = next((each for each in tasks if each.state == state), tasks[-1])
    counts = Counter(each.state for each in tasks)
    return JobSnapshot(handle, state, shown.raw, counts, shown.reason)


def _task(folder: JobFolder, placed: Placed, frames: str) -> TaskSnapshot:
    told = folder.read_attempt(placed.attempt) if placed.attempt else {}
    return TaskSnapshot(
        index=placed.task,
        frames=frames,
        state=placed.state,
        raw_state=placed.raw,
        attempt=placed.attempt.number if placed.attempt else 0,
        exit_code=told.get("exit_code"),
        started_at=told.get("started_at"),
        ended_at=told.get("ended_at"),
        host=told.get("host", ""),
        message=told.get("message") or placed.reason,
    )


def _check_known(handle: str, tasks: Iterable[int], placed: Sequence[Placed]) -> None:
    if unknown := [task for task in tasks if not 0 <= task < len(placed)]:
        raise NoSuchTask(f"The job {handle} has no task {unknown[0]}", farm=NAME, handle=handle)


def _wanted(placed: Sequence[Placed], tasks: Sequence[int] | None) -> Iterator[Placed]:
    wanted = None if tasks is None else frozenset(tasks)
    return (each for each in placed if wanted is None or each.task in wanted)


def _elements(placed: Iterable[Placed]) -> Iterator[str]:
    """As Slurm's clients name elements of an array: ``17_[0-4,7]``."""
    arrays: dict[str, list[int]] = {}
    for each in placed:
        if each.array.slurm_id is not None:
            arrays.setdefault(each.array.slurm_id, []).append(each.position)
    for array, positions in arrays.items():
        yield f"{array}_[{','.join(_ranges(sorted(positions)))}]"


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    first = last = numbers[0]
    for number in [*numbers[1:], -1]:
        if number == last + 1:
            last = number
            continue
        yield str(first) if first == last else f"{first}-{last}"
        first = last = number


def _parts(tasks: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (tasks[at : at + size] for at in range(0, len(tasks), size))
