"""Verify names every file that is not as the manifest says, and nothing else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from onepiece_core.errors import ManifestError, ManifestMissing, OperationCancelled
from onepiece_core.manifest.mhl import CHAIN_NAME
from onepiece_core.progress import Progress, Reporter
from onepiece_core.storage.local import LocalStore
from onepiece_core.verify import VerifyReport, verify_archive, verify_folder, verify_package
from tests.support.packages import CONTENT, SCENE_NAME, make_package
from tests.support.permissions import run_as_nobody

FRAME = f"renders/{SCENE_NAME}.1003.exr"
MHL = f"ascmhl/0001_{SCENE_NAME}_2025-03-01_120000Z.mhl"
CHAIN = f"ascmhl/{CHAIN_NAME}"


def by_store(folder: Path) -> VerifyReport:
    return verify_package(LocalStore(folder.parent), folder.name)


def by_archive(folder: Path) -> VerifyReport:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                made.write(path, path.relative_to(folder).as_posix())
    return verify_archive(archive)


@pytest.fixture(params=[verify_folder, by_store, by_archive], ids=["folder", "store", "archive"])
def verify(request: pytest.FixtureRequest) -> Callable[[Path], VerifyReport]:
    return request.param


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make_package(tmp_path)


Verify = Callable[[Path], VerifyReport]


def found(report: VerifyReport) -> list[tuple[str, str]]:
    return [(finding.kind, finding.path) for finding in report.findings]


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def test_a_sound_package_has_no_findings(package: Path, verify: Verify) -> None:
    report = verify(package)
    assert found(report) == []
    assert report.ok
    assert report.error() is None
    assert report.scene_name == SCENE_NAME
    assert report.files == len(CONTENT) + 3
    assert report.bytes_total == sum(path.stat().st_size for path in package.rglob("*") if path.is_file())


def test_a_flipped_byte_is_named(package: Path, verify: Verify) -> None:
    flip(package / FRAME, 3)
    report = verify(package)
    assert found(report) == [("flipped", FRAME)]
    error = report.error()
    assert error is not None
    assert error.report.code == "verify.mismatch"


def test_a_file_that_is_cut_is_named_with_its_sizes(package: Path, verify: Verify) -> None:
    (package / FRAME).write_bytes(b"fra")
    report = verify(package)
    assert found(report) == [("flipped", FRAME)]
    assert "3 bytes instead of 10" in report.findings[0].message


def test_missing_added_and_renamed_files_are_told_apart(package: Path, verify: Verify) -> None:
    (package / FRAME).unlink()
    (package / "renders/stranger.exr").write_bytes(b"stranger")
    (package / "scene" / f"{SCENE_NAME}.nk").rename(package / "renders/left & right/scene.nk")
    report = verify(package)
    assert found(report) == [
        ("missing", FRAME),
        ("added", "renders/stranger.exr"),
        ("renamed", f"scene/{SCENE_NAME}.nk"),
    ]
    assert report.findings[2].renamed_to == "renders/left & right/scene.nk"


def test_each_of_two_equal_files_that_were_renamed_is_found(tmp_path: Path, verify: Verify) -> None:
    package = make_package(tmp_path, {"renders/a.exr": b"same", "renders/b.exr": b"same", "renders/c.exr": b"same"})
    (package / "renders/a.exr").rename(package / "renders/x.exr")
    (package / "renders/b.exr").rename(package / "renders/y.exr")
    report = verify(package)
    assert [(f.kind, f.path, f.renamed_to) for f in report.findings] == [
        ("renamed", "renders/a.exr", "renders/x.exr"),
        ("renamed", "renders/b.exr", "renders/y.exr"),
    ]


@pytest.mark.parametrize("document", ["manifest.json", MHL, CHAIN])
def test_a_flipped_byte_anywhere_in_a_document_names_that_document_alone(package: Path, document: str) -> None:
    path = package / document
    whole = path.read_bytes()
    step = max(1, len(whole) // 120)
    for offset in range(0, len(whole), step):
        for bit in (1, 32):
            path.write_bytes(whole[:offset] + bytes((whole[offset] ^ bit,)) + whole[offset + 1 :])
            assert found(verify_folder(package)) == [("flipped", document)], (offset, bit)


@pytest.mark.parametrize("document", ["manifest.json", MHL, CHAIN])
def test_a_document_that_is_gone_is_missing(package: Path, document: str, verify: Verify) -> None:
    (package / document).unlink()
    assert found(verify(package)) == [("missing", document)]


@pytest.mark.parametrize("document", ["manifest.json", MHL, CHAIN])
def test_a_document_that_was_cut_is_flipped(package: Path, document: str, verify: Verify) -> None:
    os.truncate(package / document, 40)
    assert found(verify(package)) == [("flipped", document)]


def test_a_renamed_manifest_is_recognised(package: Path, verify: Verify) -> None:
    (package / "manifest.json").rename(package / "manifest.json.bak")
    report = verify(package)
    assert [(f.kind, f.path, f.renamed_to) for f in report.findings] == [
        ("renamed", "manifest.json", "manifest.json.bak")
    ]


def test_a_flipped_manifest_does_not_hide_a_flipped_frame(package: Path, verify: Verify) -> None:
    flip(package / FRAME, 0)
    flip(package / "manifest.json", 30)
    assert found(verify(package)) == [("flipped", "manifest.json"), ("flipped", FRAME)]


def test_a_frame_and_its_hash_changed_together_are_still_found(package: Path) -> None:
    """Somebody who edits the manifest too does not get away with it."""
    import xxhash

    before = xxhash.xxh3_128_hexdigest((package / FRAME).read_bytes())
    flip(package / FRAME, 0)
    after = xxhash.xxh3_128_hexdigest((package / FRAME).read_bytes())
    manifest = package / "manifest.json"
    manifest.write_text(manifest.read_text().replace(before, after))
    assert found(verify_folder(package)) == [("flipped", "manifest.json"), ("flipped", FRAME)]


def test_generations_of_other_tools_are_accepted_and_checked(package: Path, verify: Verify) -> None:
    tool = Path(sys.executable).with_name("ascmhl")
    subprocess.run([tool, "create", "-h", "md5", package], check=True, capture_output=True)
    assert found(verify(package)) == []
    second = next((package / "ascmhl").glob("0002_*.mhl"))
    flip(second, 200)
    assert found(verify(package)) == [("flipped", f"ascmhl/{second.name}")]
    second.unlink()
    assert found(verify(package)) == [("missing", f"ascmhl/{second.name}")]


def test_a_stray_generation_is_added(package: Path, verify: Verify) -> None:
    shutil.copy(package / MHL, package / "ascmhl/0002_stray.mhl")
    assert found(verify(package)) == [("added", "ascmhl/0002_stray.mhl")]


def test_our_own_folder_is_ignored(package: Path, verify: Verify) -> None:
    (package / ".onepiece").mkdir()
    (package / ".onepiece/claim.json").write_text("{}")
    assert found(verify(package)) == []


def test_links_pipes_and_sockets_are_named_and_never_opened(package: Path) -> None:
    os.mkfifo(package / "renders/pipe.exr")
    (package / "renders/link.exr").symlink_to(package / FRAME)
    (package / "outside").symlink_to("/")
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(package / "renders")  # a socket's path has at most 107 bytes
        bound.bind("socket.exr")
        os.chdir(here)
    assert found(verify_folder(package)) == [
        ("added", "outside"),
        ("added", "renders/link.exr"),
        ("added", "renders/pipe.exr"),
        ("added", "renders/socket.exr"),
    ]


def test_a_frame_that_became_a_link_to_its_own_bytes_is_not_sound(package: Path) -> None:
    shutil.copy(package / FRAME, package.parent / "copy.exr")
    (package / FRAME).unlink()
    (package / FRAME).symlink_to(package.parent / "copy.exr")
    report = verify_folder(package)
    assert found(report) == [("flipped", FRAME)]
    assert "link" in report.findings[0].message


def test_a_name_that_is_no_text_is_shown_and_survives_json(package: Path) -> None:
    (Path(os.fsdecode(bytes(package / "renders") + b"/\xff\x1b[2J.exr"))).write_bytes(b"x")
    report = verify_folder(package)
    assert found(report) == [("added", "renders/\\xff\\x1b[2J.exr")]
    assert "\\\\xff" in report.model_dump_json()


def test_a_folder_that_is_no_package_is_told_so(tmp_path: Path, verify: Verify) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ManifestMissing):
        verify(tmp_path / "empty")
    with pytest.raises(ManifestMissing):
        verify(tmp_path / "not there")


def test_a_manifest_that_nothing_vouches_for_must_be_readable(package: Path, verify: Verify) -> None:
    shutil.rmtree(package / "ascmhl")
    (package / "manifest.json").write_bytes(b"{}")
    with pytest.raises(ManifestError):
        verify(package)


def test_progress_counts_every_byte_and_a_cancel_stops_it(package: Path) -> None:
    events: list[Progress] = []
    verify_folder(package, Reporter(events.append), jobs=2)
    assert events[-1].done == events[-1].total == sum(len(data) for data in CONTENT.values())
    reporter = Reporter()
    reporter.cancel()
    with pytest.raises(OperationCancelled):
        verify_folder(package, reporter)


def test_an_unreadable_file_and_folder_are_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        _check_unreadable(Path(folder))


def _check_unreadable(shared_folder: Path) -> None:
    package = make_package(shared_folder)
    (package / FRAME).chmod(0)
    (package / "renders/left & right").chmod(0)
    code = (
        "import sys, pathlib; from onepiece_core.verify import verify_folder\n"
        f"report = verify_folder(pathlib.Path({str(package)!r}))\n"
        "print([(f.kind, f.path) for f in report.findings])"
    )
    told = run_as_nobody(code)
    assert f"('unreadable', '{FRAME}')" in told
    assert "('unreadable', 'renders/left & right/')" in told
