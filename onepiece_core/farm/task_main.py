"""What a farm's machine runs for one task: ``python -m onepiece_core.farm.task_main JOB.json INDEX``.

The output is the task's log; the exit status is the task's own, 1 where it could not be started, 143 where it was
ended from outside (SIGTERM, SIGINT).
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.job_file import job_from_json
from onepiece_core.farm.run_task import TaskEnd, run_task
from onepiece_core.filesystems import write_file

_ENDED = 143  # as a shell tells SIGTERM
_OUTPUT = Path("/dev/stdout")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="onepiece_core.farm.task_main", description="Run one task of a job.")
    parser.add_argument("job", type=Path, help="the job, as onepiece_core.farm.job_file writes it")
    parser.add_argument("index", type=int, help="number of the task, from 0")
    parser.add_argument("--log", type=Path, default=_OUTPUT, help="file of the log; by default the output")
    parser.add_argument("--end", type=Path, help="file that tells how it ended; it appears by one rename")
    asked = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    job = job_from_json(json.loads(asked.job.read_bytes()))
    end = run_attempt(job, asked.index, log=asked.log, cancelled=stopped.is_set)
    if asked.end is not None:
        told = {"state": end.state, "exit_code": end.exit_code, "message": end.message}
        write_file(asked.end, json.dumps(told).encode())
    if end.state != "succeeded":
        sys.stderr.write(f"onepiece: {end.message}\n")
    return exit_status(end)


def run_attempt(job: FarmJob, index: int, *, log: Path, cancelled: Callable[[], bool]) -> TaskEnd:
    """One attempt in a scratch folder of its own; see :func:`run_task`."""
    with tempfile.TemporaryDirectory(prefix="onepiece-task-", ignore_cleanup_errors=True) as work:
        return run_task(
            job,
            index,
            log=log,
            work_dir=Path(work),
            on_progress=lambda _percent, _message: None,  # the lines that told it stand in the log
            cancelled=cancelled,
        )


def exit_status(end: TaskEnd) -> int:
    """As the module says."""
    if end.state == "succeeded":
        return 0
    if end.state == "cancelled":
        return _ENDED
    return end.exit_code if end.exit_code and 0 < end.exit_code < 256 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
