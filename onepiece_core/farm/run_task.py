"""One task of a job in an OpenJD session: what a local worker does, and what is run on a farm's machine."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TextIO

from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.path_mapping import as_openjd_rules, map_job, path_parameters, session_rules
from onepiece_core.farm.process_tree import end_marked, has_child_marked
from onepiece_core.system import this_system

if TYPE_CHECKING:
    from openjd.sessions import ActionStatus

EndState = Literal["succeeded", "failed", "cancelled"]
OnProgress = Callable[[float | None, str], None]

# In the environment of a task and of all that it starts.
TASK_VARIABLE = "ONEPIECE_FARM_TASK"

_POLL_SECONDS = 0.1
# How long openjd may take to end what it cancelled, before what is left of the tree is killed anyway.
_CANCEL_SECONDS = 30.0
_LEAVE_SECONDS = 60.0  # for each environment


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How an attempt ended. ``exit_code`` is None where no process came so far; ``message`` is for people."""

    state: EndState
    exit_code: int | None = None
    message: str = ""


def run_task(
    job: FarmJob,
    index: int,
    *,
    log: Path,
    work_dir: Path,
    on_progress: OnProgress,
    cancelled: Callable[[], bool],
) -> TaskEnd:
    """Run task ``index`` to its end. ``cancelled`` is asked some ten times a second.

    Nothing of the task runs any more when it was cancelled, took too long or failed.
    """
    try:
        with JobSession(job, work_dir) as session:
            return session.run(index, log=log, on_progress=on_progress, cancelled=cancelled)
    except InvalidJob as error:
        return TaskEnd("failed", None, str(error))


class InvalidJob(Exception):
    """The template or its parameters are not what OpenJD takes."""


class JobSession:
    """An OpenJD session of one job: its tasks run in it one after the other."""

    def __init__(self, job: FarmJob, work_dir: Path) -> None:
        """``work_dir`` gets a folder of the session's own. Raises InvalidJob."""
        from openjd.sessions import LOG, Session

        rules = as_openjd_rules(session_rules(job, this_system()))
        told, job = job, map_job(job, this_system())
        self._job, self._mark = job, uuid.uuid4().hex
        self._name = f"{job.id}-{self._mark[:8]}"
        self._step, self._to_enter, parameters = _decode(job)
        if rules:
            parameters |= _as_told(told, job, parameters)
        self._entered: list[str] = []
        self._last_log: Path | None = None
        self._ended = threading.Event()
        self._on_progress: OnProgress | None = None
        self._log = _LogFile(self._name)
        LOG.propagate = False  # the output of tasks is nobody else's
        LOG.setLevel(logging.INFO)
        LOG.addHandler(self._log)
        work_dir.mkdir(parents=True, exist_ok=True)
        self._session = Session(
            session_id=self._name,
            job_parameter_values=parameters,
            callback=self._on_status,
            os_env_vars={**job.environment, TASK_VARIABLE: self._mark},
            session_root_directory=work_dir,
            path_mapping_rules=rules or None,
            revision_extensions=_extensions(job),
        )
        self.is_usable = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the environments, the last one first; what they say is added to the log of the last task."""
        from openjd.sessions import LOG

        if self._entered and self._last_log is not None:
            with self._log.writing(self._last_log):
                for name in reversed(self._entered):
                    self._act(partial(self._session.exit_environment, identifier=name), None, _LEAVE_SECONDS)
        self._session.cleanup()
        LOG.removeHandler(self._log)

    def run(self, index: int, *, log: Path, on_progress: OnProgress, cancelled: Callable[[], bool]) -> TaskEnd:
        """See run_task. A session whose task did not succeed takes no further one: ``is_usable``."""
        self._on_progress, self._last_log = on_progress, log
        limit = self._job.timeout_seconds
        with self._log.writing(log):
            failed = self._enter(cancelled, limit)
            if failed is not None:
                return failed
            start = partial(
                self._session.run_task,
                step_script=self._step.script,
                task_parameter_values=self._values(index),
                step_name=self._step.name,
            )
            return self._act(start, cancelled, limit)

    def _enter(self, cancelled: Callable[[], bool], limit: float | None) -> TaskEnd | None:
        """The environments of the job and of its step, before the first task; how it ended where one failed."""
        while self._to_enter:
            environment = self._to_enter.pop(0)
            self._entered.append(environment.name)
            start = partial(self._session.enter_environment, environment=environment, identifier=environment.name)
            end = self._act(start, cancelled, limit)
            if end.state != "succeeded":
                return replace(end, message=f"The environment {environment.name}: {end.message}")
        return None

    def _act(self, start: Callable[[], object], cancelled: Callable[[], bool] | None, limit: float | None) -> TaskEnd:
        """Run one action of the session to its end."""
        self._ended.clear()
        start()
        why = self._wait(cancelled, limit)
        end = _told(self._session.action_status, why, limit)
        if end.state != "succeeded":
            self.is_usable = False
            end_marked(TASK_VARIABLE, self._mark)
        return end

    def _values(self, index: int) -> dict[str, Any]:
        from openjd.model import ParameterValue, ParameterValueType

        space = self._step.parameterSpace
        frames = self._job.tasks[index]
        if space is None:
            return {}
        ((name, definition),) = space.taskParameterDefinitions.items()
        return {name: ParameterValue(type=ParameterValueType(definition.type.value), value=frames)}

    def _wait(self, cancelled: Callable[[], bool] | None, limit: float | None) -> Literal["", "cancelled", "timeout"]:
        """Until the action ended; why it was made to, where it was."""
        started = time.monotonic()
        while not self._ended.wait(_POLL_SECONDS):
            if cancelled is not None and cancelled():
                self._stop()
                return "cancelled"
            if limit is not None and time.monotonic() - started >= limit:
                self._stop()
                return "timeout"
        return ""

    def _stop(self) -> None:
        """End the whole tree. openjd ends the process that it started; a child in a session of its own stays, and
        holds the output open, for which openjd would wait."""
        try:
            self._session.cancel_action(time_limit=timedelta(seconds=_CANCEL_SECONDS))
        except RuntimeError:
            pass  # it has just ended
        deadline = time.monotonic() + _CANCEL_SECONDS + 1
        while not self._ended.wait(_POLL_SECONDS):
            if not has_child_marked(TASK_VARIABLE, self._mark) or time.monotonic() > deadline:
                end_marked(TASK_VARIABLE, self._mark)

    def _on_status(self, _: str, status: ActionStatus) -> None:
        from openjd.sessions import ActionState

        if status.state in (ActionState.SUCCESS, ActionState.FAILED, ActionState.CANCELED, ActionState.TIMEOUT):
            self._ended.set()
        elif self._on_progress is not None and (status.progress is not None or status.status_message):
            self._on_progress(status.progress, status.status_message or "")


def _decode(job: FarmJob) -> tuple[Any, list[Any], Any]:
    """The step, the environments around it, and the values of the job's parameters. Raises InvalidJob."""
    from openjd.model import (
        DecodeValidationError,
        ModelValidationError,
        create_job,
        decode_job_template,
        preprocess_job_parameters,
    )

    try:
        template = decode_job_template(
            template=dict(job.template), supported_extensions=list(job.template.get("extensions", []))
        )
        parameters = preprocess_job_parameters(
            job_template=template,
            job_parameter_values=dict(job.parameters),
            job_template_dir=job.directory,
            current_working_dir=job.directory,
        )
        created = create_job(job_template=template, job_parameter_values=parameters)
    except (DecodeValidationError, ModelValidationError, ValueError, RuntimeError) as error:
        raise InvalidJob(f"The job's template cannot be run: {error}") from error
    step = created.steps[0]
    return step, [*(created.jobEnvironments or []), *(step.stepEnvironments or [])], parameters


def _as_told(told: FarmJob, job: FarmJob, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The paths that another system's machine told: the session maps these itself, and has them as RawParam."""
    from openjd.model import ParameterValue, ParameterValueType

    return {
        name: ParameterValue(type=ParameterValueType.PATH, value=told.parameters[name])
        for name in path_parameters(job) & parameters.keys()
        if name in told.parameters and told.parameters[name] != job.parameters[name]
    }


def _extensions(job: FarmJob) -> Any:
    from openjd.model import RevisionExtensions, SpecificationRevision

    return RevisionExtensions(
        spec_rev=SpecificationRevision.v2023_09, supported_extensions=list(job.template.get("extensions", []))
    )


def _has_succeeded(status: ActionStatus | None) -> bool:
    from openjd.sessions import ActionState

    return status is not None and status.state == ActionState.SUCCESS


def _told(status: ActionStatus | None, why: str, limit: float | None) -> TaskEnd:
    """What openjd says, unless we ended the task: then it may call that a timeout or a failure."""
    from openjd.sessions import ActionState

    code = None if status is None else status.exit_code
    if _has_succeeded(status) and why != "timeout":
        return TaskEnd("succeeded", code)
    if why == "cancelled":
        return TaskEnd("cancelled", code, "Cancelled")
    if why == "timeout" or (status is not None and status.state == ActionState.TIMEOUT):
        return TaskEnd("failed", code, "It took too long" if limit is None else f"It took longer than {limit:g} s")
    told = status.fail_message if status is not None else None
    ended = "It could not be started" if code is None else f"It ended with exit code {code}"
    return TaskEnd("failed", code, told or ended)


class _LogFile(logging.Handler):
    """The output of one session, into the file of the task that runs."""

    def __init__(self, session: str) -> None:
        from openjd.sessions import LogContent

        super().__init__(logging.INFO)
        self._session, self._banner = session, LogContent.BANNER
        self._file: TextIO | None = None

    @contextmanager
    def writing(self, log: Path) -> Iterator[None]:
        try:
            self._file = _open(log)
        except FileNotFoundError:
            log.parent.mkdir(parents=True, exist_ok=True)
            self._file = _open(log)
        try:
            yield
        finally:
            file, self._file = self._file, None
            try:
                file.close()
            except OSError:
                pass  # a full disk loses the line and not the frame

    def emit(self, record: logging.LogRecord) -> None:
        file = self._file
        if file is None or getattr(record, "session_id", None) != self._session:
            return
        if (content := getattr(record, "openjd_log_content", None)) and self._banner in content:
            return
        try:
            file.write(f"{record.getMessage()}\n")
        except (OSError, ValueError):
            pass  # a full disk loses the line and not the frame, and so does a child that lives on


def _open(log: Path) -> TextIO:
    return log.open("a", buffering=1, encoding="utf-8", errors="backslashreplace")
