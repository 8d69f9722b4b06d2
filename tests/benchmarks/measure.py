"""Run a command and say what it cost; compare two series of runs as pairs."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """What one process cost; its children that it waited for are in ``cpu_seconds``."""

    seconds: float
    cpu_seconds: float
    peak_mib: float

    def __add__(self, other: Run) -> Run:
        return Run(
            self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds, max(self.peak_mib, other.peak_mib)
        )


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Raises SystemExit when the command fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} failed with {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def verdict(ratios: Sequence[float], limit: float) -> str:
    """The median of the paired ratios with its spread (quartiles), and whether it keeps the limit.

    No verdict where the spread is larger than the distance to the limit.
    """
    median = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (median, median, median)
    clear = high - low < abs(limit - median)
    told = ("kept" if median <= limit else "NOT kept") if clear else "no verdict: the spread is too wide"
    return f"{median:.2f} ({low:.2f}-{high:.2f}), limit {limit}: {told}"


def line(name: str, runs: Sequence[Run]) -> str:
    """Medians of time and CPU, the largest peak."""
    return (
        f"  {name:34} {statistics.median(r.seconds for r in runs):8.3f} s"
        f" {statistics.median(r.cpu_seconds for r in runs):8.3f} cpu s {max(r.peak_mib for r in runs):7.0f} MiB"
    )
