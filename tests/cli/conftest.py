"""A shot that can be published, and the command line as a shell runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.support.media import write_exr
from tests.support.studio import shotgrid_of, store_of


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """The one object on stdout."""
        return dict(json.loads(self.out))

    @property
    def error(self) -> dict[str, Any]:
        """The one object on stderr; nothing else stands there, and nothing on stdout."""
        assert self.out == ""
        told = json.loads(self.err)
        assert told.keys() == {"error"}
        assert told["error"].keys() == {"code", "message", "hint", "context"}
        return dict(told["error"])


Cli = Callable[..., Done]


def run_cli(env: dict[str, str], *args: object, prefix: tuple[str, ...] = (), cwd: Path | None = None) -> Done:
    """Run ``onepiece ARGS``; whatever happens, there is no traceback."""
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "onepiece_cli", *map(str, args)],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def cli(env: dict[str, str], tmp_path: Path) -> Cli:
    """The command line where nothing is configured."""
    return lambda *args, **more: run_cli({**env, **more.pop("env", {})}, *args, **{"cwd": tmp_path, **more})


@dataclass
class Shot:
    """Three frames, and the options that publish them under a name of this test's own."""

    root: Path
    name: str
    studio: SandboxReport
    env: dict[str, str]
    bucket: str = "my-bucket"
    frames: list[Path] = field(default_factory=list)

    @property
    def renders(self) -> Path:
        return self.root / "renders"

    @property
    def destination(self) -> Path:
        return self.root / "out"

    @property
    def package(self) -> Path:
        return self.destination / self.name

    def options(self, **changed: object) -> list[str]:
        """``None`` takes an option away, ``True`` is a switch."""
        told: dict[str, object] = {
            "dcc": "nuke",
            "scene_name": self.name,
            "renders": self.renders,
            "destination": self.destination,
            "bucket": self.bucket,
            "show_code": "FG",
        }
        words: list[str] = []
        for option, value in {**told, **changed}.items():
            if value is not None:
                words += [f"--{option.replace('_', '-')}", *([] if value is True else [str(value)])]
        return words

    def publish(
        self, *more: str, env: dict[str, str] | None = None, prefix: tuple[str, ...] = (), **options: object
    ) -> Done:
        words = ["dcc", "publish", *self.options(**options), *more]
        return run_cli({**self.env, **(env or {})}, *words, prefix=prefix, cwd=self.root)

    def run(self, *args: object, **env: str) -> Done:
        return run_cli({**self.env, **env}, *args, cwd=self.root)

    def versions(self) -> list[dict[str, Any]]:
        return list(shotgrid_of(self.studio).find("Version", [["code", "is", self.name]], ["project", "entity"]))

    def stored(self) -> list[str]:
        found = store_of(self.studio, self.bucket).iter_objects(f"vfx/FG/{self.name}/")
        return [each.key for each in found]

    def assert_nothing_is_left(self) -> None:
        """No package anywhere, whole or half; what was given is as it was."""
        visible = [path.name for path in self.destination.glob("*") if path.name != ".onepiece"]
        assert visible == []
        self.assert_nothing_is_registered()

    def assert_nothing_is_registered(self) -> None:
        assert f"vfx/FG/{self.name}/manifest.json" not in self.stored()
        assert self.versions() == []


@pytest.fixture
def shot(request: pytest.FixtureRequest, tmp_path: Path, studio: SandboxReport, studio_env: dict[str, str]) -> Shot:
    # The studio is shared: a name for each test.
    number = zlib.crc32(request.node.nodeid.encode()) % 10**6
    made = Shot(tmp_path, f"FG_t{number:06}_comp_v001", studio, studio_env)
    made.renders.mkdir()
    made.frames = [write_exr(made.renders / f"{made.name}.{n}.exr", seed=n) for n in (1001, 1002, 1003)]
    return made
