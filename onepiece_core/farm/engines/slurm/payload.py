"""What an element of an array runs: ``python -m onepiece_core.farm.engines.slurm.payload FOLDER ARRAY``.

It tries its task as often as the job says and leaves beside each attempt how it ended, whatever Slurm remembers.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from onepiece_core.farm.engines.slurm.folder import Attempt, JobFolder
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.run_task import TaskEnd
from onepiece_core.farm.task_main import exit_status, run_attempt


def main(arguments: Sequence[str], position: int) -> int:
    folder, number = JobFolder(Path(arguments[0])), int(arguments[1])
    stopped = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopped.set())
    array = next(array for array in folder.list_arrays() if array.number == number)
    return exit_status(_try(folder, folder.read_job(), array.tasks[position], number, stopped.is_set))


def _try(folder: JobFolder, job: FarmJob, task: int, array: int, is_stopped: Callable[[], bool]) -> TaskEnd:
    first = 1 + max((each.number for each in folder.list_attempts() if each.task == task), default=0)
    host, last = socket.gethostname(), first + job.max_attempts - 1
    for number in range(first, last + 1):
        started_at = time.time()
        folder.note_attempt(Attempt(task, number, array, "begun"), started_at=started_at, host=host)
        end = run_attempt(job, task, log=folder.log_of(task, number), cancelled=is_stopped)
        if end.state == "failed" and is_stopped():
            end = replace(end, state="cancelled")  # Slurm ends every process at once, not us first
        goes_on = end.state == "failed" and number < last
        folder.note_attempt(
            Attempt(task, number, array, "again" if goes_on else end.state),
            started_at=started_at,
            ended_at=time.time(),
            host=host,
            exit_code=end.exit_code,
            message=end.message,
        )
        if not goes_on:
            break
    return end


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], int(os.environ["SLURM_ARRAY_TASK_ID"])))
