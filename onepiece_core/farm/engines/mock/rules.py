"""How a pretended farm behaves."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Rules(BaseModel):
    """The table ``[farms.mock]``.

    Attributes:
        task_seconds: how long a task takes.
        hosts: tasks of one job at a time.
        failing_tasks: indices of tasks that fail, in every job.
        failing_attempts: how many attempts of those fail; the next one succeeds.
        rejects: every job is refused.
        loses_answers: a job is taken, and the caller is told that there was no answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    task_seconds: float = Field(2.0, ge=0, le=86_400)
    hosts: int = Field(4, ge=1, le=1000)
    failing_tasks: tuple[int, ...] = Field((), strict=False)
    failing_attempts: int = Field(1, ge=1)
    rejects: bool = False
    loses_answers: bool = False

    def fails(self, task: int, attempt: int) -> bool:
        return task in self.failing_tasks and attempt <= self.failing_attempts
