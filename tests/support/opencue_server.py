"""A Cuebot on loopback: OpenCue's own protocol buffers over gRPC, whose two hosts run frames for real."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from opencue_proto import cue_pb2, cue_pb2_grpc, job_pb2, job_pb2_grpc

HOSTS = 2


@dataclass
class Frame:
    id: str
    number: int
    state: str = "WAITING"
    retries: int = 0
    exit_status: int = -1
    started: int = 0
    stopped: int = 0
    process: subprocess.Popen[bytes] | None = None


@dataclass
class Job:
    id: str
    name: str
    command: str
    priority: int
    max_retries: int
    is_paused: bool
    log_dir: Path
    after: list[str]
    frames: list[Frame] = field(default_factory=list)
    is_killed: bool = False

    def counts(self) -> Counter[str]:
        return Counter(frame.state for frame in self.frames)

    @property
    def state(self) -> str:
        left = [frame for frame in self.frames if frame.state not in ("SUCCEEDED", "EATEN")]
        if self.is_killed:
            return "SHUTDOWN" if any(frame.process for frame in self.frames) else "FINISHED"
        return "PENDING" if left else "FINISHED"


class Cuebot(job_pb2_grpc.JobInterfaceServicer, cue_pb2_grpc.CueInterfaceServicer):  # type: ignore[misc]
    """One show, any user. ``answers`` False: every call is UNAVAILABLE; ``denies``: none is allowed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: dict[str, Job] = {}
        self.answers, self.denies = True, False
        self.address = ""
        self.launched: list[str] = []
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._hosts = [threading.Thread(target=self._host) for _ in range(HOSTS)]
        for host in self._hosts:
            host.start()

    def close(self) -> None:
        self._stopped.set()
        for job in self.jobs.values():
            self._kill(job)
        for host in self._hosts:
            host.join()

    # The calls of a client

    def GetSystemStats(self, request: Any, context: Any) -> Any:
        self._check(context)
        return cue_pb2.CueGetSystemStatsResponse()

    def LaunchSpecAndWait(self, request: Any, context: Any) -> Any:
        self._check(context)
        try:
            job = self._parsed(request.spec)
        except (ElementTree.ParseError, AttributeError, ValueError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Failed to launch the spec: {error}")
        with self._lock:
            if any(each.name == job.name for each in self.jobs.values()):
                context.abort(grpc.StatusCode.ALREADY_EXISTS, f"The job {job.name} is pending already")
            self.jobs[job.id] = job
            self.launched.append(job.name)
        return job_pb2.JobLaunchSpecAndWaitResponse(jobs=job_pb2.JobSeq(jobs=[_message(job)]))

    def GetJob(self, request: Any, context: Any) -> Any:
        return job_pb2.JobGetJobResponse(job=_message(self._job(request.id, context)))

    def GetJobs(self, request: Any, context: Any) -> Any:
        self._check(context)
        ids, parts = set(request.r.ids), list(request.r.substr)
        found = [
            job for job in self.jobs.values() if (not ids or job.id in ids) and all(part in job.name for part in parts)
        ]
        return job_pb2.JobGetJobsResponse(jobs=job_pb2.JobSeq(jobs=[_message(job) for job in found]))

    def GetFrames(self, request: Any, context: Any) -> Any:
        job = self._job(request.job.id, context)
        size = request.req.limit or 1000
        start = (max(request.req.page, 1) - 1) * size
        some = [_frame(frame) for frame in reversed(job.frames)][start : start + size]
        return job_pb2.JobGetFramesResponse(frames=job_pb2.FrameSeq(frames=some))

    def Kill(self, request: Any, context: Any) -> Any:
        with self._lock:
            self._kill(self._job(request.job.id, context))
        return job_pb2.JobKillResponse()

    def RetryFrames(self, request: Any, context: Any) -> Any:
        job = self._job(request.job.id, context)
        with self._lock:
            for frame in job.frames:
                if frame.id in request.req.ids and frame.state == "DEAD":
                    self._put_log_aside(job, frame)
                    frame.state, frame.retries = "WAITING", frame.retries + 1
        return job_pb2.JobRetryFramesResponse()

    def Pause(self, request: Any, context: Any) -> Any:
        self._job(request.job.id, context).is_paused = True
        return job_pb2.JobPauseResponse()

    def Resume(self, request: Any, context: Any) -> Any:
        self._job(request.job.id, context).is_paused = False
        return job_pb2.JobResumeResponse()

    def SetPriority(self, request: Any, context: Any) -> Any:
        self._job(request.job.id, context).priority = request.val
        return job_pb2.JobSetPriorityResponse()

    # What it does

    def _check(self, context: Any) -> None:
        if not self.answers:
            context.abort(grpc.StatusCode.UNAVAILABLE, "The Cuebot is away")
        if self.denies:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "Not allowed")

    def _job(self, job_id: str, context: Any) -> Job:
        self._check(context)
        if job_id not in self.jobs:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no job {job_id}")
        return self.jobs[job_id]

    def _parsed(self, spec: str) -> Job:
        root = ElementTree.fromstring(spec)
        told, layer = root.find("job"), root.find("job/layers/layer")
        assert told is not None
        assert layer is not None

        def text(parent: Any, name: str) -> str:
            return str(parent.find(name).text)

        number = next(self._numbers)
        name = f"{text(root, 'show')}-{text(root, 'shot')}-{text(root, 'user')}_{told.attrib['name']}".lower()
        first, _, last = text(layer, "range").partition("-")
        if int(last) < int(first):
            raise ValueError("the layer has no frames")
        log_dir = self.folder / "logs" / name
        log_dir.mkdir(parents=True, exist_ok=True)
        return Job(
            id=f"{number:08d}-0000-0000-0000-000000000000",
            name=name,
            command=text(layer, "cmd"),
            priority=int(text(told, "priority")),
            max_retries=int(text(told, "maxretries")),
            is_paused=text(told, "paused") == "True",
            log_dir=log_dir,
            after=[text(depend, "onjob") for depend in root.iter("depend")],
            frames=[Frame(f"frame-{number}-{index}", index) for index in range(int(first), int(last) + 1)],
        )

    def _kill(self, job: Job) -> None:
        job.is_killed = True
        for frame in job.frames:
            if frame.process is not None:
                os.killpg(frame.process.pid, signal.SIGKILL)

    def _next(self) -> tuple[Job, Frame] | None:
        done = {job.name for job in self.jobs.values() if job.state == "FINISHED" and not job.is_killed}
        for job in sorted(self.jobs.values(), key=lambda job: -job.priority):
            waits = not set(job.after) <= done
            for frame in job.frames:
                if frame.state in ("WAITING", "DEPEND"):
                    frame.state = "DEPEND" if waits else "WAITING"
            ready = [frame for frame in job.frames if frame.state == "WAITING"]
            if ready and not job.is_paused and not job.is_killed:
                return job, ready[0]
        return None

    def _host(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                found = self._next()
                if found is not None:
                    self._start(*found)
            if found is None:
                time.sleep(0.02)
            else:
                self._finish(*found)

    def _start(self, job: Job, frame: Frame) -> None:
        command = job.command.replace("#IFRAME#", str(frame.number))
        frame.state, frame.started, frame.stopped = "RUNNING", int(time.time()), 0
        with self._log(job, frame).open("wb") as log:
            # As a render host does it: a shell, its output the log.
            frame.process = subprocess.Popen(["sh", "-c", command], stdout=log, stderr=log, start_new_session=True)

    def _finish(self, job: Job, frame: Frame) -> None:
        assert frame.process is not None
        status = frame.process.wait()
        with self._lock:
            frame.process, frame.exit_status, frame.stopped = None, status, int(time.time())
            if status == 0:
                frame.state = "SUCCEEDED"
            elif frame.retries < job.max_retries and not job.is_killed:
                self._put_log_aside(job, frame)
                frame.state, frame.retries = "WAITING", frame.retries + 1
            else:
                frame.state = "DEAD"

    def _log(self, job: Job, frame: Frame) -> Path:
        return job.log_dir / f"{job.name}.{_name(frame)}.rqlog"

    def _put_log_aside(self, job: Job, frame: Frame) -> None:
        log = self._log(job, frame)
        if log.exists():
            log.rename(f"{log}.{frame.retries + 1}")


def _name(frame: Frame) -> str:
    return f"{frame.number:04d}-render"


def _frame(frame: Frame) -> Any:
    return job_pb2.Frame(
        id=frame.id,
        name=_name(frame),
        layer_name="render",
        number=frame.number,
        state=job_pb2.FrameState.Value(frame.state),
        retry_count=frame.retries,
        exit_status=frame.exit_status,
        start_time=frame.started,
        stop_time=frame.stopped,
        last_resource="host1/1.00" if frame.started else "",
    )


def _message(job: Job) -> Any:
    counts = job.counts()
    stats = job_pb2.JobStats(
        total_frames=len(job.frames),
        waiting_frames=counts["WAITING"],
        running_frames=counts["RUNNING"],
        dead_frames=counts["DEAD"],
        depend_frames=counts["DEPEND"],
        succeeded_frames=counts["SUCCEEDED"],
        eaten_frames=counts["EATEN"],
    )
    return job_pb2.Job(
        id=job.id,
        name=job.name,
        state=job_pb2.JobState.Value(job.state),
        priority=job.priority,
        log_dir=str(job.log_dir),
        is_paused=job.is_paused,
        job_stats=stats,
    )


@contextmanager
def cuebot(folder: Path) -> Iterator[Cuebot]:
    """A running Cuebot at ``.address``."""
    made = Cuebot(folder)
    server = grpc.server(ThreadPoolExecutor(8))
    job_pb2_grpc.add_JobInterfaceServicer_to_server(made, server)
    cue_pb2_grpc.add_CueInterfaceServicer_to_server(made, server)
    made.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield made
    finally:
        server.stop(0).wait()
        made.close()
