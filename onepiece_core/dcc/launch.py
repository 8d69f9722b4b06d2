"""Start a DCC that lives on without us, and hear from our start-up file inside it when it is there.

The start-up file writes what it finds into the file that ``ONEPIECE_LAUNCH_FILE`` names, whole, by a rename.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from onepiece_core.errors import LaunchFailed
from onepiece_core.filesystems import make_folders

LAUNCH_VARIABLE = "ONEPIECE_LAUNCH_FILE"

_LOG_TAIL_LINES = 12
_LOG_TAIL_BYTES = 16 << 10
_LOOK_SECONDS = 0.1
_FORGET_SECONDS = 24 * 3600
_MAX_ANSWER_BYTES = 64 << 10

# What a log says -> what to do about it.
_REMEDIES = (
    (r"licen[cs]e", "It got no licence: check the licence server and its variables."),
    (r"display|x11|xcb|wayland|x server", "It found no screen: start it from a desktop session."),
    (
        r"shared librar|\.so[.\d]*: cannot open|dyld|\bdll\b",
        "A library of the system is missing: compare with its install guide.",
    ),
    (
        r"modulenotfounderror|importerror|pythonpath",
        "Its Python met foreign packages: look for PYTHONPATH in the studio's set-up.",
    ),
    (r"no space left|quota", "The disk is full."),
    (r"out of memory|cannot allocate|bad_alloc", "The machine has too little memory."),
)


class LaunchAnswer(BaseModel, frozen=True):
    """What our start-up file inside the host told."""

    host: str = Field(max_length=64)
    version: str = Field(max_length=64)
    pid: int
    scene: str = Field(max_length=8192)


@dataclass(frozen=True, slots=True)
class Launched:
    """A DCC that was started. ``answer`` is None when our start-up file has not told anything."""

    pid: int
    log: Path
    answer: LaunchAnswer | None


def launch(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: Path,
    log: Path,
    launches: Path,
    answer_seconds: float,
    watch_seconds: float,
) -> Launched:
    """Start ``argv`` in a session of its own and watch it.

    ``answer_seconds``: how long to wait for our start-up file; with 0 nobody is expected to answer.
    ``watch_seconds``: how long it must live then to count as started. A launcher that ends well at once has handed
    over to the real program.

    Raises:
        LaunchFailed: it does not start, or ends with an error meanwhile.
        StorageError: the state folder cannot be written to.
    """
    make_folders(launches)
    make_folders(log.parent)
    _forget_old(launches)
    token = launches / f"{uuid.uuid4().hex}.json"
    process = _start(argv, {**env, LAUNCH_VARIABLE: str(token)}, folder, log)
    try:
        answer = _wait(process, argv, token, log, max(answer_seconds, watch_seconds), watch_seconds, answer_seconds > 0)
    finally:
        if process.returncode is None:
            process.returncode = 0  # it outlives us: without this, subprocess warns when the object goes away
    token.unlink(missing_ok=True)
    return Launched(process.pid, log, answer)


def _start(argv: Sequence[str], env: Mapping[str, str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    detached = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    try:
        with log.open("wb") as output:
            return subprocess.Popen(
                argv,
                env=dict(env),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                creationflags=detached,
            )
    except (OSError, ValueError) as cause:
        raise LaunchFailed(
            f"{argv[0]} does not start: {getattr(cause, 'strerror', None) or cause}",
            hint="Start it by hand to see what it lacks.",
            executable=argv[0],
        ) from cause


def _wait(
    process: subprocess.Popen[bytes],
    argv: Sequence[str],
    token: Path,
    log: Path,
    seconds: float,
    watch_seconds: float,
    is_expected: bool,
) -> LaunchAnswer | None:
    started = time.monotonic()
    while True:
        if (answer := _read_answer(token)) is not None:
            return answer
        status = process.poll()
        if status:
            raise ended(argv[0], status, log)
        passed = time.monotonic() - started
        if passed >= seconds or (status == 0 and not is_expected):
            return None
        time.sleep(min(_LOOK_SECONDS, watch_seconds / 4 + 0.01))


def _read_answer(token: Path) -> LaunchAnswer | None:
    try:
        with token.open("rb") as file:
            return LaunchAnswer.model_validate_json(file.read(_MAX_ANSWER_BYTES))
    except (OSError, ValidationError):  # not there yet; or nothing that we would have written
        return None


def ended(executable: str, status: int, log: Path) -> LaunchFailed:
    """The error for a DCC that ended at once: the end of its log, and what to do."""
    lines = _tail(log)
    text = "\n".join(lines)
    remedy = next((told for pattern, told in _REMEDIES if re.search(pattern, text, re.IGNORECASE)), None)
    how = f"status {status}" if status > 0 else f"signal {-status}"
    return LaunchFailed(
        f"{Path(executable).name} ended at once with {how}" + (f": {lines[-1][:200]}" if lines else ""),
        hint=f"{remedy or 'Start it by hand to see what it lacks.'} What it printed: {log}",
        executable=executable,
        status=status,
        output=text,
        log=str(log),
    )


def _tail(log: Path) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-_LOG_TAIL_LINES:]


def _forget_old(launches: Path) -> None:
    """Answers of hosts that were up after nobody waited any more."""
    for path in launches.glob("*.json*"):
        try:
            if time.time() - path.stat().st_mtime > _FORGET_SECONDS:
                path.unlink()
        except OSError:
            continue
