"""Servers that outlive the command which started them, and are ended by exactly their own pid."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
from pydantic import BaseModel

from onepiece_core.process_mark import ProcessMark

_NAMELESS_SECONDS = 10.0

# weed takes keys, buckets and options from these; a PYTHONPATH of a DCC would replace our packages.
_FOREIGN = ("AWS_", "S3_", "WEED_", "ONEPIECE_", "PYTHON", "VIRTUAL_ENV")


class ServerProcess(BaseModel, frozen=True):
    """What identifies one running server for as long as the machine is up.

    Attributes:
        pid: process id.
        started: tells it from another process that is given its pid one day; "" when it had ended at once.
        mark: an argument of its command line that no other process has.
    """

    pid: int
    started: str = ""
    mark: str


def start(command: Sequence[str], *, mark: str, cwd: Path, log: Path, environ: Mapping[str, str]) -> ServerProcess:
    """Start ``command`` in a session of its own, its output going to ``log``.

    Raises:
        OSError: the program cannot be started.
    """
    assert mark in command
    detached = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=detached,
        )
    identity = ProcessMark.of(process.pid)
    # It is meant to outlive us: without this, subprocess warns when the object goes away.
    process.returncode = 0
    return ServerProcess(pid=process.pid, started=identity.started if identity else "", mark=mark)


def _find(server: ServerProcess) -> psutil.Process | None:
    if not ProcessMark(server.pid, server.started).is_alive():
        return None
    try:
        process = psutil.Process(server.pid)
        return process if server.mark in _arguments(process) else None
    except psutil.Error:
        return None


def _arguments(process: psutil.Process) -> list[str]:
    """Its command line; of a program that we have just started, as soon as the system tells it.

    Linux lets whoever starts a program go on before the program's own arguments are in place.
    """
    deadline = time.monotonic() + _NAMELESS_SECONDS
    while not (arguments := process.cmdline()) and process.ppid() == os.getpid() and time.monotonic() < deadline:
        time.sleep(0.005)
    return arguments


def is_alive(server: ServerProcess) -> bool:
    return _find(server) is not None


def memory_bytes(server: ServerProcess) -> int | None:
    """Resident memory; None when the server has ended."""
    try:
        process = _find(server)
        return process.memory_info().rss if process else None
    except psutil.Error:
        return None


def find_marked(*marks: str) -> list[ServerProcess]:
    """Every process of this machine that has one of ``marks`` among its arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            arguments = _arguments(process)
            mark = next((mark for mark in marks if mark in arguments), None)
            if mark and (identity := ProcessMark.of(process.pid)):
                found.append(ServerProcess(pid=process.pid, started=identity.started, mark=mark))
        except psutil.Error:
            continue  # it has just ended, or belongs to somebody else
    return found


def stop(servers: Sequence[ServerProcess], *, grace_seconds: float) -> None:
    """End ``servers`` and wait until they are gone: politely, then by force."""
    processes = [process for server in servers if (process := _find(server))]
    for process in processes:
        _quietly(process.terminate)
    _, stubborn = psutil.wait_procs(processes, timeout=grace_seconds)
    for process in stubborn:
        _quietly(process.kill)
    psutil.wait_procs(stubborn, timeout=10)


def _quietly(end: Callable[[], None]) -> None:
    try:
        end()
    except psutil.NoSuchProcess:
        return  # it ended by itself meanwhile


def child_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """``environ`` (ours) without what would configure a server behind our back."""
    source = os.environ if environ is None else environ
    return {key: value for key, value in source.items() if not key.upper().startswith(_FOREIGN)}


def wait_until(ready: Callable[[], bool], *, timeout_seconds: float, pause_seconds: float = 0.05) -> bool:
    """Call ``ready`` until it gives True; False when the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_seconds)
    return True
