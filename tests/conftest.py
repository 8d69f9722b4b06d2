"""What every test may use: a clean environment, and a whole studio on 127.0.0.1.

``env``             the environment for a subprocess: a home of its own, nothing of ours or of AWS set
``studio``          a running sandbox, one for each test process: use scene names of your own in it
``studio_env``      ``env`` that points at ``studio``
``fresh_studio``    a sandbox for this test alone (about 1.5 s): to count rows, or to break it
``onepiece``        runs the command line with ``env``; ``studio_onepiece`` with ``studio_env``

The servers outlive the process that starts them. So the first pytest process of a run owns a folder for
them and stops at the end, and at the start of a later run, whatever is left there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import psutil
import pytest

from onepiece_core.errors import SandboxError
from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.report import SandboxReport
from tests.support.disks import small_filesystem
from tests.support.rights import may_mount

_ROOT = "PYTEST_RUN_FOLDER"  # inherited by the workers of pytest-xdist
_PREFIX = "onepiece-tests-"
_FOREIGN = ("ONEPIECE_", "AWS_", "XDG_", "BLENDER_", "TRAFALGAR_")

_OWNER = pytest.StashKey[Path]()

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="A skipped test is a failure: everything is installed.")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    # The suite asks the same questions each time: it never fails by luck. `make torture` asks others.
    hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, print_blob=True)
    hypothesis.settings.load_profile("suite")
    if _ROOT not in os.environ:
        _clear_dead_runs()
        os.environ[_ROOT] = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")
        config.stash[_OWNER] = Path(os.environ[_ROOT])
    _leave_the_users_settings(Path(os.environ[_ROOT]) / f"home-{_worker()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if root := config.stash.get(_OWNER, None):
        _clear(root)
        del os.environ[_ROOT]


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _home(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("CONFIG", "DATA", "STATE", "CACHE")
    xdg = {f"XDG_{name}_HOME": str(folder / f"xdg-{name.lower()}") for name in names}
    return {"HOME": str(folder), "USERPROFILE": str(folder), **xdg, "ONEPIECE_STATE_DIR": str(folder / "state")}


def _leave_the_users_settings(home: Path) -> None:
    """No test sees the keys, profiles and files of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]
    os.environ.update(_home(home))
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # boto3 would look for a machine's role


def _clear(root: Path) -> None:
    for folder in root.glob("studio-*"):
        sandbox.down(folder, grace_seconds=0)
    shutil.rmtree(root, ignore_errors=True)


def _clear_dead_runs() -> None:
    for root in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = root.name.removeprefix(_PREFIX).split("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            _clear(root)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = _home(tmp_path / "home")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    # A terminal of fixed width: tests read what a command prints.
    return {**os.environ, **home, "PATH": path, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONUTF8": "1"}


def _studio_folder(name: str) -> Path:
    return Path(os.environ[_ROOT]) / f"studio-{name}"


def _up(folder: Path) -> SandboxReport:
    try:
        return sandbox.up(folder)
    except SandboxError as error:
        error.add_note(str(error.report.context.get("log")))
        raise


@pytest.fixture(scope="session")
def studio() -> Iterator[SandboxReport]:
    folder = _studio_folder(_worker())
    yield _up(folder)
    sandbox.down(folder, grace_seconds=0)


@pytest.fixture
def fresh_studio() -> Iterator[SandboxReport]:
    folder = Path(tempfile.mkdtemp(prefix="studio-", dir=os.environ[_ROOT]))
    yield _up(folder)
    sandbox.down(folder, grace_seconds=0)
    shutil.rmtree(folder, ignore_errors=True)  # a process on its way down may still write; the rest goes with the run


@pytest.fixture
def studio_env(env: dict[str, str], studio: SandboxReport) -> dict[str, str]:
    return {**env, **studio.env}


def _runner(environ: dict[str, str]) -> Run:
    def run(
        *args: object, cwd: Path | None = None, text_in: str = "", timeout_seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "onepiece_cli", *map(str, args)],
            env=environ,
            cwd=cwd,
            input=text_in,
            timeout=timeout_seconds,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def onepiece(env: dict[str, str]) -> Run:
    return _runner(env)


@pytest.fixture
def studio_onepiece(studio_env: dict[str, str]) -> Run:
    return _runner(studio_env)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 1 MiB."""
    if not may_mount:
        pytest.skip("mounting needs Linux and root")
    with small_filesystem(tmp_path / "small", 1) as folder:
        yield folder
