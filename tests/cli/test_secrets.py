"""No key of ours is printed, logged, kept or shown in the list of processes, whatever goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Shot
from tests.support.media import write_exr


def secrets_of(shot: Shot) -> list[str]:
    return [shot.env["ONEPIECE_SHOTGRID_KEY"], shot.env["AWS_SECRET_ACCESS_KEY"]]


def files_with(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


class Watch(threading.Thread):
    """Reads every command line on this machine, over and over."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(0.02):
            for process in psutil.process_iter():
                try:
                    self.seen.add(" ".join(process.cmdline()))
                except psutil.Error:
                    continue


def test_a_publish_that_works_tells_no_key(shot: Shot):
    write_exr(shot.renders / f"{shot.name}.1004.exr", seed=4)
    watch = Watch()
    watch.start()
    command = [sys.executable, "-m", "onepiece_cli", "--verbose", "--log-json", "dcc", "publish", *shot.options()]
    done = subprocess.run(command, env=shot.env, capture_output=True, text=True, check=True)
    watch.enough.set()
    watch.join()
    assert any(shot.name in line for line in watch.seen), "the publish itself was seen"
    for secret in secrets_of(shot):
        assert secret not in done.stdout + done.stderr
        assert not [line for line in watch.seen if secret in line]
        assert files_with(shot.root, secret) == []
        assert files_with(Path(shot.env["ONEPIECE_STATE_DIR"]), secret) == []


@pytest.mark.parametrize(
    "env",
    [
        {"ONEPIECE_SHOTGRID_URL": "http://127.0.0.1:9"},
        {"ONEPIECE_SHOTGRID_SCRIPT": "nobody"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        {"AWS_ACCESS_KEY_ID": "UNKNOWN0000000000"},
        {"ONEPIECE_SHOTGRID_URL": "{AWS_ENDPOINT_URL}"},
        {"AWS_ENDPOINT_URL": "{ONEPIECE_SHOTGRID_URL}"},
    ],
    ids=" ".join,
)
def test_a_publish_that_fails_tells_no_key(shot: Shot, env: dict[str, str]):
    """The last two: each server is taken for the other."""
    env = {name: value.format_map(shot.env) for name, value in env.items()}
    done = shot.publish("--require-tracker", "--json", env=env)
    assert done.status in (7, 8)
    assert json.loads(done.err)["error"]["code"].startswith(("storage.", "tracker."))
    told = shot.run("--verbose", "--log-json", "info", **env)
    for secret in secrets_of(shot):
        assert secret not in done.err + told.out + told.err
        assert files_with(shot.root, secret) == []
