"""A job's folder, which the nodes share with us::

    job.json                        the job
    arrays/0.json, arrays/0.id      the tasks of the first array that was submitted, and Slurm's id of it; 1 ... retries
    attempts/INDEX.ATTEMPT.ARRAY.STATE   how far an attempt is: begun, again (failed, tried once more) or its end
    cancels/*.json                  what we cancelled: [task, array] pairs
    logs/INDEX.ATTEMPT.log          what the task wrote
    slurm/ARRAY.POSITION.log        what Slurm and the payload wrote beside it

Files appear by one rename, and their names tell what a poll has to know.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.job_file import job_from_json, job_to_json
from onepiece_core.filesystems import make_folders, write_file
from onepiece_core.storage.locking import file_lock

_PARTS = ("arrays", "attempts", "cancels", "logs", "slurm")


@dataclass(frozen=True, slots=True)
class Array:
    """``tasks[position]`` is the task that an element runs. ``slurm_id`` is None until it was surely submitted."""

    number: int
    tasks: tuple[int, ...]
    slurm_id: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """``mark``: begun, again, succeeded, failed or cancelled."""

    task: int
    number: int
    array: int
    mark: str

    @property
    def name(self) -> str:
        return f"{self.task}.{self.number}.{self.array}.{self.mark}"


class JobFolder:
    """One job's. Raises StorageError for what cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        return (self.path / "job.json").exists()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Against others that submit."""
        make_folders(self.path.parent)
        with file_lock(self.path.with_name(f"{self.path.name}.lock")):
            yield

    def make(self, job: FarmJob) -> None:
        for part in _PARTS:
            make_folders(self.path / part)
        write_file(self.path / "job.json", json.dumps(job_to_json(job)).encode())

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def read_job(self) -> FarmJob:
        return job_from_json(json.loads((self.path / "job.json").read_bytes()))

    # Arrays

    def plan_array(self, tasks: Sequence[int]) -> Array:
        number = len(list(self._arrays("json")))
        write_file(self.path / "arrays" / f"{number}.json", json.dumps(list(tasks)).encode())
        return Array(number, tuple(tasks), None)

    def note_submitted(self, array: Array, slurm_id: str) -> None:
        write_file(self.path / "arrays" / f"{array.number}.id", slurm_id.encode())

    def comment_of(self, array: Array) -> str:
        """What Slurm carries with the array for us."""
        return f"onepiece:{self.path.name}:{array.number}"

    def list_arrays(self) -> list[Array]:
        known = {int(path.stem): path.read_text() for path in self._arrays("id")}
        found = []
        for path in sorted(self._arrays("json"), key=lambda path: int(path.stem)):
            number = int(path.stem)
            found.append(Array(number, tuple(json.loads(path.read_bytes())), known.get(number)))
        return found

    def _arrays(self, kind: str) -> Iterator[Path]:
        return (path for path in (self.path / "arrays").glob(f"*.{kind}") if path.stem.isdecimal())

    # Attempts

    def list_attempts(self) -> list[Attempt]:
        found = []
        for path in (self.path / "attempts").iterdir():
            task, _, rest = path.name.partition(".")
            number, _, rest = rest.partition(".")
            array, _, mark = rest.partition(".")
            if task.isdecimal() and number.isdecimal() and array.isdecimal() and "." not in mark:
                found.append(Attempt(int(task), int(number), int(array), mark))
        return found

    def note_attempt(self, attempt: Attempt, **told: object) -> None:
        write_file(self.path / "attempts" / attempt.name, json.dumps(told).encode())

    def read_attempt(self, attempt: Attempt) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.path / "attempts" / attempt.name).read_bytes())
        return told

    def log_of(self, task: int, attempt: int) -> Path:
        return self.path / "logs" / f"{task}.{attempt}.log"

    def slurm_log_of(self, array: Array, position: int) -> Path:
        return self.path / "slurm" / f"{array.number}.{position}.log"

    # Cancels

    def note_cancelled(self, pairs: Sequence[tuple[int, int]]) -> None:
        """``(task, number of its array)``."""
        write_file(self.path / "cancels" / f"{uuid.uuid4().hex}.json", json.dumps(pairs).encode())

    def list_cancelled(self) -> set[tuple[int, int]]:
        files = (self.path / "cancels").glob("*.json")
        return {(task, array) for path in files for task, array in json.loads(path.read_bytes())}
