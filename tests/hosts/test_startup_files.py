"""The start-up files of Maya, Nuke and Houdini as they are installed, run as scripts with fakes of the hosts' names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onepiece_cli.host_files import host_sources
from onepiece_core.config import Settings
from onepiece_core.dcc.layout import lay_out

ROOT = Path(__file__).parents[2]
HOSTS = ("maya", "nuke", "houdini")
TOOLS = ["Publish...", "Open Shot...", "Save Next Version", "Recover...", "About"]


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hosts") / "a version"
    for path, data in lay_out(host_sources(Settings(), folder.parent)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def start(
    host: str,
    folder: Path,
    window: str = "window",
    env: dict[str, str] | None = None,
    entry: str = "About",
    text: str = "",
) -> tuple[dict[str, Any], str]:
    """What came of it, and all that was printed."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.hosts.stubs.run_startup",
            host,
            str(folder),
            window,
            entry,
            *filter(None, [text]),
        ],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed, _, last = done.stdout.strip().rpartition("\n")
    return json.loads(last), printed + done.stderr


def sources() -> list[Path]:
    return sorted(path for host in HOSTS for path in (ROOT / "hosts/onepiece_hosts" / host / "startup").glob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_a_start_up_file_is_short(path: Path) -> None:
    assert len([line for line in path.read_text().splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize("host", HOSTS)
def test_the_menu_is_there_and_runs(host: str, laid_out: Path) -> None:
    told, _ = start(host, laid_out)
    assert [label for label in told["menu"] if label != "-"] == TOOLS
    assert told["sessions"] == 1
    assert told["shown"] == []  # nothing went wrong
    assert len(told["panels"]) == 1
    assert "About" in told["panels"][0]
    assert Path(told["from"]).is_relative_to(laid_out)


@pytest.mark.parametrize("host", HOSTS)
def test_without_a_window_nothing_is_started(host: str, laid_out: Path) -> None:
    told, printed = start(host, laid_out, "batch")
    assert (told["sessions"], told["shown"]) == (0, [])
    assert "could not start" not in printed


@pytest.mark.parametrize("host", HOSTS)
def test_whoever_launched_the_host_gets_an_answer(host: str, laid_out: Path, tmp_path: Path) -> None:
    token = tmp_path / "token.json"
    start(host, laid_out, env={"ONEPIECE_LAUNCH_FILE": str(token)})
    told = json.loads(token.read_text())
    assert (told["host"], told["scene"]) == (host, "")
    assert told["version"][0].isdigit()


def changed(laid_out: Path, folder: Path, without: str = "", **files: bytes) -> Path:
    """A copy of the installation; ``files`` by their names in it."""
    for path in laid_out.rglob("*"):
        name = path.relative_to(laid_out).as_posix()
        if path.is_file() and not f"{name}/".startswith(f"{without or '-'}/") and "__pycache__" not in name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(files.get(name, path.read_bytes()))
    return folder


def failures(told: dict[str, Any], printed: str) -> list[str]:
    """The lines for the artist."""
    return [line for line in [*told["shown"], *printed.splitlines()] if line.startswith("OnePiece could not start: ")]


@pytest.mark.parametrize("broken", ["install.json", "python/onepiece_hosts/session.py", "python/onepiece_hosts"])
@pytest.mark.parametrize("host", HOSTS)
def test_a_broken_installation_stops_no_host(host: str, broken: str, laid_out: Path, tmp_path: Path) -> None:
    folder = changed(laid_out, tmp_path / "broken", broken)
    if broken == "python/onepiece_hosts":
        # Another package of that name, so that the one of this environment is not found instead.
        (folder / broken).mkdir()
        (folder / broken / "__init__.py").touch()
    told, printed = start(host, folder)
    assert len(failures(told, printed)) == 1
    assert "Traceback" in printed  # for the host's log


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe\x00", b'{"schema": "onepiece.hosts.1", "version": 1, "worker": []}'])
@pytest.mark.parametrize("host", HOSTS)
def test_a_damaged_installation_is_told_in_one_line(host: str, text: bytes, laid_out: Path, tmp_path: Path) -> None:
    told, printed = start(host, changed(laid_out, tmp_path / "damaged", **{"install.json": text}))
    (line,) = failures(told, printed)
    assert "install.json cannot be used" in line
    assert "Traceback" in printed
    assert told["sessions"] == 0


@pytest.mark.parametrize("host", HOSTS)
def test_a_worker_that_is_not_there_is_told_by_the_panel(host: str, laid_out: Path, tmp_path: Path) -> None:
    installation = json.loads((laid_out / "install.json").read_text())
    installation["worker"] = [str(tmp_path / "nowhere")]
    folder = changed(laid_out, tmp_path / "moved", **{"install.json": json.dumps(installation).encode()})
    told, printed = start(host, folder, entry="Publish...", text="worker cannot be started")
    assert [label for label in told["menu"] if label != "-"] == TOOLS
    assert (told["sessions"], told["is_shown"]) == (1, [True])
    assert failures(told, printed) == []


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"schema": "onepiece.shelves.1", "tools": [{"id": "a b\\"", "label": "</label>", "command": "os.system"}]}',
        None,
    ],
    ids=["cut", "no text", "deep", "hostile", "gone"],
)
@pytest.mark.parametrize("host", HOSTS)
def test_shelves_that_cannot_be_used_leave_ours_and_are_told_to_the_log(
    host: str, text: bytes | None, laid_out: Path, tmp_path: Path
) -> None:
    studio = tmp_path / "studio.json"
    if text is not None:
        studio.write_bytes(text)
    told, printed = start(host, laid_out, env={"ONEPIECE_SHELVES": str(studio)})
    assert [label for label in told["menu"] if label != "-"] == TOOLS
    assert (told["sessions"], told["shown"], len(told["panels"])) == (1, [], 1)
    assert f"OnePiece: error in {studio}" in printed


@pytest.mark.parametrize("host", HOSTS)
def test_the_version_in_force_wins_over_the_installed_one(host: str, laid_out: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "python").mkdir(parents=True)
    for name in ("onepiece_hosts", "onepiece_shelves"):
        (other / "python" / name).symlink_to(laid_out / "python" / name)
    (other / "install.json").write_bytes((laid_out / "install.json").read_bytes())
    told, _ = start(host, laid_out, env={"ONEPIECE_HOSTS": str(other)})
    assert told["from"].startswith(str(other))
