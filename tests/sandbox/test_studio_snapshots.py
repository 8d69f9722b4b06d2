"""Snapshots of a studio: taken, brought back, interrupted at every moment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import DiskFull, OperationCancelled, SandboxDown, SandboxError, UsageError
from onepiece_core.progress import Reporter
from onepiece_server.sandbox import content, snapshots
from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.files import Layout, State, prepare, read_state, write_state
from onepiece_server.sandbox.report import SandboxReport
from tests.conftest import Run
from tests.support.studio import shotgrid_of, store_of

BEFORE, AFTER = "before", "after"
FILES = 70


def mark(studio: SandboxReport, text: str) -> None:
    """Write ``text`` to both servers."""
    sg = shotgrid_of(studio)
    sg.update("Project", sg.find_one("Project", [])["id"], {"sg_description": text})
    store_of(studio, "my-bucket").put("mark", text.encode())


def marks(studio: SandboxReport) -> set[str]:
    """What both servers say: one text when their content belongs together."""
    seen = shotgrid_of(studio).find_one("Project", [], ["sg_description"])["sg_description"]
    return {seen, store_of(studio, "my-bucket").read("mark")[0].decode()}


def strays(place: Path) -> list[str]:
    """What an interrupted command has left."""
    found = [*place.glob(".content-*"), *place.glob("snapshots/.*")]
    return [path.name for path in found]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "studio"
    sandbox.down(tmp_path / "studio", grace_seconds=0)


class TestWithServers:
    def test_what_was_kept_comes_back_at_the_same_address(self, place: Path, tmp_path: Path, env: dict[str, str]):
        studio = sandbox.up(place, options={"time_zone": "Asia/Tokyo"})
        mark(studio, BEFORE)
        (tmp_path / "plate.png").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(5000))
        sg = shotgrid_of(studio)
        version = sg.create("Version", {"project": sg.find_one("Project", []), "code": "FG_v001"})
        file_id = sg.upload("Version", version["id"], str(tmp_path / "plate.png"), "sg_uploaded_movie")
        kept = snapshots.take(place, BEFORE, Reporter())
        assert kept.size_bytes > 100_000
        assert sandbox.env(place).env == studio.env, "it runs again"

        mark(studio, AFTER)
        shotgrid_of(studio).delete("Version", version["id"])
        sandbox.up(place, options={"time_zone": "UTC"})
        snapshots.restore(place, BEFORE, Reporter())

        again = sandbox.status(place)
        assert (again.env, again.running) == (studio.env, True)
        assert again.options == {"time_zone": "Asia/Tokyo"}
        assert marks(again) == {BEFORE}
        assert shotgrid_of(again).find_one("Version", [["code", "is", "FG_v001"]])["id"] == version["id"]
        assert shotgrid_of(again).download_attachment(file_id) == (tmp_path / "plate.png").read_bytes()

        # What is done after a restore does not get into the snapshot, and a killed restore is finished by `up`.
        mark(again, "later")
        killed_at(place, env, ("restore", BEFORE), ".content-*/old-shotgrid")
        assert marks(sandbox.up(place)) == {BEFORE}
        assert strays(place) == []


def write(place: Path, text: str) -> None:
    """The content of a stopped studio, in many small files."""
    for name in content.FOLDERS:
        for number in range(FILES):
            (place / name / f"{number % 7}").mkdir(exist_ok=True)
            (place / name / f"{number % 7}" / f"{number}").write_text(text)


def texts(place: Path) -> set[tuple[int, str]]:
    """How often each text is there, in each folder: one pair when all of it belongs together."""
    found = [[path.read_text() for path in (place / name).rglob("*") if path.is_file()] for name in content.FOLDERS]
    return {(len(files), text) for files in found for text in files}


def recovered(place: Path) -> State:
    """What the next start does first."""
    left = read_state(Layout(place))
    assert left is not None
    content.recover(Layout(place), left)
    return prepare(Layout(place))


def killed_at(place: Path, env: dict[str, str], command: tuple[str, ...], seen: str) -> None:
    """Run a command and kill it as soon as there is a path like ``seen``. It may be done before anybody has looked."""
    words = [sys.executable, "-m", "onepiece_cli", "sandbox", *command, "--dir", str(place)]
    process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while process.poll() is None and not list(place.glob(seen)):
        assert time.monotonic() < deadline
    assert process.poll() in (None, 0), process.communicate()
    process.kill()
    process.communicate()


@pytest.fixture
def after(tmp_path: Path) -> Path:
    """A studio that has never run: it holds "after", and a snapshot that holds "before"."""
    folder = tmp_path / "asleep"
    folder.mkdir()
    prepare(Layout(folder))
    write(folder, BEFORE)
    snapshots.take(folder, BEFORE, Reporter())
    write(folder, AFTER)
    return folder


class TestOnDisk:
    def test_it_is_a_copy(self, after: Path):
        snapshots.restore(after, BEFORE, Reporter())
        assert texts(after) == {(FILES, BEFORE)}
        write(after, "later")
        snapshots.restore(after, BEFORE, Reporter())
        assert texts(after) == {(FILES, BEFORE)}
        assert strays(after) == []

    def test_files_that_never_change_are_not_copied(self, after: Path):
        (after / "shotgrid" / "files").mkdir()
        upload = after / "shotgrid" / "files" / "f00d"
        upload.write_bytes(b"movie")
        (after / "shotgrid" / "files" / "f00d.1234.part").write_bytes(b"on its way")
        snapshots.take(after, "second", Reporter())
        kept = after / "snapshots" / "second" / "shotgrid" / "files"
        assert [path.name for path in kept.iterdir()] == ["f00d"]
        assert (kept / "f00d").samefile(upload)
        upload.unlink()
        snapshots.restore(after, "second", Reporter())
        assert upload.read_bytes() == b"movie"

    def test_nobody_else_can_read_it(self, after: Path):
        assert not [path for path in (after / "snapshots").rglob("*") if path.is_dir() and path.stat().st_mode & 0o077]
        assert (after / "snapshots").stat().st_mode & 0o077 == 0

    def test_a_day_on_the_command_line(self, after: Path, onepiece: Run):
        def told(*words: str) -> dict[str, Any]:
            done = onepiece("sandbox", *words, "--json", "--dir", after)
            assert (done.returncode, done.stderr) == (0, "")
            return dict(json.loads(done.stdout))

        assert told("snapshot", "day.1")["name"] == "day.1"
        assert [one["name"] for one in told("snapshots")["snapshots"]] == [BEFORE, "day.1"]
        write(after, "later")
        assert told("restore", "day.1", "--dry-run")["schema"] == "onepiece.sandbox-snapshot.1"
        assert texts(after) == {(FILES, "later")}
        assert told("restore", "day.1")["size_bytes"] == 2 * FILES * len(AFTER)
        assert texts(after) == {(FILES, AFTER)}
        assert [one["name"] for one in told("snapshots", "--delete", "day.1")["snapshots"]] == [BEFORE]
        assert "before" in onepiece("sandbox", "snapshots", "--dir", after).stdout
        refused = onepiece("sandbox", "restore", "day.1", "--json", "--dir", after)
        assert (refused.returncode, json.loads(refused.stderr)["error"]["code"]) == (13, "sandbox.failed")

    def test_cancelled_it_leaves_things_as_they_were(self, after: Path):
        for work, name in ((snapshots.take, "half"), (snapshots.restore, BEFORE)):
            reporter = Reporter(lambda _: reporter.cancel())  # noqa: B023 - called before the next turn
            with pytest.raises(OperationCancelled):
                work(after, name, reporter)
            assert texts(after) == {(FILES, AFTER)}
            assert strays(after) == []
        assert [one.name for one in snapshots.list_snapshots(after)] == [BEFORE]

    @pytest.mark.parametrize(
        "seen", ["snapshots/.new.part", "snapshots/.new.part/objects/3/3", "snapshots/*/shotgrid/5/*"]
    )
    def test_killed_in_a_snapshot(self, after: Path, env: dict[str, str], seen: str):
        shutil.rmtree(after / "snapshots" / BEFORE)
        killed_at(after, env, ("snapshot", "new"), seen)
        recovered(after)
        assert texts(after) == {(FILES, AFTER)}
        assert strays(after) == []
        for whole in snapshots.list_snapshots(after):
            assert texts(after / "snapshots" / whole.name) == {(FILES, AFTER)}, "all of it, or no snapshot"

    @pytest.mark.parametrize(
        "seen", [".content-*", ".content-*/objects/5/*", ".content-*/shotgrid/6/6", ".content-*/old-*"]
    )
    def test_killed_in_a_restore(self, after: Path, env: dict[str, str], seen: str):
        killed_at(after, env, ("restore", BEFORE), seen)
        assert recovered(after).pending is None
        assert texts(after) in ({(FILES, BEFORE)}, {(FILES, AFTER)})
        assert "old" not in seen or texts(after) == {(FILES, BEFORE)}, "it had been decided"
        assert strays(after) == []
        assert [one.name for one in snapshots.list_snapshots(after)] == [BEFORE]

    @pytest.mark.parametrize("steps", range(6))
    def test_at_any_step_of_the_exchange(self, after: Path, steps: int):
        """Each state that the exchange of the folders goes through, and then nothing."""
        stage = content.new_stage(Layout(after))
        content.copy_content(after / "snapshots" / BEFORE, stage, lambda *_: None)
        state = prepare(Layout(after)).model_copy(update={"pending": stage.name})
        moves: list[Callable[[], object]] = [
            lambda: write_state(Layout(after), state),
            lambda: (after / "objects").replace(stage / "old-objects"),
            lambda: (stage / "objects").replace(after / "objects"),
            lambda: (after / "shotgrid").replace(stage / "old-shotgrid"),
            lambda: (stage / "shotgrid").replace(after / "shotgrid"),
        ]
        for move in moves[:steps]:
            move()
        assert recovered(after).pending is None
        assert texts(after) == {(FILES, BEFORE if steps else AFTER)}
        assert strays(after) == []

    def test_a_snapshot_that_finds_no_room_leaves_nothing(self, after: Path, small_disk: Path):
        (after / "objects" / "volume").write_bytes(os.urandom(2 * 1024 * 1024))
        (after / "snapshots").rename(after / "elsewhere")
        (after / "snapshots").symlink_to(small_disk)
        with pytest.raises(DiskFull):
            snapshots.take(after, "large", Reporter())
        assert list(small_disk.iterdir()) == []

    def test_a_restore_that_finds_no_room_leaves_the_studio_as_it_was(self, small_disk: Path):
        prepare(Layout(small_disk))
        kept, volume = os.urandom(200_000), small_disk / "objects" / "volume"
        volume.write_bytes(kept)
        snapshots.take(small_disk, BEFORE, Reporter())
        volume.write_bytes(b"after")
        (small_disk / "filler").write_bytes(b"0" * (shutil.disk_usage(small_disk).free - 100_000))
        with pytest.raises(DiskFull):
            snapshots.restore(small_disk, BEFORE, Reporter())
        assert strays(small_disk) == []
        assert volume.read_bytes() == b"after"
        (small_disk / "filler").unlink()
        snapshots.restore(small_disk, BEFORE, Reporter())
        assert volume.read_bytes() == kept


class TestRefused:
    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            ".hidden",
            "-x",
            "a" * 65,
            "nul",
            "COM1.txt",
            "x.",
            "ä",
            "a b",
            "a\0b",
            "a\n",
        ],
    )
    def test_names_that_are_no_names(self, tmp_path: Path, name: str):
        prepare(Layout(tmp_path))
        for work in (
            lambda: snapshots.take(tmp_path, name, Reporter()),
            lambda: snapshots.restore(tmp_path, name, Reporter()),
            lambda: snapshots.delete(tmp_path, name),
        ):
            with pytest.raises(UsageError, match="is no name for a snapshot"):
                work()

    def test_a_name_that_is_taken_is_not_overwritten(self, after: Path):
        with pytest.raises(SandboxError, match="there is a snapshot before already"):
            snapshots.take(after, BEFORE, Reporter())
        assert texts(after / "snapshots" / BEFORE) == {(FILES, BEFORE)}

    def test_what_is_not_there(self, after: Path, tmp_path: Path):
        for work in (snapshots.plan_restore, snapshots.delete):
            with pytest.raises(SandboxError, match="there is no snapshot nothing"):
                work(after, "nothing")
        for ask in (snapshots.list_snapshots, lambda folder: snapshots.take(folder, "x", Reporter())):
            with pytest.raises(SandboxDown):
                ask(tmp_path / "nowhere")
        assert not (tmp_path / "nowhere").exists()

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"onepiece": "99.1.0"}, "newer OnePiece \\(99.1.0\\)"),
            ({"schema": "onepiece.sandbox-snapshot.2"}, "newer OnePiece"),
            ({"created_at": "yesterday"}, "is damaged"),
            ({"schema": None}, "is damaged"),
        ],
    )
    def test_one_of_a_newer_version_or_a_damaged_one(self, after: Path, change: dict[str, Any], said: str):
        folder = after / "snapshots" / "other"
        shutil.copytree(after / "snapshots" / BEFORE, folder)
        told = json.loads((folder / "snapshot.json").read_text())
        (folder / "snapshot.json").write_text(json.dumps(told | change))
        with pytest.raises(SandboxError, match=said):
            snapshots.restore(after, "other", Reporter())
        assert texts(after) == {(FILES, AFTER)}
        snapshots.delete(after, "other")
