"""A sandbox ShotGrid site as its own process, and the unmodified client to talk to it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.site_admin import Administered

SCRIPT = "tests"
KEY = "not-a-secret-7d1c"


@dataclass
class SiteProcess(Administered):
    """Started by ``start``; ``stop`` ends it in order, ``kill`` as a crash would."""

    folder: Path
    options: tuple[str, ...] = ()
    key: str = KEY
    url: str = ""
    process: subprocess.Popen[str] = field(init=False)

    def start(self) -> SiteProcess:
        self.folder.mkdir(parents=True, exist_ok=True)
        key_file = self.folder / "key"
        key_file.write_text(self.key)
        module = "onepiece_server.sandbox.shotgrid"
        arguments = ["--dir", str(self.folder / "site"), "--script", SCRIPT, "--key-file", str(key_file)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, *self.options],
            stdout=subprocess.PIPE,
            stderr=(self.folder / "log").open("ab"),
            text=True,
        )
        assert self.process.stdout is not None
        ready, _, self.url = self.process.stdout.readline().strip().partition(" ")
        assert ready == "ready", self.log()
        return self

    def client(self, **options: Any) -> Any:
        import shotgun_api3

        if not options.keys() & {"login", "session_token", "script_name"}:
            options |= {"script_name": SCRIPT, "api_key": self.key}
        return shotgun_api3.Shotgun(self.url, **options)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._close()

    def stop(self) -> int:
        self.process.terminate()
        status = self.process.wait(15)
        self._close()
        return status

    def _close(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()
