"""The farm: see ``farm/protocol.py`` for what each call means."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from onepiece_core.errors import (
    CancellationUnsupported,
    FarmConfigurationError,
    JobConflict,
    JobRejected,
    NotImplementedByFarm,
    StorageError,
    TaskUnknown,
)
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.engines.opencue import Options
from onepiece_core.farm.engines.opencue.calls import NAME, Calls
from onepiece_core.farm.engines.opencue.spec import mark_of, spec_of
from onepiece_core.farm.engines.opencue.states import frame_state, snapshot
from onepiece_core.farm.job import FarmJob, JobSnapshot, LogPart, TaskSnapshot
from onepiece_core.farm.job_file import job_from_json, job_to_json
from onepiece_core.farm.log_file import read_log_file
from onepiece_core.farm.states import is_terminal
from onepiece_core.filesystems import make_folders, write_file

_PAGE = 1000


class OpenCueFarm:
    """A job's handle is OpenCue's id of it; the end of its name is our id."""

    name = NAME
    label = "OpenCue"
    capabilities = Capabilities(check=False, proof="wire-tested")

    def __init__(self, calls: Calls, options: Options, jobs_dir: Path) -> None:
        self._calls, self._options, self._jobs_dir = calls, options, jobs_dir

    def check_available(self) -> None:
        from opencue_proto import cue_pb2

        self._calls.ask("Cue", "GetSystemStats", cue_pb2.CueGetSystemStatsRequest())

    def check(self, job: FarmJob) -> None:
        raise NotImplementedByFarm("OpenCue has no call that only checks a job", farm=NAME, job=job.id)

    def submit(self, job: FarmJob) -> str:
        from opencue_proto import job_pb2

        known = self.find(job.id)
        if known is not None:
            return known
        path = self._write(job)
        words = [self._options.python, "-m", "onepiece_core.farm.task_main", str(path)]
        spec = spec_of(
            job,
            f"{shlex.join(words)} #IFRAME#",
            show=self._options.show,
            facility=self._options.facility,
            uid=self._options.uid,
            after=[self._job(handle).name for handle in job.depends_on],
        )
        try:
            made = self._calls.ask("Job", "LaunchSpecAndWait", job_pb2.JobLaunchSpecAndWaitRequest(spec=spec))
        except JobRejected:
            # Somebody else has submitted it a moment ago: OpenCue has one job of a name at a time.
            known = self.find(job.id)
            if known is None:
                raise
            return known
        return str(made.jobs.jobs[0].id)

    def find(self, job_id: str) -> str | None:
        mark = mark_of(job_id)
        found = [job for job in self._jobs(substr=[mark]) if job.name.endswith(f"_{mark}")]
        return str(found[0].id) if found else None

    def read_jobs(self, handles: Sequence[str]) -> Mapping[str, JobSnapshot]:
        return {job.id: snapshot(job) for job in self._jobs(ids=handles)} if handles else {}

    def list_tasks(self, handle: str) -> list[TaskSnapshot]:
        job = self._job(handle)
        frames = self._frames_of(job.name)
        return [_task(frame, job, frames) for frame in self._frames(job)]

    def read_log(self, handle: str, task: int, *, attempt: int | None, offset: int, limit: int) -> LogPart:
        job = self._job(handle)
        frame = next((each for each in self._frames(job) if each.number == task), None)
        if frame is None:
            raise TaskUnknown(f"The job {handle} has no task {task}", farm=NAME, handle=handle)
        path = Path(job.log_dir) / f"{job.name}.{frame.name}.rqlog"
        newest = frame.retry_count + 1
        if attempt is not None and attempt != newest:
            # Render hosts put the logs of earlier attempts aside, the first as .1
            path = path.with_name(f"{path.name}.{attempt}")
        is_over = is_terminal(frame_state(frame, job)[0]) or path.suffix != ".rqlog"
        return read_log_file(path, offset=offset, limit=limit, is_complete=is_over)

    def cancel(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        from opencue_proto import job_pb2

        if tasks is not None:
            raise CancellationUnsupported("OpenCue starts a killed frame again: only jobs are cancelled", farm=NAME)
        job = self._job(handle)
        if not is_terminal(snapshot(job).state) or snapshot(job).state == "failed":
            asked = job_pb2.JobKillRequest(job=job, username="onepiece", reason="cancelled")
            self._calls.ask("Job", "Kill", asked)

    def retry(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        from opencue_proto import job_pb2

        job = self._job(handle)
        if job_pb2.JobState.Name(job.state) == "FINISHED":
            raise JobConflict("OpenCue has closed the job: submit it again", farm=NAME, handle=handle)
        every = {frame.number: frame for frame in self._frames(job)}
        wanted = list(every) if tasks is None else list(tasks)
        if unknown := [number for number in wanted if number not in every]:
            raise TaskUnknown(f"The job {handle} has no task {unknown[0]}", farm=NAME, handle=handle)
        dead = [every[number] for number in wanted if frame_state(every[number], job)[0] == "failed"]
        if not dead or (tasks is not None and len(dead) != len(wanted)):
            raise JobConflict("Only failed tasks can be retried", farm=NAME, handle=handle)
        which = job_pb2.FrameSearchCriteria(ids=[frame.id for frame in dead])
        self._calls.ask("Job", "RetryFrames", job_pb2.JobRetryFramesRequest(job=job, req=which))

    def hold(self, handle: str) -> None:
        from opencue_proto import job_pb2

        self._calls.ask("Job", "Pause", job_pb2.JobPauseRequest(job=self._job(handle)))

    def release(self, handle: str) -> None:
        from opencue_proto import job_pb2

        self._calls.ask("Job", "Resume", job_pb2.JobResumeRequest(job=self._job(handle)))

    def set_priority(self, handle: str, priority: int) -> None:
        from opencue_proto import job_pb2

        asked = job_pb2.JobSetPriorityRequest(job=self._job(handle), val=priority)
        self._calls.ask("Job", "SetPriority", asked)

    def _jobs(self, **criteria: Sequence[str]) -> list[Any]:
        from opencue_proto import job_pb2

        which = job_pb2.JobSearchCriteria(include_finished=True, **criteria)
        return list(self._calls.ask("Job", "GetJobs", job_pb2.JobGetJobsRequest(r=which)).jobs.jobs)

    def _job(self, handle: str) -> Any:
        from opencue_proto import job_pb2

        return self._calls.ask("Job", "GetJob", job_pb2.JobGetJobRequest(id=handle)).job

    def _frames(self, job: Any) -> Iterator[Any]:
        """In the order of their numbers."""
        from opencue_proto import job_pb2

        found: list[Any] = []
        while True:
            which = job_pb2.FrameSearchCriteria(page=len(found) // _PAGE + 1, limit=_PAGE)
            some = self._calls.ask("Job", "GetFrames", job_pb2.JobGetFramesRequest(job=job, req=which)).frames.frames
            found += some
            if len(some) < _PAGE:
                return iter(sorted(found, key=lambda frame: frame.number))

    def _write(self, job: FarmJob) -> Path:
        path = self._jobs_dir / f"{mark_of(job.id)}.json"
        try:
            make_folders(path.parent)
            write_file(path, json.dumps(job_to_json(job)).encode())
        except StorageError as cause:
            raise FarmConfigurationError(
                f"The job cannot be written where OpenCue's hosts read it: {cause}",
                hint="Set jobs_dir in [farms.opencue] to a folder that they and this machine share.",
                farm=NAME,
            ) from cause
        return path

    def _frames_of(self, name: str) -> tuple[str, ...]:
        """The frames of each task, from the file that the render hosts read; empty where it is gone."""
        path = self._jobs_dir / f"{name.rpartition('_')[2]}.json"
        try:
            job = job_from_json(json.loads(path.read_bytes()))
        except (OSError, ValueError, KeyError):
            return ()
        return job.tasks


def _task(frame: Any, job: Any, frames: tuple[str, ...]) -> TaskSnapshot:
    state, raw = frame_state(frame, job)
    has_begun = bool(frame.start_time)
    return TaskSnapshot(
        index=frame.number,
        frames=frames[frame.number] if frame.number < len(frames) else "",
        state=state,
        raw_state=raw,
        attempt=frame.retry_count + 1 if has_begun else 0,
        exit_code=frame.exit_status if has_begun and frame.exit_status >= 0 and is_terminal(state) else None,
        started_at=float(frame.start_time) or None,
        ended_at=float(frame.stop_time) or None,
        host=frame.last_resource.partition("/")[0],
    )
