"""All that a task started, found by a variable of its environment and ended.

A child that its parent left alone, in a session of its own, is in no process group and nobody's child any more; it
still has the environment that it was started with.
"""

from __future__ import annotations

import os

import psutil


def end_marked(variable: str, value: str) -> int:
    """Kill every process of ours whose environment says ``variable=value``, but this one; the number of them."""
    ended = 0
    for _ in range(5):  # one may start another while we look
        found = [process for process in psutil.process_iter() if _has(process, variable, value)]
        for process in found:
            try:
                process.kill()
                ended += 1
            except psutil.Error:
                continue  # it has just ended
        if not found:
            break
        psutil.wait_procs(found, timeout=2)
    return ended


def has_child_marked(variable: str, value: str) -> bool:
    """Whether a child of this process, not of another, says so and runs."""
    return any(_has(child, variable, value) for child in psutil.Process().children())


def _has(process: psutil.Process, variable: str, value: str) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(variable) == value
    except (psutil.Error, OSError):
        return False  # it has ended, or belongs to somebody else
