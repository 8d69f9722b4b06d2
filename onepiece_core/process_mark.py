"""Which process is meant, for ever: a pid is used again, and a clock may jump, so neither names one alone."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

_STAT_START = 19  # of /proc/PID/stat, counted after the name; in clock ticks since the system started


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """One process of this machine.

    Attributes:
        started: no other process of this pid has the same; a jump of the clock does not change it.
    """

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessMark | None:
        """None: there is no such process, or it is a zombie."""
        started = _linux_start(pid) if sys.platform == "linux" else _start(pid)
        return None if started is None else cls(pid, started)

    @classmethod
    def me(cls) -> ProcessMark:
        mark = cls.of(os.getpid())
        assert mark is not None
        return mark

    def is_alive(self) -> bool:
        return ProcessMark.of(self.pid) == self


def _linux_start(pid: int) -> str | None:
    # What psutil makes of it adds the time of the boot, which moves with the clock.
    try:
        name_and_rest = Path(f"/proc/{pid}/stat").read_bytes()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    fields = name_and_rest.rpartition(b")")[2].split()
    return None if fields[0] in b"ZX" else f"{boot}:{fields[_STAT_START].decode()}"


def _start(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.Error:
        return None
