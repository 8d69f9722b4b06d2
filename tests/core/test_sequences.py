"""The scanner of frame sequences, against the cases that are easy to get wrong."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.errors import PaddingsMixed
from onepiece_core.sequences import scan, split_extension


def patterns(names: list[str], **options: bool) -> list[tuple[str, str]]:
    return [(found.pattern, found.ranges) for found in scan(names, **options).sequences]


@pytest.mark.parametrize(
    ("names", "pattern", "ranges"),
    [
        (["a.1001.exr", "a.1002.exr"], "a.%04d.exr", "1001-1002"),
        (["a_1001.exr", "a_1002.exr"], "a_%04d.exr", "1001-1002"),
        (["a1001.exr", "a1002.exr"], "a%04d.exr", "1001-1002"),
        (["a-1001.exr", "a-1002.exr"], "a-%04d.exr", "1001-1002"),
        (["0001.png", "0002.png"], "%04d.png", "1-2"),
        (["a.0999.exr", "a.1000.exr"], "a.%04d.exr", "999-1000"),
        (["a.9999.exr", "a.10000.exr", "a.0001.exr"], "a.%04d.exr", "1,9999-10000"),
        (["a.99999.exr", "a.100000.exr"], "a.%05d.exr", "99999-100000"),
        (["a.8.exr", "a.9.exr", "a.10.exr"], "a.%d.exr", "8-10"),
        (["a.1001.bgeo.sc", "a.1002.bgeo.sc"], "a.%04d.bgeo.sc", "1001-1002"),
        (["x/y/a.1001.exr", "x/y/a.1002.exr"], "x/y/a.%04d.exr", "1001-1002"),
        (["x/0001.exr", "x/0002.exr"], "x/%04d.exr", "1-2"),
        (["a_v004.1001.exr"], "a_v004.%04d.exr", "1001"),
        (["a.-001.exr", "a.0000.exr", "a.0001.exr"], "a.%04d.exr", "-1-1"),
        (["a.-0001.exr", "a.0000.exr", "a.0001.exr"], "a.%04d.exr", "-1-1"),
        (["a.1001.exr", "a.1002.EXR"], "a.%04d.exr", "1001-1002"),
        (["100%.1001.exr"], "100%%.%04d.exr", "1001"),
    ],
)
def test_is_one_sequence(names: list[str], pattern: str, ranges: str) -> None:
    found = scan(names)
    assert patterns(names) == [(pattern, ranges)]
    assert found.files == ()
    assert sorted(found.sequences[0].names) == sorted(names)


@pytest.mark.parametrize(
    "names",
    [
        ["a_v001.mov", "a_v002.mov", "a_v003.mov"],
        ["a.1001.mov", "a.1002.mp4"],
        ["a_v001.exr", "a_v002.exr"],
        ["v001.exr", "v002.exr"],
        ["shot0010.ma", "shot0020.ma", "cut_001.otio"],
        ["a.1001.25.exr", "a.1001.50.exr"],
        ["a_20240214.exr", "a_20240215.exr"],
        ["a.1001", "a.1002", "1001", ".1001"],
        ["ref_01.jpg"],
        ["light2.exr", "light3.exr"],
        ["a.\u0661\u0660\u0660\u0661.exr", "a.\u0661\u0660\u0660\u0662.exr"],
        ["a.1001.exr.part", "a.1002.exr.tmp"],
        ["a..exr", ".exr", "a.", ""],
    ],
)
def test_is_no_sequence(names: list[str]) -> None:
    assert patterns(names) == []
    assert scan(names).files == tuple(sorted(names))


def test_missing_frames_are_sorted_ranges() -> None:
    names = [f"a.{frame}.exr" for frame in range(1001, 1021) if frame not in (1003, 1010, 1011, 1012)]
    found = scan(names).sequences[0]
    assert found.missing == "1003,1010-1012"
    assert found.missing_count == 4
    assert (found.first, found.last, len(found)) == (1001, 1020, 16)


def test_a_complete_sequence_misses_nothing() -> None:
    assert scan(["a.1001.exr", "a.1002.exr"]).sequences[0].missing is None


def test_the_file_of_a_frame_is_the_one_that_is_there_or_should_be() -> None:
    found = scan(["a.0998.exr", "a.1000.EXR"]).sequences[0]
    assert found.file_name(998) == "a.0998.exr"
    assert found.file_name(999) == "a.0999.exr"
    assert found.file_name(1000) == "a.1000.EXR"


@pytest.mark.parametrize(
    "names", [["a.1.exr", "a.0001.exr"], ["a.1001.exr", "a.01001.exr"], ["a.1001.exr", "a.1001.EXR"]]
)
def test_a_frame_that_is_there_twice_is_refused_and_both_files_named(names: list[str]) -> None:
    with pytest.raises(PaddingsMixed) as caught:
        scan(names)
    assert sorted(caught.value.report.context["files"]) == sorted(names)


def test_two_paddings_without_a_common_frame_are_two_sequences() -> None:
    assert patterns(["a.001.exr", "a.002.exr", "a.00003.exr", "a.00004.exr"]) == [
        ("a.%03d.exr", "1-2"),
        ("a.%05d.exr", "3-4"),
    ]


def test_layers_views_and_extensions_stay_apart() -> None:
    names = [f"{base}.{frame}.{ext}" for base in ("a_L", "a_R") for frame in (1001, 1002) for ext in ("exr", "jpg")]
    assert [pattern for pattern, _ in patterns(names)] == [
        "a_L.%04d.exr",
        "a_L.%04d.jpg",
        "a_R.%04d.exr",
        "a_R.%04d.jpg",
    ]


def test_texture_tiles_have_no_gaps() -> None:
    found = scan(["skin.1001.tx", "skin.1002.tx", "skin.1011.tx"]).sequences[0]
    assert (found.pattern, found.tiles, found.missing) == ("skin.<UDIM>.tx", True, None)


def test_the_caller_may_say_that_numbers_are_tiles() -> None:
    names = ["skin.1001.exr", "skin.1011.exr"]
    assert patterns(names, tiles=True) == [("skin.<UDIM>.exr", "1001,1011")]
    assert scan(names).sequences[0].missing == "1002-1010"


def test_numbers_below_the_first_tile_are_frames_whatever_the_extension() -> None:
    assert not scan(["a.0001.tx", "a.0002.tx"]).sequences[0].tiles


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("a.1001.exr", ("a.1001", "exr")),
        ("a.1001.bgeo.sc", ("a.1001", "bgeo.sc")),
        ("drop.tar.gz", ("drop", "tar.gz")),
        ("a.b.gz", ("a.b", "gz")),
        (".hidden", (".hidden", "")),
        ("none", ("none", "")),
        ("v1.2/none", ("v1.2/none", "")),
        ("folder/.hidden", ("folder/.hidden", "")),
    ],
)
def test_splits_an_extension(name: str, split: tuple[str, str]) -> None:
    assert split_extension(name) == split


def test_a_hundred_thousand_frames_are_one_sequence() -> None:
    names = [f"beauty/FG_ep010_sc02_0010_comp_v004.{frame:04d}.exr" for frame in range(1, 100_001)]
    random.Random(7).shuffle(names)
    assert patterns(names) == [("beauty/FG_ep010_sc02_0010_comp_v004.%04d.exr", "1-100000")]


NAMES = st.lists(
    st.one_of(
        st.builds("{}{}{}.{}".format, st.sampled_from(["a", "b_v001", "d/a", ""]), st.sampled_from([".", "_", "-", ""]),
                  st.integers(-20, 12_000).map(str), st.sampled_from(["exr", "tx", "mov"])),
        st.text(alphabet="av0123456789._-/%é", max_size=12),
    ),
    unique=True,
    max_size=40,
)  # fmt: skip


@given(NAMES)
def test_every_name_comes_out_exactly_once(names: list[str]) -> None:
    try:
        found = scan(names)
    except PaddingsMixed:
        return
    assert sorted([*found.files, *(name for sequence in found.sequences for name in sequence.names)]) == sorted(names)


@given(NAMES)
def test_each_frame_names_its_file_and_the_order_of_names_does_not_matter(names: list[str]) -> None:
    try:
        found = scan(names)
    except PaddingsMixed:
        return
    assert scan(list(reversed(names))) == found
    for sequence in found.sequences:
        assert [sequence.file_name(frame) for frame in sequence.frames] == list(sequence.names)


@given(st.integers(1, 7), st.sets(st.integers(0, 999_999), min_size=2, max_size=30))
def test_a_pattern_writes_the_names_it_was_found_in(padding: int, frames: set[int]) -> None:
    names = [f"comp.{frame:0{padding}d}.exr" for frame in frames]
    found = scan(names).sequences
    assert sorted(found[0].pattern % frame for frame in found[0].frames) == sorted(names)
