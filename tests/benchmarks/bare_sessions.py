"""Tasks that do nothing, by openjd-sessions alone: ``python -m tests.benchmarks.bare_sessions FOLDER TASKS``.

Two sessions of one process take the tasks from one list; prints the seconds, the import of openjd not counted. A few
tasks may fail under load: two threads that write and start scripts meet "text file busy" now and then.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from openjd.model import StepParameterSpaceIterator, create_job, decode_job_template, preprocess_job_parameters
from openjd.sessions import LOG, ActionState, ActionStatus, Session

from tests.support.local_jobs import shell_job


class Tasks:
    def __init__(self, folder: Path, count: int) -> None:
        job = shell_job("bare", "true", folder, tasks=count)
        template = decode_job_template(template=job.template, supported_extensions=["TASK_CHUNKING"])
        self._folder = folder
        self._values = preprocess_job_parameters(
            job_template=template,
            job_parameter_values=dict(job.parameters),
            job_template_dir=folder,
            current_working_dir=folder,
        )
        self._step = create_job(job_template=template, job_parameter_values=self._values).steps[0]
        self._left = iter(StepParameterSpaceIterator(space=self._step.parameterSpace))
        self._lock = threading.Lock()

    def work(self, name: str) -> None:
        while self._run_session(name):
            pass

    def _run_session(self, name: str) -> bool:
        """True: a task failed, and its session takes no other."""
        ended, failed = threading.Event(), threading.Event()

        def told(_: str, status: ActionStatus) -> None:
            if status.state == ActionState.FAILED:
                failed.set()
            if status.state in (ActionState.SUCCESS, ActionState.FAILED):
                ended.set()

        with Session(
            session_id=name, job_parameter_values=self._values, callback=told, session_root_directory=self._folder
        ) as session:
            while not failed.is_set():
                with self._lock:
                    task = next(self._left, None)
                if task is None:
                    return False
                ended.clear()
                session.run_task(step_script=self._step.script, task_parameter_values=task)
                ended.wait()
        return True


def main() -> None:
    LOG.propagate = False
    started = time.perf_counter()
    tasks = Tasks(Path(sys.argv[1]), int(sys.argv[2]))
    threads = [threading.Thread(target=tasks.work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
