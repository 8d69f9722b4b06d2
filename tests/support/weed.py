"""A real S3 server for the tests: SeaweedFS' ``weed mini`` on loopback, with its own keys and buckets."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from onepiece_core.config import AwsSettings
from onepiece_core.errors import StorageError
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.s3.client import connect

# Below the range from which kernels hand out ports, so that nobody is given one of ours between check and use.
_PORTS = range(11_000, 21_000, 5)
_GRPC_OFFSET = 10_000  # weed's own rule
_ROLES = ("master", "volume", "filer", "s3", "admin")


@dataclass(frozen=True)
class Weed:
    """A running server."""

    aws: AwsSettings
    endpoint_url: str
    access_key: str
    secret_key: str
    pid: int


@contextlib.contextmanager
def running_weed(folder: Path, *, bucket: str) -> Iterator[Weed]:
    """Start a server that keeps its data in ``folder``, make ``bucket``, and stop it by its own pid at the end."""
    for attempt in range(5):
        base = _free_base()
        process = _spawn(folder / str(attempt), base)
        try:
            weed = _when_ready(process, base, bucket)
            if weed is not None:
                yield weed
                return
        finally:
            _stop(process)
    log = (folder / "4" / "weed.log").read_text(errors="replace")
    raise RuntimeError(f"weed did not start:\n{log[-2000:]}")


def _spawn(folder: Path, base: int) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True)
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": "TESTKEY", "secretKey": "test-secret"}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    ports = [
        argument
        for offset, role in enumerate(_ROLES)
        for argument in (f"-{role}.port={base + offset}", f"-{role}.port.grpc={base + offset + _GRPC_OFFSET}")
    ]
    with (folder / "weed.log").open("wb") as log:
        return subprocess.Popen(
            [
                weed_binary(),
                f"-logdir={folder}",
                "mini",
                f"-dir={folder}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-s3.config={config}",
                "-master.telemetry=false",
                "-s3.autoCreateBucket=false",
                "-admin.ui=false",
                "-webdav=false",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                f"-filer.localSocket={folder}/filer.sock",
                *ports,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )


def weed_binary() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise RuntimeError("weed is missing: install the sandbox extra")
    return found


def _when_ready(process: subprocess.Popen[bytes], base: int, bucket: str) -> Weed | None:
    """None when the server ended, for a port that somebody else took."""
    endpoint = f"http://127.0.0.1:{base + _ROLES.index('s3')}"
    aws = AwsSettings(
        region="us-east-1", endpoint_url=endpoint, access_key_id="TESTKEY", secret_access_key=SecretStr("test-secret")
    )
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if process.poll() is not None:
            return None
        if _answers(base + _ROLES.index("s3")):
            with contextlib.suppress(StorageError):
                create_bucket(aws, bucket)
                store = connect(aws, bucket)
                store.put(".ready", b"ready")  # volumes are there only once a real PUT succeeds
                store.delete(".ready")
                return Weed(aws, endpoint, "TESTKEY", "test-secret", process.pid)
        time.sleep(0.05)
    return None


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_base() -> int:
    for base in random.sample(_PORTS, 200):
        ports = [base + offset + more for offset in range(len(_ROLES)) for more in (0, _GRPC_OFFSET)]
        if all(_is_free(port) for port in ports):
            return base
    raise RuntimeError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    # A polite stop waits for idle connections; nobody needs this data any more.
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    """One server for all tests of this process: make buckets of your own in it."""
    with running_weed(tmp_path_factory.mktemp("weed"), bucket="ready") as server:
        yield server
