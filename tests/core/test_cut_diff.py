"""What changed from one cut to the next."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.editorial.covers import TrackedShots, mark_reinstated, needed_frames
from onepiece_core.editorial.cut import Cut, CutClip
from onepiece_core.editorial.diff import ShotChange, diff_cuts
from onepiece_core.editorial.otio import read_cut
from onepiece_core.editorial.report import as_csv, as_html, report_of
from onepiece_core.editorial.timecode import timecode
from onepiece_core.errors import EditorialError
from tests.support.cuts import span, write_cut
from tests.support.edls import Event, edl

OLD = [
    Event(f"FG_ep010_sc02_{number:04d}", 86400 + number * 100, 48, f"A{number:03d}") for number in range(10, 100, 10)
]


def at(number: int) -> Event:
    return next(event for event in OLD if event.name.endswith(f"_{number:04d}"))


def cut(tmp_path: Path, events: list[Event], name: str, rate: Fraction = Fraction(24)) -> Cut:
    path = tmp_path / name
    path.write_text(edl(events, rate))
    return read_cut(path, rate)


def compared(tmp_path: Path, new: list[Event], old: list[Event] = OLD) -> dict[str, ShotChange]:
    found = diff_cuts(cut(tmp_path, old, "old.edl"), cut(tmp_path, new, "new.edl"))
    return {change.shot.rpartition("_")[2]: change for change in found.shots}


def changed(event: Event, **values: object) -> list[Event]:
    """The old cut with one event changed."""
    return [replace(each, **values) if each == event else each for each in OLD]  # type: ignore[arg-type]


def test_nothing_changed(tmp_path: Path) -> None:
    assert not any(change.kinds for change in compared(tmp_path, OLD).values())


def test_a_shot_that_was_not_there_is_new_and_one_that_is_gone_is_omitted(tmp_path: Path) -> None:
    added = Event("FG_ep010_sc02_0015", 90000, 24, "B001")
    found = compared(tmp_path, [added if event == at(20) else event for event in OLD])
    assert found["0015"].kinds == ["new"]
    assert found["0020"].kinds == ["omitted"]
    assert [shot for shot, change in found.items() if change.kinds] == ["0020", "0015"]


@pytest.mark.parametrize(
    ("first", "frames", "kinds", "told"),
    [
        (+5, 48, ["slipped"], (0, 0, 5)),
        (-8, 56, ["extended"], (8, 0, 0)),
        (0, 60, ["extended"], (0, 12, 0)),
        (+4, 44, ["shortened"], (-4, 0, 0)),
        (0, 40, ["shortened"], (0, -8, 0)),
        (-3, 41, ["extended", "shortened"], (3, -10, 0)),
    ],
)
def test_the_ends_of_a_shot_move(
    tmp_path: Path, first: int, frames: int, kinds: list[str], told: tuple[int, int, int]
) -> None:
    shot = compared(tmp_path, changed(at(30), first=at(30).first + first, frames=frames))["0030"]
    assert shot.kinds == kinds
    assert (shot.head, shot.tail, shot.slip) == told


def test_a_shot_at_twice_the_speed_uses_twice_the_media(tmp_path: Path) -> None:
    shot = compared(tmp_path, changed(at(30), speed=200))["0030"]
    assert shot.kinds == ["retimed", "extended"]
    assert shot.new is not None
    assert shot.new.speed == 2
    assert shot.tail == 47


def test_a_new_name_of_the_same_media_is_a_shot_renamed(tmp_path: Path) -> None:
    found = compared(tmp_path, changed(at(40), name="FG_ep010_sc02_0045"))
    assert found["0045"].kinds == ["renamed"]
    assert found["0045"].was == at(40).name
    assert "0040" not in found


def test_the_same_name_of_other_media_is_a_shot_replaced(tmp_path: Path) -> None:
    assert compared(tmp_path, changed(at(40), reel="Z009"))["0040"].kinds == ["replaced"]


def test_only_the_shot_that_was_moved_is_out_of_order(tmp_path: Path) -> None:
    moved = [event for event in OLD if event != at(20)]
    moved.insert(6, at(20))
    assert [shot for shot, change in compared(tmp_path, moved).items() if change.kinds == ["reordered"]] == ["0020"]


def test_a_version_in_the_clips_name_is_no_other_shot(tmp_path: Path) -> None:
    old = [replace(event, name=f"{event.name}_comp_v001.mov") for event in OLD]
    new = [replace(event, name=f"{event.name}_comp_v012.mov") for event in OLD]
    assert not any(change.kinds for change in compared(tmp_path, new, old).values())


def test_each_use_of_a_shot_is_compared_with_the_use_that_shares_its_frames(tmp_path: Path) -> None:
    first, second = at(30), replace(at(30), first=at(30).first + 200)
    old, new = [first, at(40), second], [replace(second, frames=50), at(40), first]
    found = diff_cuts(cut(tmp_path, old, "old.edl"), cut(tmp_path, new, "new.edl")).shots
    assert sum("extended" in change.kinds for change in found) == 1
    assert not any({"slipped", "new", "omitted"} & set(change.kinds) for change in found)


def test_handles_are_what_editorial_holds_around_the_cut(tmp_path: Path) -> None:
    old = write_cut(tmp_path / "old.otio", {"0010": (span(1009, 48), span(1001, 64))})
    new = write_cut(tmp_path / "new.otio", {"0010": (span(1004, 60), span(1001, 64))})
    (shot,) = diff_cuts(read_cut(old), read_cut(new), handles=8).shots
    assert shot.kinds == ["extended", "short_handles"]
    assert (shot.missing_head, shot.missing_tail) == (5, 7)


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001)])
def test_an_edl_is_read_at_its_rate(tmp_path: Path, rate: Fraction) -> None:
    found = cut(tmp_path, OLD, "a.edl", rate)
    assert [(clip.first, len(clip)) for clip in found.clips] == [(event.first, event.frames) for event in OLD]
    assert {clip.rate for clip in found.clips} == {rate}
    assert found.start == 864000
    assert [clip.record_first for clip in found.clips] == [48 * number for number in range(len(OLD))]


def test_time_code_that_drops_numbers_is_counted_right(tmp_path: Path) -> None:
    rate = Fraction(30000, 1001)
    (tmp_path / "a.edl").write_text(
        "TITLE: DROP\nFCM: DROP FRAME\n\n"
        "001  A001 V     C        01:00:59;28 01:01:00;04 10:00:00;00 10:00:00;04\n* FROM CLIP NAME: A\n"
    )
    found = read_cut(tmp_path / "a.edl", rate)
    assert len(found.clips[0]) == 4  # ;28 ;29, then 01:01:00;02 and ;03: two numbers are left out
    assert found.drops_frames
    assert timecode(found.start, rate, drop=True) == "10:00:00;00"


@given(st.integers(0, 2_500_000), st.sampled_from([24, 25, 30, 23.976, 29.97, 59.94]), st.booleans())
def test_time_codes_are_those_of_the_library(frames: int, fps: float, drop: bool) -> None:
    import opentimelineio as otio

    from onepiece_core.frames import exact_rate

    rate = exact_rate(fps)
    drops = drop and rate in (Fraction(30000, 1001), Fraction(60000, 1001))
    exact = rate.numerator / rate.denominator
    told = otio.opentime.to_timecode(otio.opentime.RationalTime(frames, exact), exact, drops)
    assert timecode(frames, rate, drop=drops) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TITLE: nothing\n",
        "\x00\x01\x02",
        "001  A V C 99:99:99:99 01:00:00:00 01:00:00:00 01:00:01:00\n",
        "001  A V C 01:00:00:00 01:00:01:00 01:00:00:99 01:00:01:00\n",
        "{}",
    ],
)
def test_what_is_no_edl_is_told_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.edl").write_text(text)
    with pytest.raises(EditorialError):
        read_cut(tmp_path / "a.edl")


@given(st.binary(max_size=60), st.integers(0, 400))
def test_a_damaged_edl_is_read_or_told(tmp_path_factory: pytest.TempPathFactory, damage: bytes, place: int) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.edl"
    text = edl(OLD[:3]).encode()
    path.write_bytes(text[:place] + damage + text[place + len(damage) :])
    try:
        read_cut(path)
    except EditorialError:
        pass


clips = st.lists(
    st.builds(
        CutClip,
        name=st.sampled_from(["a", "b", "c", ""]),
        first=st.integers(0, 50),
        last=st.integers(50, 90),
        rate=st.just(Fraction(24)),
        speed=st.sampled_from([Fraction(1), Fraction(2), Fraction(0), Fraction(-1)]),
        source=st.sampled_from(["", "x", "y"]),
    ),
    max_size=12,
).map(tuple)


@given(clips, clips)
def test_each_clip_of_both_cuts_is_told_once(old: tuple[CutClip, ...], new: tuple[CutClip, ...]) -> None:
    found = diff_cuts(Cut("old", old), Cut("new", new), handles=8).shots
    assert sorted(change.old_place for change in found if change.old_place is not None) == list(range(len(old)))
    assert sorted(change.new_place for change in found if change.new_place is not None) == list(range(len(new)))
    # Without those that were re-ordered, what is left stands in one order.
    kept = [
        (change.old_place, change.new_place)
        for change in found
        if change.old_place is not None and change.new_place is not None and "reordered" not in change.kinds
    ]
    assert sorted(kept) == sorted(kept, key=lambda pair: pair[1] or 0)


@given(clips)
def test_a_cut_does_not_differ_from_itself(same: tuple[CutClip, ...]) -> None:
    assert not diff_cuts(Cut("old", same), Cut("new", same)).changed


def test_a_shot_is_found_by_its_code_or_by_the_words_around_it() -> None:
    shots = TrackedShots(
        [
            {"type": "Shot", "id": 1, "code": "ep010_sc02_0010"},
            {"type": "Shot", "id": 2, "code": "0010", "sg_sequence": {"name": "sc03"}},
            {"type": "Shot", "id": 3, "code": "0010", "sg_sequence": {"name": "ep010_sc04"}},
        ]
    )
    named = {"FG_ep010_sc02_0010_comp": 1, "ep010_sc02_0010": 1, "FG_ep010_sc03_0010": 2, "FG_ep010_sc04_0010": 3}
    assert {name: (shots.find(name) or {}).get("id") for name in named} == named
    assert shots.find("0010") is None
    assert shots.find("FG_ep010_sc02_0099") is None


def test_a_shot_that_the_tracker_has_as_omitted_comes_back(tmp_path: Path) -> None:
    found = diff_cuts(cut(tmp_path, OLD[:1], "old.edl"), cut(tmp_path, OLD[:2], "new.edl"))
    mark_reinstated(found, TrackedShots([{"id": 1, "code": "ep010_sc02_0020", "sg_status_list": "omt"}]))
    assert [change.kinds for change in found.shots] == [[], ["reinstated"]]


def test_what_the_cut_shows_is_told_in_the_numbers_of_the_shot(tmp_path: Path) -> None:
    shot = compared(tmp_path, changed(at(30), first=at(30).first - 8, frames=60))["0030"]
    assert needed_frames(shot, {"sg_cut_in": 1009}) == (1001, 1060)
    assert needed_frames(shot, {}) == (at(30).first - 8, at(30).first + 51)


def test_the_report_is_the_same_as_table_and_as_page(tmp_path: Path) -> None:
    hostile = Event('=cmd|"<b>', 90000, 24, "B001")
    found = diff_cuts(cut(tmp_path, OLD, "old.edl"), cut(tmp_path, [*changed(at(30), frames=60), hostile], "new.edl"))
    report = report_of(found, None)
    assert report.summary == {"extended": 1, "new": 1, "unchanged": 8, "uncovered_versions": 0}
    rows = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert [row["changes"] for row in rows] == ["extended", "new"]
    assert rows[0]["new_in"] == "10:00:04:00"
    assert rows[1]["shot"].startswith("'=")
    page = as_html(report, footer="")
    assert "<b>" not in page
    assert "tail +12" in page
