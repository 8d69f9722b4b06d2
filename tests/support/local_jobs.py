"""Jobs of shell lines for the farm of this machine, and waiting for what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onepiece_core.farm.engines.local import LocalFarm
from onepiece_core.farm.job import FarmJob, JobSnapshot
from onepiece_core.farm.states import is_terminal

# Its frames are the script's first argument.
_SHELL: dict[str, Any] = {
    "specificationVersion": "jobtemplate-2023-09",
    "extensions": ["TASK_CHUNKING"],
    "name": "shell",
    "parameterDefinitions": [
        {"name": "Script", "type": "STRING"},
        {"name": "Frames", "type": "STRING"},
        {"name": "ChunkSize", "type": "INT"},
    ],
    "steps": [
        {
            "name": "Render",
            "parameterSpace": {
                "taskParameterDefinitions": [
                    {
                        "name": "Frame",
                        "type": "CHUNK[INT]",
                        "range": "{{Param.Frames}}",
                        "chunks": {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"},
                    }
                ]
            },
            "script": {
                "actions": {
                    "onRun": {"command": "sh", "args": ["-c", "{{Param.Script}}", "sh", "{{Task.Param.Frame}}"]}
                }
            },
        }
    ],
}


def shell_job(job_id: str, script: str, directory: Path, *, tasks: int = 1, **more: Any) -> FarmJob:
    """One frame a task, from 1."""
    return FarmJob(
        id=job_id,
        name=job_id,
        template=_SHELL,
        parameters={"Script": script, "Frames": f"1-{tasks}", "ChunkSize": "1"},
        tasks=tuple(str(frame) for frame in range(1, tasks + 1)),
        directory=directory,
        **more,
    )


def wait_until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)


def wait_for_end(farm: LocalFarm, *handles: str) -> dict[str, JobSnapshot]:
    found: dict[str, JobSnapshot] = {}

    def ended() -> bool:
        found.update(farm.read_jobs(handles))
        return all(is_terminal(found[handle].state) for handle in handles)

    wait_until(ended)
    return found


def task_states(farm: LocalFarm, handle: str) -> list[str]:
    return [task.state for task in farm.list_tasks(handle)]


def whole_log(farm: LocalFarm, handle: str, task: int = 0, attempt: int | None = None) -> str:
    return farm.read_log(handle, task, attempt=attempt, offset=0, limit=10_000_000).text
