"""ASC MHL: the reference tool reads ours, we read its."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onepiece_core.errors import ManifestError
from onepiece_core.manifest.mhl import c4_id, package_mhl
from onepiece_core.manifest.mhl_reading import read_chain, read_generation
from onepiece_core.manifest.package import dump_manifest
from tests.support.packages import CONTENT, SCENE_NAME, make_manifest, make_package

MHL = f"ascmhl/0001_{SCENE_NAME}_2025-03-01_120000Z.mhl"


def ascmhl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("ascmhl")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)


def test_the_reference_tool_accepts_a_package(tmp_path: Path) -> None:
    result = ascmhl("diff", make_package(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_reference_tool_verifies_every_file_and_our_folder_hashes(tmp_path: Path) -> None:
    folder = make_package(tmp_path)
    result = ascmhl("create", "-v", "-h", "xxh128", folder)
    assert result.returncode == 0, result.stdout + result.stderr
    for path in (*CONTENT, "manifest.json"):
        assert path in result.stdout
    assert result.stdout.count(": OK") == len(CONTENT) + 1
    ours = (folder / MHL).read_text()
    theirs = next((folder / "ascmhl").glob("0002_*.mhl")).read_text()
    for line in theirs.splitlines():
        if "<xxh128 hashdate" in line:  # a folder's hash, content or structure
            assert line.rpartition("</")[0].rpartition(">")[2] in ours


def test_the_reference_tool_finds_a_flipped_byte(tmp_path: Path) -> None:
    folder = make_package(tmp_path)
    victim = folder / f"renders/{SCENE_NAME}.1003.exr"
    victim.write_bytes(b"frame 1OO3")
    result = ascmhl("create", "-h", "xxh128", folder)
    assert result.returncode != 0
    assert victim.name in result.stdout + result.stderr


def test_the_reference_tool_finds_a_missing_and_a_new_file(tmp_path: Path) -> None:
    folder = make_package(tmp_path)
    (folder / f"renders/{SCENE_NAME}.1003.exr").unlink()
    (folder / "renders/new.exr").write_bytes(b"new")
    result = ascmhl("diff", folder)
    assert result.returncode != 0
    assert f"{SCENE_NAME}.1003.exr" in result.stdout + result.stderr
    assert "new.exr" in result.stdout + result.stderr


def test_what_is_written_is_read_back() -> None:
    manifest = make_manifest(CONTENT)
    files = package_mhl(manifest, dump_manifest(manifest))
    assert list(files) == [MHL, "ascmhl/ascmhl_chain.xml"]
    read = read_generation(files[MHL], where="here")
    listed = {file.path: (file.size_bytes, file.hashes["xxh128"]) for file in read}
    assert {file.path: (file.size_bytes, file.xxh128) for file in manifest.files}.items() <= listed.items()
    assert "manifest.json" in listed
    (entry,) = read_chain(files["ascmhl/ascmhl_chain.xml"], where="here")
    assert (entry.number, entry.c4) == (1, c4_id(files[MHL]))


def test_hashes_of_a_client_are_in_it_in_alphabetical_order() -> None:
    manifest = make_manifest({"scene/a.ma": b"a"})
    hashes = {"xxh64": "1" * 16, "md5": "2" * 32, "sha256": "3" * 64}
    asked = manifest.model_copy(update={"files": (manifest.files[0].model_copy(update={"hashes": hashes}),)})
    text = package_mhl(asked, dump_manifest(asked))[MHL].decode()
    assert (
        text.index("<md5 ")
        < text.index(f'<xxh128 action="original" hashdate="2025-03-01T12:00:00+00:00">{manifest.files[0].xxh128}')
        < text.index("<xxh64 ")
    )
    assert "3" * 64 not in text  # the standard has no sha256


def test_names_and_comments_cannot_break_the_xml() -> None:
    manifest = make_manifest({"renders/<a> & 'b'.exr": b"a"}, comment="\x1b]0;x\x07 </comment>")
    (file, _) = read_generation(package_mhl(manifest, dump_manifest(manifest))[MHL], where="here")[::-1]
    assert file.path == "renders/<a> & 'b'.exr"


def test_the_c4_of_nothing_is_the_one_of_the_standard() -> None:
    expected = "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT"
    assert c4_id(b"") == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<hashlist",
        b"<other/>",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><hashlist>&a;</hashlist>',
        b"<hashlist><hashes><hash><path>a</path></hash></hashes></hashlist>",
        b"<hashlist><hashes><hash><path size='1'/></hash></hashes></hashlist>",
        b'<?xml version="1.0" encoding="nonsense"?><hashlist/>',
    ],
)
def test_what_is_no_mhl_is_refused(data: bytes) -> None:
    with pytest.raises(ManifestError):
        read_generation(data, where="here")


def test_a_package_copied_elsewhere_keeps_its_history(tmp_path: Path) -> None:
    copy = tmp_path / "renamed"
    shutil.copytree(make_package(tmp_path), copy)
    assert ascmhl("diff", copy).returncode == 0
