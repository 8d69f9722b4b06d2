"""The truth about media files: a missing byte, a wrong name and a damaged header are found."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from onepiece_core.errors import InputMissing, InputRefused, MediaEmpty, MediaError, MediaTruncated, OnePieceError
from onepiece_core.media.movie import count_frames, write_movie
from onepiece_core.media.probe import kind_of, probe, probe_all
from tests.support.media import write_exr, write_png
from tests.support.pictures import write_image, write_multipart

COMPRESSIONS = ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab")


def cut(path: Path, count: int) -> Path:
    """A copy of ``path`` without its last ``count`` bytes."""
    target = path.with_name(f"cut{path.suffix}")
    target.write_bytes(path.read_bytes()[:-count])
    return target


def assert_every_cut_is_found(path: Path) -> None:
    size = path.stat().st_size
    for count in sorted({1, 2, 3, 7, 8, 100, size // 3, size // 2, size - 400, size - 60, size - 13}):
        with pytest.raises(MediaTruncated):
            probe(cut(path, count))


@pytest.mark.parametrize("tile", [0, 32], ids=["lines", "tiles"])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_every_kind_of_exr_is_read_and_a_cut_one_found(tmp_path: Path, compression: str, tile: int) -> None:
    path = write_image(tmp_path / "a.exr", compression=compression, tile=tile)
    facts = probe(path)
    assert (facts.kind, facts.width, facts.height, facts.compression) == ("exr", 131, 77, compression)
    assert facts.channels == ("A", "B", "G", "R")
    assert facts.pixel_type == "half"
    assert_every_cut_is_found(path)


def test_an_exr_of_several_parts_is_read_and_a_cut_one_found(tmp_path: Path) -> None:
    path = write_multipart(tmp_path / "a.exr", parts=3)
    assert len(probe(path).channels) == 12
    assert_every_cut_is_found(path)


@pytest.mark.parametrize("size", [(131, 77), (64, 64), (1, 77), (200, 3)])
def test_an_exr_with_mip_levels_is_read_and_a_cut_one_found(tmp_path: Path, size: tuple[int, int]) -> None:
    import OpenImageIO as oiio

    path = tmp_path / "mip.exr"
    image = oiio.ImageBuf(oiio.ImageSpec(*size, 3, "half"))
    oiio.ImageBufAlgo.noise(image, "white", 0, 1)
    assert oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, image, str(path))
    assert (probe(path).width, probe(path).height) == size
    for count in (1, 2, 10):
        with pytest.raises(MediaTruncated):
            probe(cut(path, count))


def test_windows_and_rate_are_read(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.exr", full=(-4, -2, 140, 90), FramesPerSecond=(24000, 1001))
    facts = probe(path)
    assert facts.data_window == (0, 0, 130, 76)
    assert facts.display_window == (-4, -2, 135, 87)
    assert facts.fps == Fraction(24000, 1001)


def test_a_frame_whose_last_chunks_were_never_written_is_truncated(tmp_path: Path) -> None:
    """A renderer that died leaves zeros in the table."""
    path = write_exr(tmp_path / "a.exr", height=16)
    data = bytearray(path.read_bytes())
    table = data.index(struct.pack("<Q", _first_chunk(data)))
    data[table + 8 * 15 : table + 8 * 16] = bytes(8)
    path.write_bytes(data)
    with pytest.raises(MediaTruncated, match="1 of 16 chunks were never written"):
        probe(path)


def _first_chunk(data: bytes) -> int:
    line = 32 * 3 * 2 + 8
    return len(data) - 16 * line


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "dpx"])
def test_a_picture_is_read_and_a_cut_one_found(tmp_path: Path, suffix: str) -> None:
    path = write_image(tmp_path / f"a.{suffix}", pixel_type="uint8")
    facts = probe(path)
    assert (facts.width, facts.height, facts.pixel_type) == (131, 77, "uint8")
    size = path.stat().st_size
    for count in (1, 2, 100, size // 2, size - 20):
        with pytest.raises(MediaTruncated):
            probe(cut(path, count))


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movie")
    frames = [write_exr(folder / f"a.{frame}.exr", seed=frame, width=64, height=36) for frame in range(1001, 1025)]
    write_movie(frames, folder / "a.mov", fps=Fraction(24000, 1001))
    return folder / "a.mov"


def test_a_movie_tells_size_rate_and_frames(movie: Path) -> None:
    facts = probe(movie)
    assert (facts.kind, facts.width, facts.height, facts.frames) == ("movie", 64, 36, 24)
    assert facts.fps == Fraction(24000, 1001)
    assert not facts.variable_rate
    assert count_frames(movie) == 24


def test_a_cut_movie_tells_how_many_frames_are_left(movie: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.mov"
    half.write_bytes(movie.read_bytes()[: movie.stat().st_size // 2])
    with pytest.raises(MediaTruncated, match="24 frames expected") as caught:
        probe(half)
    assert 0 < caught.value.report.context["frames_complete"] < 24
    one = tmp_path / "one.mov"
    one.write_bytes(movie.read_bytes()[:-1])
    with pytest.raises(MediaTruncated, match="24 frames expected, 23 complete"):
        probe(one)


def test_a_movie_without_its_header_is_truncated(movie: Path, tmp_path: Path) -> None:
    data = movie.read_bytes()
    at = data.index(b"moov") - 4
    size = struct.unpack_from(">I", data, at)[0]
    (tmp_path / "a.mov").write_bytes(data[:at] + data[at + size :])
    with pytest.raises(MediaTruncated, match="no moov"):
        probe(tmp_path / "a.mov")


def test_a_movie_with_sound_alone_is_refused(tmp_path: Path) -> None:
    import av
    import numpy

    path = tmp_path / "sound.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(numpy.zeros((1, 1024), numpy.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    with pytest.raises(MediaError, match="no picture track"):
        probe(path)


def test_a_name_that_promises_another_format_is_told(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png").rename(tmp_path / "a.1001.exr")
    with pytest.raises(MediaError, match=r"a\.1001\.exr: it is PNG, not EXR"):
        probe(path)


@pytest.mark.parametrize("name", ["a.exr", "a.png", "a.jpg", "a.tif", "a.dpx", "a.mov"])
def test_noise_zeros_and_scraps_are_no_media(tmp_path: Path, name: str) -> None:
    for data in (b"hello world, this is text", bytes(4096), b"x", b"\x76\x2f\x31\x01"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(MediaError):
            probe(tmp_path / name)


def assert_told(path: Path) -> None:
    """Sound or not, nothing but an error of ours comes out."""
    (result,) = probe_all([path])
    assert not isinstance(result, OnePieceError) or result.code.startswith("media.")


@pytest.mark.parametrize("make", [write_exr, write_png], ids=["exr", "png"])
def test_a_damaged_header_is_an_error_of_ours(tmp_path: Path, make: Callable[..., Path]) -> None:
    path = make(tmp_path / f"a.{'exr' if make is write_exr else 'png'}")
    whole = path.read_bytes()
    for offset in range(min(len(whole), 420)):
        for value in (0, 0x7F, 0xFF):
            path.write_bytes(whole[:offset] + bytes((value,)) + whole[offset + 1 :])
            assert_told(path)


def test_a_damaged_movie_header_is_an_error_of_ours(movie: Path, tmp_path: Path) -> None:
    whole = movie.read_bytes()
    start = whole.index(b"moov") - 4
    for offset in range(start, start + struct.unpack_from(">I", whole, start)[0], 3):
        (tmp_path / "a.mov").write_bytes(whole[:offset] + b"\xff" + whole[offset + 1 :])
        assert_told(tmp_path / "a.mov")


def test_empty_missing_and_special_files_have_their_own_errors(tmp_path: Path) -> None:
    (tmp_path / "a.exr").touch()
    os.mkfifo(tmp_path / "pipe.exr")
    for path, error in (
        (tmp_path / "a.exr", MediaEmpty),
        (tmp_path / "none.exr", InputMissing),
        (tmp_path / "pipe.exr", InputRefused),
        (tmp_path, InputRefused),
    ):
        with pytest.raises(error):
            probe(path)


def test_what_is_not_media_is_only_measured(tmp_path: Path) -> None:
    (tmp_path / "cache.abc").write_bytes(b"anything")
    assert (probe(tmp_path / "cache.abc").kind, probe(tmp_path / "cache.abc").size_bytes) == ("other", 8)
    assert kind_of("no_extension") == "other"


def test_one_bad_file_never_stops_the_others(tmp_path: Path) -> None:
    paths = [write_exr(tmp_path / f"a.{frame}.exr") for frame in range(1001, 1071)]
    cut(paths[40], 1).rename(paths[40])
    results = probe_all(paths)
    assert [index for index, result in enumerate(results) if isinstance(result, OnePieceError)] == [40]
    assert len(results) == 70
