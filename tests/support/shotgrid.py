"""The sandbox's ShotGrid as a process of its own, for the tests of what speaks to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.tracker.retry import Clock, RetryPolicy
from onepiece_core.tracker.shotgrid import ShotgridTracker
from tests.support.site_admin import Administered

SCRIPT, KEY = "onepiece", "a key for tests"


@dataclass(frozen=True)
class RunningSite(Administered):
    url: str
    key: str = KEY

    def tracker(
        self, url: str | None = None, *, timeout_seconds: float = 20.0, key: str = KEY, clock: Clock | None = None
    ) -> ShotgridTracker:
        """A tracker of this site, or of what stands at another address. Its reads do not wait long."""
        policy = RetryPolicy(first_pause_seconds=0.05, longest_pause_seconds=0.2, cool_down_seconds=0.0)
        return ShotgridTracker(
            url or self.url, SCRIPT, key, timeout_seconds=timeout_seconds, policy=policy, clock=clock
        )


@contextmanager
def running_site(folder: Path, *options: str) -> Iterator[RunningSite]:
    """Start the server in ``folder`` and stop it at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "key"
    key_file.write_text(KEY, encoding="utf-8")
    command = [sys.executable, "-m", "onepiece_server.sandbox.shotgrid", "--dir", str(folder / "data")]
    command += ["--script", SCRIPT, "--key-file", str(key_file), *options]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True)
        try:
            assert server.stdout is not None
            ready = server.stdout.readline().split()
            assert ready[:1] == ["ready"], (folder / "log").read_text(encoding="utf-8")
            yield RunningSite(ready[1])
        finally:
            server.terminate()
            server.wait(20)
            assert server.stdout is not None
            server.stdout.close()
