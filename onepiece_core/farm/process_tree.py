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
        found = [process for process in psutil.process_iter() if _has(process, variable, value)]
        if not found:
            return
        for process in found:
            try:
                process.kill()
            except psutil.Error:
                continue  # it has just ended
        time.sleep(_PAUSE_SECONDS)


def has_child_marked(variable: str, value: str) -> bool:
    """Whether a child of this process, not of another, says so and runs."""
    return any(_has(child, variable, value) for child in psutil.Process().children())


def _has(process: psutil.Process, variable: str, value: str) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(variable) == value
    except (psutil.Error, OSError):
        return False  # it has ended, or belongs to somebody else
