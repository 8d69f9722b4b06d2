"""Where things of the queue lie in its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

_TASKS_OF_A_FOLDER = 1000
_NEEDED_BYTES = 4 * 1024 * 1024


def logs_of(folder: Path, job: int) -> Path:
    return folder / "logs" / str(job)


def log_path(folder: Path, job: int, number: int, attempt: int) -> Path:
    """The log of one attempt."""
    return logs_of(folder, job) / str(number // _TASKS_OF_A_FOLDER) / f"{number}-{attempt}.log"


def is_disk_full(folder: Path) -> bool:
    """Whether a task that is begun now would fail for want of room for its log and its script."""
    try:
        return shutil.disk_usage(folder).free < _NEEDED_BYTES
    except OSError:
        return False  # whoever uses the folder says better what is wrong with it
