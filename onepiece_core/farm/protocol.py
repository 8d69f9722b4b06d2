"""What every farm does. Third parties' farms are entry points ``onepiece.farms`` that give a :data:`FarmFactory`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.job import FarmJob, JobSnapshot, LogPart, TaskSnapshot


class Farm(Protocol):
    """One farm. An adapter translates and decides nothing; it may be used by several threads and processes.

    Every call raises FarmUnavailable when the farm does not answer, FarmTimeout when it takes too long,
    FarmUnauthorized, FarmProtocolError for an answer that makes no sense, and NotImplementedByFarm for what
    ``capabilities`` says it has not. A handle that the farm does not know is JobUnknownToFarm, but in ``read_jobs``.

    Attributes:
        name: what jobs name it by, lower case: ``local``.
        label: what people call it: ``This machine``.
    """

    name: str
    label: str
    capabilities: Capabilities

    def check_available(self) -> None:
        """Return when jobs can be submitted now; raise what ``submit`` would."""

    def check(self, job: FarmJob) -> None:
        """Ask whether the farm would take the job; nothing is submitted. Raises JobRejected."""

    def submit(self, job: FarmJob) -> str:
        """Hand the job over and give the farm's handle. A second call with the same ``job.id`` gives the same handle.

        Raises JobRejected when the farm will not have it. After any other error it is open whether the farm has
        the job: ``find`` tells.
        """

    def find(self, job_id: str) -> str | None:
        """The handle of the job that has our id, or None when this farm surely has none."""

    def read_jobs(self, handles: Sequence[str]) -> Mapping[str, JobSnapshot]:
        """The jobs as they are now, in as few requests as the farm allows; what it does not know is left out."""

    def list_tasks(self, handle: str) -> list[TaskSnapshot]:
        """Every task, in order."""

    def read_log(self, handle: str, task: int, *, attempt: int | None, offset: int, limit: int) -> LogPart:
        """At most ``limit`` bytes of a log from byte ``offset``; a negative offset counts from the end.

        ``attempt`` counts from 1, None is the newest. A task that has not begun has an empty log.
        """

    def cancel(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        """Stop the job, or some tasks, whole process trees; returns before they ended. An ended job stays as it is."""

    def retry(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        """Queue again the tasks that failed, were cancelled or lost; or those of them that are named.

        Raises JobConflict for a task that is running, waits or succeeded.
        """

    def hold(self, handle: str) -> None:
        """Start no further task."""

    def release(self, handle: str) -> None:
        """Undo ``hold``."""

    def set_priority(self, handle: str, priority: int) -> None:
        """0 to 100, for what has not begun."""


@runtime_checkable
class Forgetful(Protocol):
    """A farm whose own record of jobs would grow without end."""

    def forget(self, handles: Sequence[str]) -> None:
        """Let go of these jobs and their logs; of those that go on, that others wait for or that are unknown, nothing.

        Raises what a Farm does.
        """


@dataclass(frozen=True, slots=True)
class FarmSetup:
    """What a farm is opened with.

    Attributes:
        state_dir: a folder of this farm's own, on a local disk; made when it is needed.
        options: the farm's table of the settings: ``[farms.slurm]``.
        environ: the environment to take credentials and paths from.
    """

    state_dir: Path
    options: Mapping[str, Any]
    environ: Mapping[str, str]


# Opening asks nobody and starts nothing. Raises FarmConfigurationError, or ExtraMissing for a missing package.
FarmFactory = Callable[[FarmSetup], Farm]
