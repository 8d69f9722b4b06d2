"""What a delivery packed is proved by what lies in it, as an archive and as a folder; hostile archives harm nobody."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from onepiece_core._package_source import DAMAGED
from onepiece_core.errors import ManifestError, ManifestMissing, OnePieceError
from onepiece_core.verify import VerifyReport, verify_archive, verify_folder
from onepiece_core.verify_kept import find_verify, keep_verify
from onepiece_server.sandbox.report import SandboxReport
from tests.support.deliveries import DeliveryWorld


@pytest.fixture
def archive(studio: SandboxReport, tmp_path: Path) -> Path:
    world = DeliveryWorld.of(studio.env, tmp_path)
    world.publish("sh010_comp_v001")
    world.deliver()
    return tmp_path / "out.zip"


def found(report: VerifyReport) -> list[tuple[str, str]]:
    return [(finding.kind, finding.path) for finding in report.findings]


def frame_of(archive: Path) -> str:
    with zipfile.ZipFile(archive) as packed:
        return next(name for name in packed.namelist() if name.endswith("1003.exr"))


def changed(archive: Path, change: Callable[[str, bytes], bytes | None], **more: bytes) -> Path:
    """A copy whose members are what ``change`` makes of them, None for nothing; its checksums are right."""
    copy = archive.with_name("changed.zip")
    with zipfile.ZipFile(archive) as packed, zipfile.ZipFile(copy, "w") as made:
        for name in packed.namelist():
            if (data := change(name, packed.read(name))) is not None:
                made.writestr(name, data)
        for name, data in more.items():
            made.writestr(name, data)
    return copy


def test_a_delivery_is_sound_as_an_archive_and_unpacked(archive: Path, tmp_path: Path) -> None:
    report = verify_archive(archive)
    assert found(report) == []
    assert (report.files, report.place) == (10, str(archive))
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert found(verify_folder(tmp_path / "unpacked")) == []


def test_each_flipped_missing_and_added_member_is_named(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
    for victim in names:
        if victim.endswith(".mhl"):
            continue  # without it nothing is left that could prove anything
        flipped = changed(archive, lambda name, data, it=victim: data[:-1] + b"!" if name == it else data)
        assert ("flipped", victim) in found(verify_archive(flipped)), victim
        missing = changed(archive, lambda name, data, it=victim: None if name == it else data)
        assert ("missing", victim) in found(verify_archive(missing)), victim
    without = changed(archive, lambda name, data: None if name.endswith(".mhl") else data)
    with pytest.raises(ManifestError):
        verify_archive(without)
    assert found(verify_archive(changed(archive, lambda _, data: data, extra=b"?"))) == [("added", "extra")]


def test_a_byte_that_flipped_on_a_disk_is_named_although_the_archives_checksum_stands(archive: Path) -> None:
    victim = frame_of(archive)
    with zipfile.ZipFile(archive) as packed:
        offset = packed.getinfo(victim).header_offset + 2000
    data = bytearray(archive.read_bytes())
    data[offset] ^= 1
    archive.write_bytes(data)
    assert found(verify_archive(archive)) == [("flipped", victim)]


def test_hostile_archives_are_told_and_nothing_is_unpacked(archive: Path, tmp_path: Path) -> None:
    victim = frame_of(archive)
    bomb = changed(archive, lambda _, data: data)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bomb", bytes(50_000_000))
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr(victim, b"another", zipfile.ZIP_STORED)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("../../above", b"!", zipfile.ZIP_STORED)
    told = {finding.path: (finding.kind, finding.message) for finding in verify_archive(bomb).findings}
    assert told.keys() == {"bomb", victim, "link", "../../above"}
    assert "compressed" in told["bomb"][1]
    assert "more than once" in told[victim][1]
    assert "link" in told["link"][1]
    assert told["../../above"][0] == "added"
    assert not (tmp_path.parent.parent / "above").exists()


def test_what_is_no_archive_or_is_cut_off_is_a_clear_error(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for content in (b"", b"PK", b"no archive", whole[: len(whole) // 2], whole[:-30]):
        (tmp_path / "bad.zip").write_bytes(content)
        with pytest.raises(ManifestMissing, match="no archive that can be read"):
            verify_archive(tmp_path / "bad.zip")
    for offset in range(0, len(whole), max(1, len(whole) // 200)):
        data = bytearray(whole)
        data[offset] ^= 0xFF
        bad = tmp_path / "bad.zip"
        bad.write_bytes(data)
        try:
            is_sound = verify_archive(bad).ok
        except OnePieceError:
            continue
        # A date of the archive's own directory proves nothing.
        assert is_sound == (content_of(bad) == content_of(archive)), offset


def content_of(archive: Path) -> dict[str, bytes] | None:
    """None where a member cannot be read."""
    try:
        with zipfile.ZipFile(archive) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    except (*DAMAGED, OSError):
        return None


def test_the_last_verify_of_a_package_is_kept_by_its_place(archive: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert find_verify(state, str(archive)) is None
    for missing, is_sound in (("manifest.csv", False), ("", True)):
        report = verify_archive(changed(archive, lambda name, data, it=missing: None if name == it else data))
        keep_verify(state, report)
        kept = find_verify(state, report.place)
        assert kept is not None
        assert (kept.ok, kept.files) == (is_sound, report.files)
    (state / "reports").rename(tmp_path / "away")
    (state / "reports").write_text("in the way")
    keep_verify(state, report)
    assert find_verify(state, report.place) is None
