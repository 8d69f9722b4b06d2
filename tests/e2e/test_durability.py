"""What a publish makes durable, and when, as the kernel saw it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.media import write_exr

_OPEN = re.compile(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)".*\) = (\d+)')
_SYNC = re.compile(r"f(?:data)?sync\((\d+)")
_RENAME = re.compile(r'renameat2\(AT_FDCWD, "([^"]+)", AT_FDCWD, "([^"]+)", RENAME_NOREPLACE\)')


pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@dataclass
class Trace:
    """The syncs and the commit's rename, in order: ``("sync", path)`` and ``("rename", from, to)``."""

    events: list[tuple[str, ...]]

    @classmethod
    def read(cls, path: Path) -> Trace:
        descriptors: dict[str, str] = {}
        events: list[tuple[str, ...]] = []
        for line in path.read_text(errors="replace").splitlines():
            if opened := _OPEN.search(line):
                descriptors[opened[2]] = opened[1]
            elif synced := _SYNC.search(line):
                events.append(("sync", descriptors.get(synced[1], "?")))
            elif renamed := _RENAME.search(line):
                events.append(("rename", renamed[1], renamed[2]))
        return cls(events)

    def renamed_at(self) -> int:
        return next(number for number, event in enumerate(self.events) if event[0] == "rename")


@pytest.fixture
def traced(tmp_path: Path, studio_env: dict[str, str]) -> tuple[Trace, Path]:
    """The trace of one publish, and its package."""
    name = f"FG_durable_{uuid.uuid4().hex[:8]}_v001"
    renders, out, log = tmp_path / "renders", tmp_path / "out", tmp_path / "trace"
    renders.mkdir()
    for frame in range(1001, 1007):
        write_exr(renders / f"{name}.{frame}.exr", seed=frame)
    calls = "openat,open,fsync,fdatasync,renameat2"
    words = (
        *("--dcc", "nuke", "--scene-name", name, "--renders", renders),
        *("--destination", out, "--bucket", "my-bucket", "--show-code", "FG"),
    )
    command = [
        "strace",
        "-f",
        "-e",
        f"trace={calls}",
        "-o",
        log,
        sys.executable,
        "-m",
        "onepiece_cli",
        "dcc",
        "publish",
    ]
    # One thread stages: a descriptor then means one file between its opening and its sync.
    environment = {**studio_env, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    (tmp_path / "config" / "onepiece").mkdir(parents=True)
    (tmp_path / "config" / "onepiece" / "onepiece.toml").write_text("[publish]\njobs = 1\n")
    subprocess.run([*map(str, command), *map(str, words)], env=environment, check=True, capture_output=True)
    return Trace.read(log), out / name


def test_every_file_and_folder_is_durable_before_the_rename(traced: tuple[Trace, Path]) -> None:
    trace, package = traced
    commit = trace.renamed_at()
    stage = trace.events[commit][1]
    synced = [event[1] for event in trace.events[:commit] if event[0] == "sync"]
    assert trace.events[commit][2] == str(package)
    for path in (package, *package.rglob("*")):
        staged = stage if path == package else f"{stage}/{path.relative_to(package)}"
        assert staged in synced, f"{staged} was not synced before the rename"
    files = {f"{stage}/{path.relative_to(package)}" for path in package.rglob("*") if path.is_file()}
    last_of_a_file = max(number for number, path in enumerate(synced) if path in files)
    assert synced.index(f"{stage}/renders", last_of_a_file) > last_of_a_file, "a folder is synced after its files"


def test_the_rename_is_durable_before_the_journal_closes_the_step(traced: tuple[Trace, Path]) -> None:
    trace, package = traced
    after = [event[1] for event in trace.events[trace.renamed_at() + 1 :]]
    journal = next(number for number, path in enumerate(after) if "journal.db" in path)
    assert str(package.parent) in after[:journal]
    assert str(package.parent / ".onepiece" / package.name) in after[:journal]
