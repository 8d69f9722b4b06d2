"""One line of the table, ready to be run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from onepiece_server.sandbox.report import SandboxReport

TABLE = Path(__file__).with_name("table.toml")
# Folders of the mission's examples; a test has its own of each.
_PLACES = ("/projects", "/data", "/deliveries", "/tmp")


@dataclass(frozen=True)
class Promise:
    """``instead`` is what is run where the mission's line is a documented exception."""

    name: str
    line: str
    gives: str
    on: str | None = None
    built: bool = True
    instead: str | None = None
    why: str | None = None


@dataclass
class Case:
    """Where a promise is put to the test.

    Attributes:
        root: holds the folders that the line names.
        env: the environment of the command.
        studio: the sandbox, where the fixture asked for one.
    """

    promise: Promise
    root: Path
    env: dict[str, str]
    studio: SandboxReport | None = None
    told: dict[str, object] = field(default_factory=dict)

    def place(self, path: str) -> Path:
        """Where a path of the mission lies in this test."""
        return self.root / path.lstrip("/")

    def words(self) -> list[str]:
        """The command line with this test's folders."""
        words = shlex.split((self.promise.instead or self.promise.line).replace("\\\n", " "))
        return [str(self.place(word)) if word.startswith(_PLACES) else word for word in words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the line (or ``words``) as a shell would, in ``root``."""
        asked = list(words) or self.words()
        if asked[0] == "onepiece":
            asked = [sys.executable, "-m", "onepiece_cli", *asked[1:]]
        elif asked[0] == "python":
            asked[0] = sys.executable
        return subprocess.run(
            asked, env=self.env, cwd=self.root, capture_output=True, text=True, timeout=120, check=False
        )


def load_promises() -> list[Promise]:
    return [Promise(**row) for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["promise"]]


def without(env: dict[str, str], *prefixes: str) -> dict[str, str]:
    return {name: value for name, value in env.items() if not name.startswith(prefixes)}


def on_path(env: dict[str, str], folder: Path) -> dict[str, str]:
    return {**env, "PATH": os.pathsep.join((str(folder), env["PATH"]))}
