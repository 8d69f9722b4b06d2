"""Every file is read once, and a file that changes meanwhile is noticed."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.checksums import (
    LENGTHS,
    PIECE_BYTES,
    Hasher,
    Stamp,
    copy_and_hash,
    hash_bytes,
    hash_file,
    is_digest,
)
from onepiece_core.errors import (
    DestinationExists,
    DestinationReadOnly,
    DiskFull,
    InputMissing,
    InputRefused,
    InputUnreadable,
    SourceChanged,
    StorageError,
    UsageError,
)
from onepiece_core.filesystems import storage_error
from tests.support.rights import public_folder, without_root


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    path = tmp_path / "comp.1001.exr"
    path.write_bytes(os.urandom(2 * PIECE_BYTES + 12345))
    os.utime(path, ns=(1_600_000_000_123_456_789, 1_500_000_000_987_654_321))
    return path


def test_digests_are_those_of_the_standard_tools(frame: Path) -> None:
    data = frame.read_bytes()
    assert hash_file(frame, LENGTHS).digests == {
        "xxh128": xxhash.xxh3_128_hexdigest(data),
        "xxh64": xxhash.xxh64_hexdigest(data),
        "xxh3": xxhash.xxh3_64_hexdigest(data),
        "md5": hashlib.md5(data).hexdigest(),
        "sha1": hashlib.sha1(data).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "sha512": hashlib.sha512(data).hexdigest(),
        "crc32": f"{zlib.crc32(data):08x}",
    }


def test_xxh128_of_nothing_is_the_published_value() -> None:
    assert hash_bytes(b"") == "99aa06d3014798d86001c324468d497f"


def test_every_digest_is_lower_case_hex_of_its_length() -> None:
    for algorithm, digest in {name: hash_bytes(b"x", name) for name in LENGTHS}.items():
        assert is_digest(algorithm, digest)
        assert not is_digest(algorithm, digest.upper()) or digest.isdigit()
        assert not is_digest(algorithm, digest + "0")
    assert not is_digest("blake3", "00")


def test_an_unknown_algorithm_is_refused_with_the_choice() -> None:
    with pytest.raises(UsageError, match="blake9") as caught:
        hash_bytes(b"", "blake9")
    assert "xxh128" in (caught.value.report.hint or "")


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_pieces_do_not_matter(pieces: list[bytes]) -> None:
    hasher = Hasher(("xxh128", "crc32"))
    for piece in pieces:
        hasher.update(piece)
    whole = b"".join(pieces)
    assert hasher.digests() == {"xxh128": hash_bytes(whole), "crc32": hash_bytes(whole, "crc32")}


def test_a_copy_has_the_bytes_the_time_and_the_digests_of_its_source(frame: Path, tmp_path: Path) -> None:
    counted: list[int] = []
    target = tmp_path / "copy.exr"
    copied = copy_and_hash(frame, target, ("xxh128", "md5"), on_bytes=counted.append)
    assert target.read_bytes() == frame.read_bytes()
    assert target.stat().st_mtime_ns == frame.stat().st_mtime_ns == copied.mtime_ns
    assert copied.digests == hash_file(frame, ("xxh128", "md5")).digests
    assert sum(counted) == copied.size_bytes == frame.stat().st_size


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1])
def test_sizes_around_a_piece_are_copied_whole(size: int, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(size))
    copied = copy_and_hash(source, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == source.read_bytes()
    assert copied.size_bytes == size


def test_an_existing_target_is_never_touched(frame: Path, tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.write_text("mine")
    with pytest.raises(DestinationExists):
        copy_and_hash(frame, target)
    assert target.read_text() == "mine"


def test_a_link_in_the_targets_place_is_not_written_through(frame: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(DestinationExists):
        copy_and_hash(frame, tmp_path / "link")
    assert not (tmp_path / "victim").exists()


def test_a_file_that_grows_while_it_is_read_leaves_no_target(frame: Path, tmp_path: Path) -> None:
    def grow(_count: int) -> None:
        if frame.stat().st_size < 10 * PIECE_BYTES:
            with frame.open("ab") as file:
                file.write(bytes(PIECE_BYTES))

    with pytest.raises(SourceChanged, match="grew"):
        copy_and_hash(frame, tmp_path / "target", on_bytes=grow)
    assert not (tmp_path / "target").exists()


def test_a_file_that_never_stops_growing_is_not_followed_for_ever(frame: Path) -> None:
    reads: list[int] = []

    def double(count: int) -> None:
        reads.append(count)
        assert len(reads) < 10, "the reader runs after the end for ever"
        with frame.open("ab") as file:
            file.write(bytes(2 * count))

    with pytest.raises(SourceChanged):
        hash_file(frame, on_bytes=double)


def test_a_file_that_is_cut_while_it_is_read_is_noticed(frame: Path) -> None:
    with pytest.raises(SourceChanged):
        hash_file(frame, on_bytes=lambda _count: os.truncate(frame, 10))


def test_a_file_written_in_place_while_it_is_read_is_noticed(frame: Path) -> None:
    def flip(_count: int) -> None:
        with frame.open("r+b") as file:
            file.write(b"flip")

    with pytest.raises(SourceChanged):
        hash_file(frame, on_bytes=flip)


def test_a_file_replaced_while_it_is_read_is_noticed(frame: Path, tmp_path: Path) -> None:
    def replace(_count: int) -> None:
        other = tmp_path / "other"
        other.write_bytes(bytes(frame.stat().st_size))
        os.utime(other, ns=(0, frame.stat().st_mtime_ns))
        other.replace(frame)

    with pytest.raises(SourceChanged):
        hash_file(frame, on_bytes=replace)


def test_a_file_removed_while_it_is_read_is_noticed(frame: Path) -> None:
    with pytest.raises(SourceChanged, match="went away"):
        hash_file(frame, on_bytes=lambda _count: frame.unlink(missing_ok=True))


def test_a_file_other_than_the_expected_one_is_not_read(frame: Path, tmp_path: Path) -> None:
    expected = Stamp.of(frame.stat())
    assert hash_file(frame, expected=expected).size_bytes == expected.size_bytes
    frame.write_bytes(b"rendered again")
    with pytest.raises(SourceChanged):
        copy_and_hash(frame, tmp_path / "target", expected=expected)
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_what_is_no_regular_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "x"
    server = socket.socket(socket.AF_UNIX)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        server.bind(str(path))
    elif kind == "folder":
        path.mkdir()
    with server, pytest.raises(InputRefused):
        hash_file(path)


def test_a_missing_file_and_a_file_as_folder_are_missing(frame: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "none", frame / "inside"):
        with pytest.raises(InputMissing) as caught:
            hash_file(path)
        assert caught.value.report.context["path"] == str(path)


def test_links_are_followed_unless_told_not_to(frame: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest.exr"
    link.symlink_to(frame.name)
    assert hash_file(link).digests == hash_file(frame).digests
    with pytest.raises(InputRefused):
        hash_file(link, follow_links=False)


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputRefused, match="loop"):
        hash_file(tmp_path / "a")


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        hash_file(tmp_path / "a\0b")


def test_a_file_without_the_right_to_read_is_unreadable() -> None:
    with public_folder() as folder:
        path = folder / "comp.1001.exr"
        path.touch(mode=0)
        with without_root(), pytest.raises(InputUnreadable) as caught:
            hash_file(path)
    assert str(path) in caught.value.report.message


def test_a_folder_without_the_right_to_write_is_read_only() -> None:
    with public_folder() as folder:
        (folder / "source").write_text("x")
        (folder / "locked").mkdir(mode=0o555)
        with without_root(), pytest.raises(DestinationReadOnly):
            copy_and_hash(folder / "source", folder / "locked" / "target")


def test_a_full_disk_tells_what_is_needed_and_what_is_free(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space") as refused:
        full.write(b"x")
    error = storage_error(refused.value, tmp_path / "target", need_bytes=4096)
    assert isinstance(error, DiskFull)
    assert error.report.context["need_bytes"] == 4096
    assert error.report.context["free_bytes"] > 0


def test_a_write_that_fails_half_way_leaves_no_target(frame: Path, tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from onepiece_core.checksums import copy_and_hash\n"
        "from onepiece_core.errors import StorageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: copy_and_hash(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except StorageError as error: print(error.code)\n"
    )
    target = tmp_path / "target"
    run = [sys.executable, "-c", program, str(frame), str(target)]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "storage.failed\n"
    assert not target.exists()


def test_a_folder_that_is_not_there_is_a_storage_error(frame: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        copy_and_hash(frame, tmp_path / "none" / "target")


def test_cancelling_in_the_middle_leaves_no_target(frame: Path, tmp_path: Path) -> None:
    def stop(_count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_and_hash(frame, tmp_path / "target", on_bytes=stop)
    assert not (tmp_path / "target").exists()
