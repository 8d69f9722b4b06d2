"""A sandbox ShotGrid site as its own process, and the unmodified client to talk to it."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SCRIPT = "tests"
KEY = "not-a-secret-7d1c"


@dataclass
class SiteProcess:
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

    def set_faults(self, plan: dict[str, Any] | list[dict[str, Any]]) -> None:
        """From now on this goes wrong: a plan, or its rules."""
        document = plan if isinstance(plan, dict) else {"schema": "onepiece.faults.1", "rules": plan}
        self.ask("PUT", "/sandbox/faults", document)

    def clear_faults(self) -> None:
        self.ask("DELETE", "/sandbox/faults")

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """The journal's calls after number ``since``."""
        told: list[dict[str, Any]] = self.ask("GET", f"/sandbox/calls?since={since}")["calls"]
        return told

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until nothing is under way any more, not even what is carried out late."""
        deadline = time.monotonic() + seconds
        while self.ask("GET", "/sandbox/calls?limit=1")["under_way"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def ask(self, method: str, path: str, document: object = None) -> Any:
        """What only the owner of the site's key may ask."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            body = None if document is None else json.dumps(document)
            connection.request(method, path, body, {"Authorization": f"Bearer {self.key}"})
            response = connection.getresponse()
            told = json.loads(response.read())
        finally:
            connection.close()
        assert response.status == 200, told
        return told

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
