"""What a host tells about the open scene, as plain JSON, gathered in slices that give the main thread back.

``onepiece.scene-facts.1``; the reader is ``onepiece_core.rules.host_facts``, and a test compares both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Host

SCHEMA = "onepiece.scene-facts.1"
# More files than this are counted, not listed.
MAX_FILES = 200_000


class Collector:
    """Gathers facts step by step: call :meth:`work` until it answers True."""

    def __init__(self, host: Host, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.facts: dict[str, Any] = {"schema": SCHEMA, "files": [], "problems": [], "left_out": 0, "unread": []}
        self._steps = self._collect(host)
        self.is_done = False

    @property
    def count(self) -> int:
        """Files found so far: for the progress."""
        return len(self.facts["files"])

    def work(self, seconds: float = 0.02) -> bool:
        """Go on for so long at most, give or take one step; True when all is gathered."""
        end = self._clock() + seconds
        for _ in self._steps:
            if self._clock() >= end:
                return False
        self.is_done = True
        return True

    def _collect(self, host: Host) -> Iterator[None]:
        facts = self.facts
        facts.update(host=host.name, host_version=host.version(), headless=host.is_headless())
        readers: dict[str, Callable[[], Any]] = {
            "scene": host.scene_path,
            "modified": host.is_modified,
            "range": lambda: asdict(host.frame_range()),
            "fps": lambda: list(host.fps()),
            "colour": lambda: asdict(host.colour()),
            "resolution": lambda: asdict(size) if (size := host.resolution()) else None,
            "cameras": lambda: [asdict(camera) for camera in host.cameras()],
            "outputs": lambda: [asdict(output) for output in host.outputs()],
            "selection": host.selection,
        }
        for name, read in readers.items():
            facts[name] = self._read(name, read)
            yield
        for name, found in (("files", host.iter_files()), ("problems", host.iter_problems())):
            yield from self._gather(name, found)

    def _read(self, name: str, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except HostError as error:
            self.facts["unread"].append({"what": name, "message": error.message})
            return None

    def _gather(self, name: str, found: Iterator[Any]) -> Iterator[None]:
        kept = self.facts[name]
        try:
            for one in found:
                if one is not None and len(kept) < MAX_FILES:
                    kept.append(asdict(one))
                elif one is not None:
                    self.facts["left_out"] += 1
                yield
        except HostError as error:
            self.facts["unread"].append({"what": name, "message": error.message})


def collect(host: Host) -> dict[str, Any]:
    """All at once: for scripts and tests."""
    collector = Collector(host)
    while not collector.work(1.0):
        pass
    return collector.facts
