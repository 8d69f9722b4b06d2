"""Servers that outlive the command which started them, and are ended by exactly their own pid."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
from pydantic import BaseModel

# A pid is given again one day. The start time tells the two apart; it is derived from the boot time, which
# systems round to seconds and adjust.
_START_TOLERANCE_SECONDS = 2.0

# weed takes keys, buckets and options from these; a PYTHONPATH of a DCC would replace our packages.
_FOREIGN = ("AWS_", "S3_", "WEED_", "ONEPIECE_", "PYTHON", "VIRTUAL_ENV")


class ServerProcess(BaseModel, frozen=True):
    """What identifies one running server for as long as the machine is up.

    Attributes:
        pid: process id.
        started_at: seconds since the epoch, as the system tells it.
        mark: an argument of its command line that no other process has.
    """

    pid: int
    started_at: float
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
    try:
        started_at = psutil.Process(process.pid).create_time()
    except psutil.NoSuchProcess:  # it has ended already, and Windows keeps no zombie
        started_at = time.time()
    # It is meant to outlive us: without this, subprocess warns when the object goes away.
    process.returncode = 0
    return ServerProcess(pid=process.pid, started_at=started_at, mark=mark)


def _find(server: ServerProcess) -> psutil.Process | None:
    try:
        process = psutil.Process(server.pid)
        same = abs(process.create_time() - server.started_at) < _START_TOLERANCE_SECONDS
        # A zombie, which only a parent of ours that is still alive can leave, has no command line.
        return process if same and server.mark in process.cmdline() else None
    except psutil.Error:
        return None


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
            arguments = process.cmdline()
            if mark := next((mark for mark in marks if mark in arguments), None):
                found.append(ServerProcess(pid=process.pid, started_at=process.create_time(), mark=mark))
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
