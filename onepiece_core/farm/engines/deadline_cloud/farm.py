"""The farm: see ``farm/protocol.py`` for what each call means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onepiece_core.errors import JobConflict, JobUnknownToFarm, NotImplementedByFarm, TaskUnknown
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.engines.deadline_cloud.calls import NAME, Calls
from onepiece_core.farm.engines.deadline_cloud.logs import read_attempt
from onepiece_core.farm.engines.deadline_cloud.states import snapshot, state_of
from onepiece_core.farm.job import FarmJob, JobSnapshot, LogPart, TaskSnapshot
from onepiece_core.farm.states import is_terminal

# OpenJD's types, and how the service wants their values.
_TYPES = {"INT": "int", "FLOAT": "float", "STRING": "string", "PATH": "path", "BOOL": "bool", "RANGE_EXPR": "rangeExpr"}
_AT_ONCE = 100
_NAME_LENGTH = 512
_AGAIN = frozenset(["failed", "cancelled"])


class DeadlineCloudFarm:
    """One queue. A job is found again by our id at the end of its name."""

    name = NAME
    label = "AWS Deadline Cloud"
    capabilities = Capabilities(
        task_cancellation=True, dependencies=False, check=False, task_progress=True, proof="wire-tested"
    )

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def check_available(self) -> None:
        self._calls.queue("get_queue")

    def check(self, job: FarmJob) -> None:
        raise NotImplementedByFarm("Deadline Cloud has no call that only checks a job", farm=NAME, job=job.id)

    def submit(self, job: FarmJob) -> str:
        if job.depends_on:
            raise NotImplementedByFarm("Deadline Cloud has no jobs that wait for others", farm=NAME, job=job.id)
        answer = self._calls.queue(
            "create_job",
            clientToken=job.id[:64],
            template=json.dumps(_template(job)),
            templateType="JSON",
            parameters=_parameters(job),
            priority=job.priority,
            maxRetriesPerTask=job.max_attempts - 1,
            maxFailedTasksCount=len(job.tasks),
            targetTaskRunStatus="SUSPENDED" if job.is_held else "READY",
            nameOverride=_name(job),
        )
        return str(answer["jobId"])

    def find(self, job_id: str) -> str | None:
        term = {"searchTermFilter": {"searchTerm": f"[{job_id}]", "matchType": "CONTAINS"}}
        answer = self._calls.call(
            "search_jobs",
            farmId=self._calls.options.farm_id,
            queueIds=[self._calls.options.queue_id],
            filterExpressions={"filters": [term], "operator": "AND"},
            itemOffset=0,
        )
        found = [job["jobId"] for job in answer["jobs"] if str(job.get("name")).endswith(f"[{job_id}]")]
        return found[0] if found else None

    def read_jobs(self, handles: Sequence[str]) -> Mapping[str, JobSnapshot]:
        found: dict[str, JobSnapshot] = {}
        for some in _pieces(handles):
            answer = self._calls.call("batch_get_job", identifiers=[self._named(jobId=handle) for handle in some])
            found |= {job["jobId"]: snapshot(job) for job in answer["jobs"]}
        return found

    def list_tasks(self, handle: str) -> list[TaskSnapshot]:
        return [
            _task(index, task, self._latest(handle, task) if task["runStatus"] == "RUNNING" else {})
            for index, task in enumerate(self._tasks(handle))
        ]

    def read_log(self, handle: str, task: int, *, attempt: int | None, offset: int, limit: int) -> LogPart:
        chosen = self._task(handle, task)
        found = self._calls.pages("list_session_actions", "sessionActions", jobId=handle, taskId=chosen["taskId"])
        actions = sorted(found, key=lambda action: (str(action.get("startedAt", "~")), action["sessionActionId"]))
        index = len(actions) - 1 if attempt is None else attempt - 1
        if not 0 <= index < len(actions):
            return LogPart("", 0, 0, is_terminal(state_of(chosen["runStatus"])))
        return read_attempt(self._calls, handle, actions[index], offset=offset, limit=limit)

    def cancel(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        if tasks is not None:
            every = self._tasks(handle)
            chosen = [_one(every, handle, index) for index in tasks]
            self._move([task for task in chosen if not is_terminal(state_of(task["runStatus"]))], handle, "CANCELED")
        elif not is_terminal(self._job(handle).state):
            self._calls.queue("update_job", jobId=handle, targetTaskRunStatus="CANCELED")

    def retry(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        every = self._tasks(handle)
        if tasks is None:
            chosen = [task for task in every if state_of(task["runStatus"]) in _AGAIN]
        else:
            chosen = [_one(every, handle, index) for index in tasks]
        wrong = [task for task in chosen if state_of(task["runStatus"]) not in _AGAIN]
        if wrong or not chosen:
            status = wrong[0]["runStatus"] if wrong else "no task failed"
            raise JobConflict(f"Only failed or cancelled tasks can be retried: {status}", farm=NAME, handle=handle)
        self._move(chosen, handle, "READY")

    def hold(self, handle: str) -> None:
        self._job(handle)
        self._calls.queue("update_job", jobId=handle, targetTaskRunStatus="SUSPENDED")

    def release(self, handle: str) -> None:
        self._job(handle)
        self._calls.queue("update_job", jobId=handle, targetTaskRunStatus="READY")

    def set_priority(self, handle: str, priority: int) -> None:
        self._job(handle)
        self._calls.queue("update_job", jobId=handle, priority=priority)

    def _named(self, **more: str) -> dict[str, str]:
        return {"farmId": self._calls.options.farm_id, "queueId": self._calls.options.queue_id, **more}

    def _job(self, handle: str) -> JobSnapshot:
        job = self.read_jobs([handle]).get(handle)
        if job is None:
            raise JobUnknownToFarm(f"Deadline Cloud has no job {handle}", farm=NAME, handle=handle)
        return job

    def _tasks(self, handle: str) -> list[dict[str, Any]]:
        """In the order of their frames, each with its step."""
        found = []
        for step in self._calls.pages("list_steps", "steps", jobId=handle):
            tasks = self._calls.pages("list_tasks", "tasks", jobId=handle, stepId=step["stepId"])
            found += sorted(({**task, "stepId": step["stepId"]} for task in tasks), key=_first_frame)
        return found

    def _task(self, handle: str, index: int) -> dict[str, Any]:
        return _one(self._tasks(handle), handle, index)

    def _latest(self, handle: str, task: Mapping[str, Any]) -> dict[str, Any]:
        action = task.get("latestSessionActionId")
        return self._calls.queue("get_session_action", jobId=handle, sessionActionId=action) if action else {}

    def _move(self, tasks: Sequence[Mapping[str, Any]], handle: str, status: str) -> None:
        for some in _pieces(tasks):
            wanted = [
                self._named(jobId=handle, stepId=task["stepId"], taskId=task["taskId"], targetRunStatus=status)
                for task in some
            ]
            errors = self._calls.call("batch_update_task", tasks=wanted)["errors"]
            if errors:
                raise JobConflict(f"Deadline Cloud: {errors[0]['message']}", farm=NAME, handle=handle)


def _template(job: FarmJob) -> Mapping[str, Any]:
    """The job's own, verbatim; variables become an environment around it."""
    if not job.environment:
        return job.template
    more = [{"name": "OnePieceJob", "variables": dict(job.environment)}]
    return {**job.template, "jobEnvironments": [*job.template.get("jobEnvironments", []), *more]}


def _parameters(job: FarmJob) -> dict[str, dict[str, str]]:
    types = {each["name"]: each["type"] for each in job.template.get("parameterDefinitions", [])}
    return {name: {_TYPES[types[name]]: value} for name, value in job.parameters.items()}


def _name(job: FarmJob) -> str:
    mark = f" [{job.id}]"
    return job.name[: _NAME_LENGTH - len(mark)] + mark


def _frames(task: Mapping[str, Any]) -> str:
    for value in task.get("parameters", {}).values():
        text = value.get("chunkInt") or value.get("int")
        if text is not None:
            return str(text)
    return ""


def _first_frame(task: Mapping[str, Any]) -> tuple[int, str]:
    text = _frames(task).partition(",")[0]
    first = text[1:].partition("-")[0] if text.startswith("-") else text.partition("-")[0]
    number = int(first) if first.isdecimal() else 0
    return (-number if text.startswith("-") else number), str(task["taskId"])


def _one(tasks: Sequence[dict[str, Any]], handle: str, index: int) -> dict[str, Any]:
    if not 0 <= index < len(tasks):
        raise TaskUnknown(f"The job {handle} has no task {index}", farm=NAME, handle=handle)
    return tasks[index]


def _task(index: int, task: Mapping[str, Any], action: Mapping[str, Any]) -> TaskSnapshot:
    started, ended = task.get("startedAt"), task.get("endedAt")
    return TaskSnapshot(
        index=index,
        frames=_frames(task),
        state=state_of(task["runStatus"]),
        raw_state=task["runStatus"],
        attempt=0 if started is None else 1 + task.get("failureRetryCount", 0),
        exit_code=action.get("processExitCode"),
        progress=action.get("progressPercent"),
        started_at=None if started is None else started.timestamp(),
        ended_at=None if ended is None else ended.timestamp(),
        message=action.get("progressMessage", ""),
    )


def _pieces(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
