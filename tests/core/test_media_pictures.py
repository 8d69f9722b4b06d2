"""Thumbnails, contact sheets and review movies."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy
import pytest

from onepiece_core.errors import MediaError
from onepiece_core.media.contact_sheet import write_contact_sheet
from onepiece_core.media.movie import count_frames, write_movie
from onepiece_core.media.picture import fit, read_picture, to_bytes
from onepiece_core.media.probe import probe
from onepiece_core.media.thumbnail import write_thumbnail
from tests.support.media import write_exr
from tests.support.pictures import write_image


def flat(width: int, height: int, *colour: float) -> numpy.ndarray:
    return numpy.full((height, width, len(colour)), colour, numpy.float32)


def middle(path: Path) -> list[int]:
    pixels = read_picture(path, 4000, 4000)
    return [int(value) for value in pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]]


def test_linear_grey_becomes_srgb_and_is_scaled_to_fit(tmp_path: Path) -> None:
    source = write_image(tmp_path / "a.exr", pixels=flat(1920, 1080, 0.18, 0.18, 0.18))
    write_thumbnail(source, tmp_path / "t.jpg")
    facts = probe(tmp_path / "t.jpg")
    assert (facts.kind, facts.width, facts.height) == ("jpeg", 640, 360)
    assert all(abs(value - 118) <= 2 for value in middle(tmp_path / "t.jpg"))  # 18 % grey in sRGB


def test_a_picture_that_is_srgb_already_keeps_its_values(tmp_path: Path) -> None:
    source = write_image(tmp_path / "a.png", pixels=flat(64, 36, 0.5, 0.25, 0.75), pixel_type="uint8")
    assert all(abs(one - two) <= 1 for one, two in zip(middle(source), (128, 64, 191), strict=True))


def test_nan_is_black_and_light_brighter_than_white_is_white() -> None:
    pixels = numpy.array([[[float("nan"), float("inf"), -1.0], [0.0, 1.0, 60000.0]]], numpy.float32)
    assert to_bytes(pixels, is_linear=True).tolist() == [[[0, 255, 0], [0, 255, 255]]]


def test_one_channel_and_colours_in_any_order_are_shown(tmp_path: Path) -> None:
    assert middle(write_image(tmp_path / "y.exr", pixels=flat(64, 36, 1.0))) == [255, 255, 255]
    assert middle(write_image(tmp_path / "rgba.exr", pixels=flat(64, 36, 1.0, 0.0, 0.0, 0.5))) == [255, 0, 0]


def test_only_the_picture_is_shown_of_an_overscan(tmp_path: Path) -> None:
    source = write_image(tmp_path / "a.exr", pixels=flat(200, 100, 1.0, 1.0, 1.0), full=(50, 25, 100, 50))
    assert read_picture(source, 1000, 1000).shape == (50, 100, 3)


def test_a_crop_is_shown_in_its_whole_picture(tmp_path: Path) -> None:
    source = write_image(tmp_path / "a.exr", pixels=flat(50, 50, 1.0, 1.0, 1.0), full=(0, 0, 100, 50))
    pixels = read_picture(source, 1000, 1000)
    assert pixels.shape == (50, 100, 3)
    assert pixels[25, 25].tolist() == [255, 255, 255]
    assert pixels[25, 75].tolist() == [0, 0, 0]


def test_small_pictures_are_not_enlarged_and_sides_can_be_stepped() -> None:
    assert fit(100, 50, 640, 360) == (100, 50)
    assert fit(1920, 1080, 640, 360) == (640, 360)
    assert fit(482, 270, 482, 270, multiple=4) == (480, 272)
    assert fit(10_000, 1, 100, 100) == (100, 1)


def test_a_thumbnail_of_a_movie_is_its_middle_frame_not_the_slate(tmp_path: Path) -> None:
    slate = write_image(tmp_path / "slate.exr", pixels=flat(64, 36, 1.0, 0.0, 0.0))
    frames = [write_image(tmp_path / f"a.{n}.exr", pixels=flat(64, 36, 0.0, 1.0, 0.0)) for n in range(1001, 1004)]
    frames.insert(0, slate)
    write_movie(frames, tmp_path / "a.mov")
    write_thumbnail(tmp_path / "a.mov", tmp_path / "t.jpg")
    red, green, blue = middle(tmp_path / "t.jpg")
    assert green > 240
    assert red < 15
    assert blue < 15


def test_what_is_no_picture_leaves_nothing_behind(tmp_path: Path) -> None:
    for name in ("a.exr", "a.mov", "a.log"):
        (tmp_path / name).write_bytes(b"not a picture")
        with pytest.raises(MediaError):
            write_thumbnail(tmp_path / name, tmp_path / "t.jpg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.exr", "a.log", "a.mov"]


def test_a_movie_has_every_frame_the_rate_and_sides_in_steps_of_four(tmp_path: Path) -> None:
    frames = [write_exr(tmp_path / f"a.{n}.exr", seed=n, width=50, height=30) for n in range(1001, 1031)]
    write_movie(frames, tmp_path / "a.mov", fps=Fraction(24000, 1001))
    facts = probe(tmp_path / "a.mov")
    assert (facts.width, facts.height, facts.frames, facts.codec) == (48, 32, 30, "avc1")
    assert facts.fps == Fraction(24000, 1001)
    assert count_frames(tmp_path / "a.mov") == 30
    data = (tmp_path / "a.mov").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # it plays before all of it has arrived


def test_a_movie_of_a_frame_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "bad.exr").write_bytes(b"bad")
    with pytest.raises(MediaError):
        write_movie([write_exr(tmp_path / "a.exr"), tmp_path / "bad.exr"], tmp_path / "a.mov")
    assert not list(tmp_path.glob("*.mov")) + list(tmp_path.glob(".*"))


def test_a_contact_sheet_shows_every_frame_and_survives_a_bad_one(tmp_path: Path) -> None:
    tiles = [(write_image(tmp_path / f"{n}.exr", pixels=flat(64, 36, 1.0, 1.0, 1.0)), str(n)) for n in range(5)]
    (tmp_path / "bad.exr").write_bytes(b"bad")
    write_contact_sheet([*tiles, (tmp_path / "bad.exr", "bad")], tmp_path / "sheet.png", title="FG", columns=3)
    sheet = read_picture(tmp_path / "sheet.png", 4000, 4000)
    assert sheet.shape == (38 + 2 * (180 + 26 + 12) + 12, 3 * (320 + 12) + 12, 3)
    white = (sheet.min(axis=2) > 250).sum()
    assert 5 * 64 * 36 <= white < 6 * 64 * 36


def test_a_missing_library_is_named_with_its_extra(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['OpenImageIO'] = None\n"
        "from pathlib import Path\n"
        "from onepiece_core.errors import ExtraMissing\n"
        "from onepiece_core.media.thumbnail import write_thumbnail\n"
        f"try: write_thumbnail(Path({str(write_exr(tmp_path / 'a.exr'))!r}), Path('t.jpg'))\n"
        "except ExtraMissing as error: print(error.report.code, error.report.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "onepiece.extra_missing" in done.stdout
    assert "onepiece-pipeline[media]" in done.stdout
