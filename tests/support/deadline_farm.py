"""What a Deadline Cloud farm keeps and does: jobs by openjd's own model, tasks rendered for real by two workers."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.run_task import run_task

WORKERS = 2
_OPEN = ("READY", "SUSPENDED", "PENDING")


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def told(self) -> dict[str, Any]:
        return {"message": self.message, "context": {}, "resourceId": "?", "resourceType": "job", "reason": "OTHER"}


@dataclass
class Action:
    id: str
    task: Task
    log: Path
    status: str = "RUNNING"
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    exit_code: int | None = None
    progress: float = 0.0
    message: str = ""
    is_stopped: bool = False


@dataclass
class Task:
    id: str
    index: int
    frames: str
    status: str
    retries: int = 0
    actions: list[Action] = field(default_factory=list)


@dataclass
class Job:
    id: str
    name: str
    asked: dict[str, Any]
    spec: FarmJob
    tasks: list[Task]
    priority: int
    target: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def status(self) -> str:
        found = {task.status for task in self.tasks}
        for status in ("INTERRUPTING", "RUNNING", "READY", "SUSPENDED", "FAILED", "CANCELED"):
            if status in found:
                return status
        return "SUCCEEDED"


class DeadlineFarm:
    """One farm with one queue."""

    def __init__(self, folder: Path, farm_id: str, queue_id: str) -> None:
        self.folder, self.farm_id, self.queue_id = folder, farm_id, queue_id
        self.jobs: dict[str, Job] = {}
        self.tokens: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._workers = [threading.Thread(target=self._work) for _ in range(WORKERS)]
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        self._stopped.set()
        for job in self.jobs.values():
            self._stop(job.tasks, "CANCELED")
        for worker in self._workers:
            worker.join()

    def call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments.get("farmId", self.farm_id) != self.farm_id:
            raise Refused("ResourceNotFoundException", "no such farm")
        with self._lock:
            answer: dict[str, Any] = getattr(self, f"_{_snake(operation)}")(arguments)
            return answer

    # Farm and queue

    def _get_farm(self, _: Any) -> dict[str, Any]:
        made = {"createdAt": datetime.now(UTC), "createdBy": "tests"}
        return {"farmId": self.farm_id, "displayName": "Farm", "kmsKeyArn": "arn:aws:kms:x:1:key/y", **made}

    def _get_queue(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments["queueId"] != self.queue_id:
            raise Refused("ResourceNotFoundException", "no such queue")
        return {
            "farmId": self.farm_id,
            "queueId": self.queue_id,
            "displayName": "Queue",
            "status": "IDLE",
            "defaultBudgetAction": "NONE",
            "createdAt": datetime.now(UTC),
            "createdBy": "tests",
        }

    def _list_queue_environments(self, _: Any) -> dict[str, Any]:
        return {"environments": []}

    def _list_storage_profiles_for_queue(self, _: Any) -> dict[str, Any]:
        return {"storageProfiles": []}

    # Jobs

    def _create_job(self, arguments: dict[str, Any]) -> dict[str, Any]:
        token = arguments.get("clientToken")
        if token in self.tokens:
            return {"jobId": self.tokens[token]}
        template = json.loads(arguments["template"]) if arguments["templateType"] == "JSON" else _yaml(arguments)
        values = {name: next(iter(value.values())) for name, value in arguments.get("parameters", {}).items()}
        number = next(self._numbers)
        spec = FarmJob(
            id=f"job{number}",
            name=arguments.get("nameOverride", template["name"]),
            template=template,
            parameters=values,
            tasks=(),
            directory=self.folder,
            environment=_variables(template),
        )
        try:
            frames = _chunks(spec)
        except Exception as error:
            raise Refused("ValidationException", f"{type(error).__name__}: {error}") from error
        start = arguments.get("targetTaskRunStatus", "READY")
        tasks = [Task(f"task-{number:032x}-{index}", index, text, start) for index, text in enumerate(frames)]
        spec = replace(spec, tasks=frames)
        job = Job(f"job-{number:032x}", spec.name, arguments, spec, tasks, arguments["priority"])
        self.jobs[job.id] = job
        if token:
            self.tokens[token] = job.id
        return {"jobId": job.id}

    def _get_job(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._summary(self._found(arguments["jobId"]))

    def _batch_get_job(self, arguments: dict[str, Any]) -> dict[str, Any]:
        jobs, errors = [], []
        for each in arguments["identifiers"]:
            if each["jobId"] in self.jobs:
                jobs.append({**each, **self._summary(self.jobs[each["jobId"]])})
            else:
                errors.append({**each, "code": "ResourceNotFoundException", "message": "no such job"})
        return {"jobs": jobs, "errors": errors}

    def _search_jobs(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = list(self.jobs.values())
        for term in arguments.get("filterExpressions", {}).get("filters", ()):
            if "searchTermFilter" in term:
                found = [job for job in found if term["searchTermFilter"]["searchTerm"] in job.name]
        return {"jobs": [self._summary(job) for job in reversed(found)], "totalResults": len(found)}

    def _update_job(self, arguments: dict[str, Any]) -> dict[str, Any]:
        job = self._found(arguments["jobId"])
        job.priority = arguments.get("priority", job.priority)
        target = arguments.get("targetTaskRunStatus")
        if target is not None:
            job.target = target
            self._stop(job.tasks, target)
        return {}

    def _summary(self, job: Job) -> dict[str, Any]:
        told: dict[str, Any] = {
            "jobId": job.id,
            "name": job.name,
            "lifecycleStatus": "CREATE_COMPLETE",
            "lifecycleStatusMessage": "Job creation completed successfully",
            "priority": job.priority,
            "createdAt": job.created,
            "createdBy": "tests",
            "taskRunStatus": job.status,
            "taskRunStatusCounts": dict(Counter(task.status for task in job.tasks)),
        }
        return told if job.target is None else {**told, "targetTaskRunStatus": job.target}

    # Steps and tasks

    def _list_steps(self, arguments: dict[str, Any]) -> dict[str, Any]:
        job = self._found(arguments["jobId"])
        step = {
            "stepId": _step(job),
            "name": job.spec.template["steps"][0]["name"],
            "lifecycleStatus": "CREATE_COMPLETE",
            "taskRunStatus": job.status,
            "taskRunStatusCounts": dict(Counter(task.status for task in job.tasks)),
            "createdAt": job.created,
            "createdBy": "tests",
        }
        return {"steps": [step]}

    def _list_tasks(self, arguments: dict[str, Any]) -> dict[str, Any]:
        job = self._found(arguments["jobId"])
        start = int(arguments.get("nextToken", 0))
        # In no order that a client could count on, and in pages.
        tasks = sorted(job.tasks, key=lambda task: task.id[::-1])[start : start + 4]
        more = {"nextToken": str(start + 4)} if start + 4 < len(job.tasks) else {}
        return {"tasks": [_task(job, task) for task in tasks], **more}

    def _batch_update_task(self, arguments: dict[str, Any]) -> dict[str, Any]:
        for each in arguments["tasks"]:
            job = self._found(each["jobId"])
            task = next(task for task in job.tasks if task.id == each["taskId"])
            if each["targetRunStatus"] == "READY":
                task.status, job.target = "READY", None
            else:
                self._stop([task], each["targetRunStatus"])
        return {"errors": []}

    def _list_session_actions(self, arguments: dict[str, Any]) -> dict[str, Any]:
        job = self._found(arguments["jobId"])
        actions = [action for task in job.tasks for action in task.actions if task.id == arguments.get("taskId")]
        return {"sessionActions": [_action(job, action) for action in reversed(actions)]}

    def _get_session_action(self, arguments: dict[str, Any]) -> dict[str, Any]:
        job = self._found(arguments["jobId"])
        action = next(each for task in job.tasks for each in task.actions if each.id == arguments["sessionActionId"])
        told = {**_action(job, action), "sessionId": f"session-{action.id}", "progressMessage": action.message}
        return told if action.exit_code is None else {**told, "processExitCode": action.exit_code}

    def _get_session(self, arguments: dict[str, Any]) -> dict[str, Any]:
        stream = arguments["sessionId"].removeprefix("session-")
        return {
            "sessionId": arguments["sessionId"],
            "fleetId": "fleet-1",
            "workerId": "worker-1",
            "startedAt": datetime.now(UTC),
            "lifecycleStatus": "STARTED",
            "log": {"logDriver": "awslogs", "options": {"logGroupName": "farm", "logStreamName": stream}},
        }

    def log_events(self, **asked: Any) -> dict[str, Any]:
        path = self.folder / f"{asked['logStreamName']}.log"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        start = int(asked.get("nextToken", "0"))
        some = lines[start : start + 3]  # many pages of few
        events = [{"timestamp": asked.get("startTime", 0), "message": line} for line in some]
        return {"events": events, "nextForwardToken": str(start + len(some)), "nextBackwardToken": "0"}

    # Work

    def _found(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise Refused("ResourceNotFoundException", f"no job {job_id}")
        return self.jobs[job_id]

    def _stop(self, tasks: list[Task], target: str) -> None:
        for task in tasks:
            if task.status in _OPEN:
                task.status = target
            elif task.status == "RUNNING" and target == "CANCELED":
                task.status, task.actions[-1].is_stopped = "INTERRUPTING", True

    def _work(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                ready = [(job, task) for job in self.jobs.values() for task in job.tasks if task.status == "READY"]
                if ready:
                    job, task = max(ready, key=lambda each: each[0].priority)
                    name = f"sessionaction-{job.spec.id}-{task.index}-{len(task.actions)}"
                    action = Action(name, task, self.folder / f"{name}.log")
                    task.status = "RUNNING"
                    task.actions.append(action)
            if ready:
                self._render(job, action)
            else:
                time.sleep(0.02)

    def _render(self, job: Job, action: Action) -> None:
        def progress(percent: float | None, message: str) -> None:
            action.progress, action.message = percent or action.progress, message or action.message

        while True:
            end = run_task(
                job.spec,
                action.task.index,
                log=action.log,
                work_dir=self.folder / "work" / action.id,
                on_progress=progress,
                cancelled=lambda: action.is_stopped,
            )
            # The service's machines are threads here: a child that another of them has just forked holds a script open.
            if end.state != "failed" or "Text file busy" not in action.log.read_text(errors="replace"):
                break
            action.log.unlink()
        with self._lock:
            status = {"succeeded": "SUCCEEDED", "cancelled": "CANCELED"}.get(end.state, "FAILED")
            action.status, action.exit_code, action.ended = status, end.exit_code, datetime.now(UTC)
            action.message = end.message or action.message
            task = action.task
            if status == "FAILED" and task.retries < job.asked.get("maxRetriesPerTask", 0):
                task.retries, status = task.retries + 1, "READY"
            task.status = status


def _chunks(spec: FarmJob) -> tuple[str, ...]:
    """What the service makes of a template: openjd's own chunks of frames."""
    from openjd.model import StepParameterSpaceIterator, create_job, decode_job_template, preprocess_job_parameters

    template = decode_job_template(template=dict(spec.template), supported_extensions=["TASK_CHUNKING"])
    values = preprocess_job_parameters(
        job_template=template,
        job_parameter_values=dict(spec.parameters),
        job_template_dir=spec.directory,
        current_working_dir=spec.directory,
    )
    step = create_job(job_template=template, job_parameter_values=values).steps[0]
    if step.parameterSpace is None:
        return ("",)
    return tuple(next(iter(each.values())).value for each in StepParameterSpaceIterator(space=step.parameterSpace))


def _variables(template: dict[str, Any]) -> dict[str, str]:
    return {
        name: value for each in template.get("jobEnvironments", ()) for name, value in each.get("variables", {}).items()
    }


def _yaml(arguments: dict[str, Any]) -> Any:
    import yaml

    return yaml.safe_load(arguments["template"])


def _step(job: Job) -> str:
    return job.id.replace("job-", "step-")


def _task(job: Job, task: Task) -> dict[str, Any]:
    told: dict[str, Any] = {
        "taskId": task.id,
        "createdAt": job.created,
        "createdBy": "tests",
        "runStatus": task.status,
        "failureRetryCount": task.retries,
    }
    if task.frames:
        told["parameters"] = {"Frame": {"chunkInt": task.frames}}
    if task.actions:
        told |= {"startedAt": task.actions[-1].started, "latestSessionActionId": task.actions[-1].id}
    if task.actions and task.actions[-1].ended:
        told["endedAt"] = task.actions[-1].ended
    return told


def _action(job: Job, action: Action) -> dict[str, Any]:
    run = {"taskId": action.task.id, "stepId": _step(job), "parameters": {}}
    told: dict[str, Any] = {
        "sessionActionId": action.id,
        "status": action.status,
        "startedAt": action.started,
        "progressPercent": action.progress,
        "definition": {"taskRun": run},
    }
    return told if action.ended is None else {**told, "endedAt": action.ended}


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
