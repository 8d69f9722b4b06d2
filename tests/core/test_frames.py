"""Frame ranges and rates."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from onepiece_core.errors import SequenceError
from onepiece_core.frames import FrameRange, exact_rate, format_ranges, format_spans, gaps, parse_ranges

FRAMES = st.lists(st.integers(-500, 20_000), min_size=1, max_size=60)


def test_both_ends_belong_to_a_range() -> None:
    frames = FrameRange(first=1001, last=1100)
    assert len(frames) == 100
    assert (frames.frames[0], frames.frames[-1]) == (1001, 1100)
    assert str(frames) == "1001-1100"


def test_a_step_counts_the_frames_that_are_rendered_and_not_the_length_on_screen() -> None:
    frames = FrameRange(first=1001, last=1010, step=3, fps=25)
    assert list(frames.frames) == [1001, 1004, 1007, 1010]
    assert len(frames) == 4
    assert frames.seconds == pytest.approx(0.4)
    assert str(frames) == "1001-1010x3"


@pytest.mark.parametrize("wrong", [{"last": 1000}, {"step": 0}, {"fps": 0}, {"fps": -24}])
def test_a_range_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        FrameRange(**{"first": 1001, "last": 1010, **wrong})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("24", Fraction(24)),
        (24.0, Fraction(24)),
        (23.976, Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
        (24000 / 1001, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (12.5, Fraction(25, 2)),
        (" 25 ", Fraction(25)),
    ],
)
def test_a_rate_is_the_one_that_is_meant(written: float | str, meant: Fraction) -> None:
    assert exact_rate(written) == meant


@pytest.mark.parametrize("wrong", ["", "fast", "0", "-24", "24/0", "nan", "inf", float("nan"), float("inf"), 1e9])
def test_what_is_no_rate_is_refused(wrong: float | str) -> None:
    with pytest.raises(SequenceError):
        exact_rate(wrong)


def test_missing_frames_read_as_people_write_them() -> None:
    frames = [*range(1001, 1003), *range(1004, 1010), 1013]
    assert format_ranges(frames) == "1001-1002,1004-1009,1013"
    assert format_spans(gaps(frames)) == "1003,1010-1012"


def test_a_huge_gap_costs_nothing() -> None:
    assert list(gaps([1, 9_999_999])) == [(2, 9_999_998)]


def test_negative_frames_keep_their_sign() -> None:
    assert format_ranges([-3, -2, -1, 0, 5]) == "-3-0,5"
    assert parse_ranges("-3--1,5") == (-3, -2, -1, 5)


@given(FRAMES)
def test_what_is_written_is_read_back(frames: list[int]) -> None:
    assert parse_ranges(format_ranges(frames)) == tuple(sorted(set(frames)))


@given(FRAMES)
def test_frames_and_gaps_fill_the_range_without_overlap(frames: list[int]) -> None:
    missing = [frame for first, last in gaps(frames) for frame in range(first, last + 1)]
    assert sorted({*frames, *missing}) == list(range(min(frames), max(frames) + 1))
    assert not set(frames) & set(missing)


def test_a_range_with_a_step_is_read() -> None:
    assert parse_ranges("1001-1010x3, 1002") == (1001, 1002, 1004, 1007, 1010)


@pytest.mark.parametrize("wrong", ["", "1-", "2-1", "1-5x0", ",", "\u0661-\u0663", "1-9876543210", "1-99999999"])
def test_what_is_no_range_is_refused(wrong: str) -> None:
    with pytest.raises(SequenceError):
        parse_ranges(wrong)
