"""Where things of the queue lie in its folder."""

from __future__ import annotations

from pathlib import Path

_TASKS_OF_A_FOLDER = 1000


def log_path(folder: Path, job: int, number: int, attempt: int) -> Path:
    """The log of one attempt."""
    return folder / "logs" / str(job) / str(number // _TASKS_OF_A_FOLDER) / f"{number}-{attempt}.log"
