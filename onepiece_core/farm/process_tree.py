"""All that a task started, found by a variable of its environment and ended.

A child that its parent left alone, in a session of its own, is in no process group and nobody's child any more; it
still has the environment that it was started with.
"""

from __future__ import annotations

import os
import time

import psutil

_LOOKS = 40
_PAUSE_SECONDS = 0.05


def end_marked(variable: str, value: str) -> None:
    """Kill every process of ours whose environment says ``variable=value``, but this one.

    Returns when none is left, or after two seconds: one that waits for a disk ends when the disk answers.
    """
    for _ in range(_LOOKS):  # one may start another while we look
        looks_again = False
        for process in psutil.process_iter():
            environ = _environ(process)
            if environ.get(variable) == value:
                looks_again = True
                _kill(process)
            elif not environ and _is_starting(process):
                looks_again = True
        if not looks_again:
            return
        time.sleep(_PAUSE_SECONDS)


def has_child_marked(variable: str, value: str) -> bool:
    """Whether a child of this process, not of another, says so and runs."""
    return any(_environ(child).get(variable) == value for child in psutil.Process().children())


def _environ(process: psutil.Process) -> dict[str, str]:
    """Nothing of our own process, of one that has ended and of somebody else's."""
    try:
        return process.environ() if process.pid != os.getpid() else {}
    except (psutil.Error, OSError):
        return {}


def _is_starting(process: psutil.Process) -> bool:
    """Whether it may be ours and cannot be told yet: on Linux a program has memory before arguments and environment."""
    try:
        return not process.cmdline() and process.memory_info().vms > 0
    except (psutil.Error, OSError):
        return False


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.Error:
        return  # it has just ended
