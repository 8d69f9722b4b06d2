"""The next version: found, numbered with the same padding, never one that exists."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onepiece_core.errors import DestinationReadOnly, NameInvalid, WorkfileExists, WorkfileMissing
from onepiece_core.workfiles import locks
from onepiece_core.workfiles.versions import newest_version, next_version, save_next_copy
from tests.support.rights import public_folder, without_root


@pytest.mark.parametrize(
    ("name", "others", "wanted"),
    [
        ("comp_v004.nk", [], "comp_v005.nk"),
        ("comp_v004.nk", ["comp_v007.nk"], "comp_v008.nk"),
        ("comp_v0004.nk", [], "comp_v0005.nk"),
        ("comp_V9.nk", [], "comp_V10.nk"),
        ("comp_v999.nk", [], "comp_v1000.nk"),
        ("comp.v003.nk", [], "comp.v004.nk"),
        ("comp_v002_left.nk", ["comp_v005.nk", "comp_v003_left.nk"], "comp_v004_left.nk"),
        ("comp.nk", [], "comp_v001.nk"),
        ("comp.nk", ["comp_v003.nk"], "comp_v004.nk"),
        ("layout_v001.ma", ["layout_v004.mb", "layout_v009.nk"], "layout_v005.ma"),
        ("comp_v001.nk", [".comp_v006.nk.lock"], "comp_v007.nk"),
        ("comp_v001.nk", ["COMP_v002.nk"], "comp_v003.nk"),
        ("été_ショット_v001.nk", [], "été_ショット_v002.nk"),
        ("with space_v001.blend", [], "with space_v002.blend"),
        ("comp_v001.nk", ["comp_v001_v002.nk", "comp_v000.nk", "other_v050.nk", "comp_v060.png"], "comp_v002.nk"),
        ("x" * 247 + "_v001.nk", [], "x" * 247 + "_v002.nk"),
    ],
)
def test_the_next_version_goes_on_after_the_newest(tmp_path: Path, name: str, others: list[str], wanted: str):
    for each in (name, *others):
        (tmp_path / each).touch()
    assert next_version(tmp_path / name) == tmp_path / wanted


def test_a_version_that_is_a_folder_or_a_broken_link_is_passed_over(tmp_path: Path):
    (tmp_path / "comp_v001.nk").touch()
    (tmp_path / "comp_v002.nk").mkdir()
    (tmp_path / "comp_v003.nk").symlink_to("nowhere")
    assert next_version(tmp_path / "comp_v001.nk").name == "comp_v004.nk"


@pytest.mark.parametrize(
    "name", ["x" * 300 + "_v001.nk", "x" * 252 + ".nk", "a_v001_b_v002.nk", "comp_v9999.nk", "a\0b.nk"]
)
def test_a_name_that_has_no_next_version_is_told(tmp_path: Path, name: str):
    with pytest.raises(NameInvalid):
        next_version(tmp_path / name)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(WorkfileMissing):
        next_version(tmp_path / "gone" / "comp_v001.nk")
    with pytest.raises(WorkfileMissing):
        save_next_copy(tmp_path / "comp_v001.nk")
    assert list(tmp_path.iterdir()) == []


def test_a_claimed_version_is_nobody_elses(tmp_path: Path):
    (tmp_path / "comp_v001.nk").write_text("mine")
    first = next_version(tmp_path / "comp_v001.nk", claim=True)
    second = next_version(tmp_path / "comp_v001.nk", claim=True)
    assert [first.name, second.name] == ["comp_v002.nk", "comp_v003.nk"]
    assert newest_version(tmp_path / "comp_v001.nk") == 3


def test_a_copy_has_the_same_bytes_and_replaces_nothing(tmp_path: Path):
    source = tmp_path / "comp_v001.nk"
    source.write_bytes(os.urandom(3 << 20))
    source.chmod(0o444)
    copy = save_next_copy(source)
    assert copy.name == "comp_v002.nk"
    assert copy.read_bytes() == source.read_bytes()
    assert copy.stat().st_mode & 0o200
    with pytest.raises(WorkfileExists):
        save_next_copy(source, target=copy)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["comp_v001.nk", "comp_v002.nk"]


def test_ten_processes_that_copy_at_once_get_ten_versions(tmp_path: Path):
    source = tmp_path / "comp_v001.nk"
    source.write_text("the scene")
    script = "import sys; from pathlib import Path; from onepiece_core.workfiles.versions import save_next_copy\n"
    script += "print(save_next_copy(Path(sys.argv[1])).name)"
    command = [sys.executable, "-c", script, str(source)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(10)]
    told = sorted(process.communicate()[0].strip() for process in running)
    assert told == [f"comp_v{number:03}.nk" for number in range(2, 12)]
    assert {(tmp_path / name).read_text() for name in told} == {"the scene"}
    assert len(list(tmp_path.iterdir())) == 11


def test_a_folder_that_may_not_be_written_is_told():
    with public_folder() as folder:
        (folder / "comp_v001.nk").write_text("x")
        with without_root():
            assert next_version(folder / "comp_v001.nk").name == "comp_v002.nk"
            with pytest.raises(DestinationReadOnly):
                save_next_copy(folder / "comp_v001.nk")
            with pytest.raises(DestinationReadOnly):
                next_version(folder / "comp_v001.nk", claim=True)
            with pytest.raises(DestinationReadOnly):
                locks.take(folder / "comp_v001.nk")


def test_a_full_disk_leaves_no_half_copy(small_disk: Path):
    source = small_disk / "comp_v001.nk"
    source.write_bytes(b"x" * 600_000)
    from onepiece_core.errors import DiskFull

    with pytest.raises(DiskFull):
        save_next_copy(source)
    assert [path.name for path in small_disk.iterdir()] == ["comp_v001.nk"]
