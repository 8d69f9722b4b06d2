"""Slurm's command line clients, with a limit of time, and what their complaints mean."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import FarmConfigurationError, FarmUnauthorized, FarmUnavailable, JobRejected
from onepiece_core.farm.engines.slurm import NAME, Options

_AWAY = ("unable to contact", "connection refused", "socket timed out", "munge encode failed", "communication")
_DENIED = ("access/permission denied", "user not found", "invalid account", "authentication")
_GONE = ("invalid job id", "already finished", "already completing", "no longer pending", "job is not pending")
# The reason comes last: it is free text.
_FORMAT = "%F|%K|%T|%k|%r"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an array as ``squeue`` shows it; without a position those that never began, all together."""

    array: str
    position: int | None
    state: str
    comment: str
    reason: str


class Clients:
    """Any thread may use it."""

    def __init__(self, options: Options, environ: Mapping[str, str]) -> None:
        self._timeout, self._bin_dir = options.timeout_seconds, options.bin_dir
        # Nothing else of ours: sbatch hands its environment on to the jobs.
        self._environ = {
            **{name: environ[name] for name in ("PATH", "HOME", "USER", "SLURM_CONF") if name in environ},
            "LC_ALL": "C",
            **({"SLURM_CONF": str(options.conf)} if options.conf else {}),
        }

    def check_controller(self) -> None:
        """Raises FarmUnavailable when no controller answers."""
        if " UP" not in (said := self._run("scontrol", "ping")):
            raise FarmUnavailable(f"Slurm's controller does not answer: {_line(said)}", farm=NAME)

    def submit(self, script: str, words: Sequence[str]) -> str:
        """The id of the new array. Raises JobRejected."""
        array = self._run("sbatch", "--parsable", *words, script=script, refused=JobRejected)
        return array.strip().partition(";")[0]

    def check(self, script: str, words: Sequence[str]) -> None:
        """Raises JobRejected."""
        self._run("sbatch", "--test-only", *words, script=script, refused=JobRejected)

    def list_elements(self, arrays: Iterable[str] | None = None) -> Iterator[Element]:
        """Every element that Slurm still knows, of these arrays or of all; ended ones included."""
        wanted = None if arrays is None else list(arrays)
        if wanted == []:
            return
        which = () if wanted is None else ("-j", ",".join(wanted))
        told = self._run("squeue", "-h", "--states=all", "-r", "-o", _FORMAT, *which, ignored=_GONE)
        for line in told.splitlines():
            array, position, state, comment, reason = line.split("|", 4)
            yield Element(array, int(position) if position.isdecimal() else None, state, comment, reason)

    def cancel(self, elements: Sequence[str]) -> None:
        """Those that ended already are left alone; so are those that never were: look first."""
        self._run("scancel", "--quiet", *elements, ignored=_GONE)

    def control(self, *words: str) -> None:
        """``scontrol``, for elements that wait: one that has begun meanwhile is left alone."""
        self._run("scontrol", *words, ignored=_GONE)

    def _run(
        self,
        program: str,
        *words: str,
        script: str | None = None,
        ignored: Sequence[str] = (),
        refused: type[JobRejected] | type[FarmUnavailable] = FarmUnavailable,
    ) -> str:
        try:
            done = subprocess.run(
                [self._path_of(program), *words],
                input=script or "",
                env=self._environ,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as cause:
            raise FarmUnavailable(f"Slurm did not answer {program} in {self._timeout:g} s", farm=NAME) from cause
        except OSError as cause:
            raise FarmConfigurationError(f"{program} cannot be started: {cause.strerror}", farm=NAME) from cause
        said = done.stderr.lower()
        if done.returncode == 0 or any(words in said for words in ignored):
            return done.stdout
        message = f"Slurm: {_line(done.stderr)}"
        if any(words in said for words in _AWAY):
            raise FarmUnavailable(message, farm=NAME)
        if any(words in said for words in _DENIED):
            raise FarmUnauthorized(message, farm=NAME)
        raise refused(message, farm=NAME)

    def _path_of(self, program: str) -> str:
        if self._bin_dir is not None:
            return str(Path(self._bin_dir) / program)
        found = shutil.which(program, path=self._environ.get("PATH"))
        if found is None:
            raise FarmConfigurationError(
                f"Slurm's client {program} is not installed",
                hint="Install slurm-client, or set bin_dir in [farms.slurm].",
                farm=NAME,
            )
        return found


def _line(text: str) -> str:
    """The complaint, without the program's name before it."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no answer"
