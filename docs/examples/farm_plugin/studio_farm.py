"""A farm of one's own, as small as one can be: each job is rendered while it is submitted, task after task.

What it cannot do it says in its capabilities, and nobody asks it for that. Copy it, and let `submit` talk to the
farm that you have; the other calls read what that farm says.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from onepiece_core.errors import CancellationUnsupported, JobUnknownToFarm, NotImplementedByFarm, TaskUnknown
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.job import FarmJob, JobSnapshot, LogPart, TaskSnapshot
from onepiece_core.farm.log_file import read_log_file
from onepiece_core.farm.protocol import FarmSetup
from onepiece_core.farm.run_task import run_task
from onepiece_core.farm.states import job_state


class InlineFarm:
    name = "inline"
    label = "Inline, while you wait"
    capabilities = Capabilities(
        priority=None,
        cancellation=False,
        retry=False,
        hold=False,
        change_priority=False,
        dependencies=False,
        check=False,
        proof="real",
    )

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_at_a_time = threading.Lock()

    def check_available(self) -> None:
        """It is always there."""

    def check(self, job: FarmJob) -> None:
        raise NotImplementedByFarm("inline checks a job by rendering it")

    def submit(self, job: FarmJob) -> str:
        if job.depends_on:
            raise NotImplementedByFarm("inline has no jobs that wait for others")
        folder = self._folder / job.id
        folder.mkdir(parents=True, exist_ok=True)
        with self._one_at_a_time:
            for index in range(len(job.tasks)):
                if not (folder / f"{index}.json").exists():  # asked for before, and done
                    self._render(job, index, folder)
            (folder / "submitted").touch()
        return job.id

    def find(self, job_id: str) -> str | None:
        return job_id if (self._folder / job_id / "submitted").exists() else None

    def read_jobs(self, handles: Sequence[str]) -> Mapping[str, JobSnapshot]:
        return {handle: self._snapshot(handle) for handle in handles if self.find(handle)}

    def list_tasks(self, handle: str) -> list[TaskSnapshot]:
        tasks = []
        for index, end in enumerate(self._ends(handle)):
            state = end.pop("state")
            tasks.append(TaskSnapshot(index=index, state=state, raw_state=state, **end))
        return tasks

    def read_log(self, handle: str, task: int, *, attempt: int | None, offset: int, limit: int) -> LogPart:
        if not 0 <= task < len(self._ends(handle)):
            raise TaskUnknown(f"The job {handle} has no task {task}")
        return read_log_file(self._folder / handle / f"{task}.log", offset=offset, limit=limit, is_complete=True)

    def cancel(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        raise CancellationUnsupported("inline has no running jobs")

    def retry(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        raise NotImplementedByFarm("inline renders a job once")

    def hold(self, handle: str) -> None:
        raise NotImplementedByFarm("inline has no queue")

    def release(self, handle: str) -> None:
        raise NotImplementedByFarm("inline has no queue")

    def set_priority(self, handle: str, priority: int) -> None:
        raise NotImplementedByFarm("inline has no queue")

    def _render(self, job: FarmJob, index: int, folder: Path) -> None:
        started = time.time()
        for attempt in range(1, job.max_attempts + 1):
            end = run_task(
                job,
                index,
                log=folder / f"{index}.log",
                work_dir=folder / "work",
                on_progress=lambda percent, message: None,
                cancelled=lambda: False,
            )
            if end.state == "succeeded":
                break
        told = {"state": end.state, "exit_code": end.exit_code, "message": end.message, "attempt": attempt}
        times = {"frames": job.tasks[index], "started_at": started, "ended_at": time.time()}
        (folder / f"{index}.json").write_text(json.dumps({**told, **times}))

    def _ends(self, handle: str) -> list[dict[str, Any]]:
        if self.find(handle) is None:
            raise JobUnknownToFarm(f"inline has no job {handle}")
        files = (self._folder / handle).glob("*.json")
        return [json.loads(file.read_text()) for file in sorted(files, key=lambda file: int(file.stem))]

    def _snapshot(self, handle: str) -> JobSnapshot:
        states = [end["state"] for end in self._ends(handle)]
        state = job_state(states)
        return JobSnapshot(handle, state, state, {each: states.count(each) for each in set(states)})


def open_farm(setup: FarmSetup) -> InlineFarm:
    """What the entry point names. Opening asks nobody and starts nothing."""
    return InlineFarm(setup.state_dir)
