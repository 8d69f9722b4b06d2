"""Reading a cut: what is no cut is refused, whatever the library makes of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from onepiece_core.editorial.cut import Cut, CutClip, find_clips
from onepiece_core.editorial.otio import read_otio
from onepiece_core.errors import EditorialError, InputMissing
from tests.support.cuts import span, write_cut


def test_clips_come_with_their_frames_rate_and_media(tmp_path: Path) -> None:
    path = write_cut(tmp_path / "a.otio", {"0010": (span(1001, 100), span(993, 116)), "0020": (span(1009, 24), None)})
    cut = read_otio(path)
    assert cut.name == "FG_ep010"
    assert cut.clips == (
        CutClip("0010", 1001, 1100, Fraction(24), 993, 1108, source="0010.mov"),
        CutClip("0020", 1009, 1032, Fraction(24), record_first=100),
    )


def test_a_rate_of_video_is_exact(tmp_path: Path) -> None:
    path = write_cut(tmp_path / "a.otio", {"0010": (span(1001, 48, 24000 / 1001), None)})
    assert read_otio(path).clips[0].rate == Fraction(24000, 1001)


def test_a_clip_without_a_range_is_as_long_as_its_media(tmp_path: Path) -> None:
    path = write_cut(tmp_path / "a.otio", {"0010": (None, span(1001, 10))})
    (clip,) = read_otio(path).clips
    assert (clip.first, clip.last, len(clip)) == (1001, 1010, 10)


def test_a_collection_of_one_timeline_is_that_timeline(tmp_path: Path) -> None:
    timeline = otio.adapters.read_from_file(str(write_cut(tmp_path / "a.otio", {"0010": (span(1001, 9), None)})))
    collection = otio.schema.SerializableCollection("all", [timeline])
    otio.adapters.write_to_file(collection, str(tmp_path / "b.otio"))
    assert len(read_otio(tmp_path / "b.otio").clips) == 1
    collection.append(otio.schema.Timeline("second"))
    otio.adapters.write_to_file(collection, str(tmp_path / "b.otio"))
    with pytest.raises(EditorialError, match="2 timelines"):
        read_otio(tmp_path / "b.otio")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"a": 1}',
        b'{"OTIO_SCHEMA": 5}',
        b'{"OTIO_SCHEMA": "Foreign.1"}',
        b'{"OTIO_SCHEMA": "Timeline.1"}',
        b'{"OTIO_SCHEMA": "Timeline.99"}',
        b'{"OTIO_SCHEMA": "Timeline.1", "tracks": 5}',
        b'{"OTIO_SCHEMA": "Track.1", "children": []}',
        b'{"OTIO_SCHEMA": "Timeline.1", "tracks": ' + b"[" * 200_000,
        b'{"OTIO_SCHEMA": "Timeline.1", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": [{"OTIO_SCHEMA": "No.1"}]}}',
    ],
)
def test_what_is_no_timeline_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.otio").write_bytes(data)
    with pytest.raises(EditorialError):
        read_otio(tmp_path / "a.otio")


def test_a_single_clip_is_no_cut(tmp_path: Path) -> None:
    otio.adapters.write_to_file(otio.schema.Clip("0010"), str(tmp_path / "a.otio"))
    with pytest.raises(EditorialError, match="a Clip, not a timeline"):
        read_otio(tmp_path / "a.otio")


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        read_otio(tmp_path / "a.otio")


def cut(*names: str) -> Cut:
    return Cut("cut", tuple(CutClip(name, 1001, 1010, Fraction(24)) for name in names))


@pytest.mark.parametrize(
    ("clips", "names", "found"),
    [
        (("0010", "0020"), ("0010",), ["0010"]),
        (("SH010", "sh020"), ("sh010",), ["SH010"]),
        (("0010", "0020"), ("ep010_sc02_0010",), ["0010"]),
        (("FG_ep010_sc02_0010_comp_v003", "0020"), ("ep010_sc02_0010",), ["FG_ep010_sc02_0010_comp_v003"]),
        (("FG_0010.exr", "FG_0011.exr"), ("0010",), ["FG_0010.exr"]),
        (("0010", "0010"), ("0010",), ["0010", "0010"]),
        (("whatever",), ("0010",), ["whatever"]),
        (("010", "020"), ("0010",), []),
        ((), ("0010",), []),
        (("0010", "0020"), ("",), []),
    ],
)
def test_the_clips_of_a_shot_are_found_by_name(
    clips: tuple[str, ...], names: tuple[str, ...], found: list[str]
) -> None:
    assert [clip.name for clip in find_clips(cut(*clips), names)] == found
