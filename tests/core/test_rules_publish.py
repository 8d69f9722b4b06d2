"""The rules of a publish: each finds what it is for, and is silent about a sound one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from onepiece_core.editorial.cut import Cut, CutClip
from onepiece_core.manifest.package import PackageItem
from onepiece_core.media.facts import MediaFacts
from onepiece_core.media.movie import write_movie
from onepiece_core.media.probe import probe
from onepiece_core.publish.collect import collect_inputs
from onepiece_core.publish.facts import frames_per_second, gather_facts
from onepiece_core.rules.facts import Dependency, ItemFacts, PublishFacts
from onepiece_core.rules.publish import RULES, check
from tests.support.cuts import span, write_cut
from tests.support.media import write_exr

FRAME = MediaFacts(
    "exr",
    100,
    1920,
    1080,
    ("A", "B", "G", "R"),
    "half",
    "zip",
    data_window=(0, 0, 1919, 1079),
    display_window=(0, 0, 1919, 1079),
    pixel_aspect=1.0,
    fps=Fraction(24),
)
MOVIE = MediaFacts("movie", 100, 1920, 1080, fps=Fraction(24), frames=10, codec="avc1")
NAME = "FG_ep010_sc02_0010_comp_v004"


def sequence(first: int = 1001, last: int = 1010, **changes: object) -> ItemFacts:
    """Frames of which the one numbered 1005 is changed."""
    numbers = tuple(range(first, last + 1))
    media = tuple(replace(FRAME, **changes) if number == 1005 else FRAME for number in numbers)  # type: ignore[arg-type]
    item = PackageItem(name=f"{NAME}.%04d.exr", role="render", pattern=f"renders/{NAME}.%04d.exr", files=len(numbers))
    return ItemFacts(item, media, numbers)


def movie(name: str = NAME, **changes: object) -> ItemFacts:
    item = PackageItem(name=f"{name}.mov", role="preview", pattern=f"previews/{name}.mov")
    return ItemFacts(item, (replace(MOVIE, **changes),))  # type: ignore[arg-type]


def cut(
    first: int = 1001, last: int = 1010, rate: Fraction = Fraction(24), media: tuple[int, int] | None = None
) -> Cut:
    return Cut("reel", (CutClip("0010", first, last, rate, *(media or (None, None))),))


def facts(*items: ItemFacts, **fields: object) -> PublishFacts:
    values: dict[str, object] = {"scene_name": NAME, "shot": "0010", **fields}
    return PublishFacts(items=items or (sequence(), movie()), **values)  # type: ignore[arg-type]


def found(given: PublishFacts) -> dict[str, str]:
    """The first message of each rule."""
    return {finding.rule: finding.message for finding in reversed(check(given))}


def test_nothing_is_found_in_a_sound_publish() -> None:
    metadata = {"fps": 24, "first_frame": 1001, "last_frame": "1010", "handles": 0}
    assert found(facts(cut=cut(), metadata=metadata, dependencies=(Dependency("/a.abc", True),))) == {}


@pytest.mark.parametrize(
    ("given", "rule", "told"),
    [
        (facts(sequence(width=1280, height=720)), "media.mixed_resolution", "1280x720 at 1005"),
        (facts(sequence(channels=("B", "G", "R"))), "media.mixed_channels", "A,B,G,R at 1001-1004,1006-1010"),
        (facts(sequence(pixel_type="float")), "media.mixed_pixel_type", "float at 1005"),
        (facts(sequence(compression="piz")), "media.mixed_compression", "piz at 1005"),
        (facts(sequence(pixel_aspect=2.0)), "media.mixed_pixel_aspect", "2.0 at 1005"),
        (facts(sequence(data_window=(-10, 0, 1929, 1079))), "media.overscan", "at 1005"),
        (facts(sequence(-3, 6)), "frames.negative", "-3"),
        (facts(sequence(), movie(fps=Fraction(25))), "media.movie_rate", "25 fps, the frames at 24"),
        (facts(sequence(), movie(frames=9)), "media.movie_length", "9 frames"),
        (facts(sequence(), movie(variable_rate=True)), "media.variable_rate", "equally long"),
        (facts(sequence(), movie(NAME.replace("4", "3"))), "scene.version", "is of v003, the publish of v004"),
        (facts(replace(sequence(), item=sequence().item.model_copy(update={"pattern": "renders/a_v009.%04d.exr"}))),
         "scene.version", "v009"),
        (facts(dependencies=(Dependency("/cache/a.abc", False),)), "scene.dependencies", "/cache/a.abc"),
        (facts(metadata={"first_frame": 1001, "last_frame": 1012}), "metadata.frames", "1001-1012"),
        (facts(metadata={"fps": 25}), "metadata.fps", "25 fps, the frames 24"),
        (facts(metadata={"fps": "fast"}), "metadata.fps", "'fast' is no frame rate"),
        (facts(cut=Cut("reel", ())), "cut.no_clip", "holds no clip"),
        (facts(cut=Cut("reel", (*cut().clips, *cut().clips)), shot="0099", scene_name="x_v001"), "cut.no_clip", "0099"),
        (facts(cut=cut(1001, 1012)), "cut.range", "asks for 1001-1012, the frames lack 1011-1012"),
        (facts(cut=cut(1003, 1008, media=(995, 1012))), "cut.handles", "8 and 4 frames of handles"),
        (facts(cut=cut(1003, 1008), metadata={"handles": 8}), "cut.handles", "there are 2 and 2"),
        (facts(cut=cut(rate=Fraction(25))), "cut.rate", "25 fps, the frames at 24"),
    ],
)  # fmt: skip
def test_each_rule_finds_what_it_is_for(given: PublishFacts, rule: str, told: str) -> None:
    result = found(given)
    assert rule in result, result
    assert told in result[rule]


def test_missing_frames_inside_of_the_cut_are_lacking() -> None:
    whole = sequence()
    holed = ItemFacts(whole.item, whole.media[:4] + whole.media[6:], whole.frames[:4] + whole.frames[6:])
    assert "lack 1005-1006" in found(facts(holed, cut=cut()))["cut.range"]


@pytest.mark.parametrize("start", [0, 86_400])
def test_a_cut_that_counts_from_zero_or_in_time_code_is_compared_by_length(start: int) -> None:
    assert "cut.range" not in found(facts(cut=cut(start, start + 9)))
    assert "lack 1011-1012" in found(facts(cut=cut(start, start + 11)))["cut.range"]


def test_a_damaged_cut_of_endless_length_is_not_listed() -> None:
    assert "cut.range" not in found(facts(cut=cut(1001, 10**12)))


def test_video_rates_are_equal_however_they_are_written() -> None:
    ntsc = Fraction(24000, 1001)
    frames = sequence()
    filmed = ItemFacts(frames.item, tuple(replace(media, fps=ntsc) for media in frames.media), frames.frames)
    given = facts(filmed, movie(fps=Fraction(23976, 1000)), cut=cut(rate=ntsc), metadata={"fps": 23.976})
    assert found(given) == {}


def test_rules_have_ids_of_their_own_and_say_what_they_ask_for() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.summary and "." in rule.id for rule in RULES)


def test_facts_are_gathered_from_real_files(tmp_path: Path) -> None:
    frames = [write_exr(tmp_path / "r" / f"{NAME}.{n}.exr") for n in _folder(tmp_path / "r", range(1001, 1005))]
    write_movie(frames, tmp_path / "m.mov", fps=Fraction(25))
    path = write_cut(tmp_path / "a.otio", {"0010": (span(1001, 6), None)})
    collected = collect_inputs(renders=(tmp_path / "r",), previews=(tmp_path / "m.mov",), otio=path)
    media = {file.package_path: probe(file.path) for file in collected.files}
    gathered = gather_facts(collected, media, scene_name=NAME, shot=None, otio=path, metadata={})
    assert gathered.main is not None
    assert gathered.main.frames == (1001, 1002, 1003, 1004)
    assert frames_per_second(gathered) == 24
    assert found(gathered) == {
        "cut.range": "the cut asks for 1001-1006, the frames lack 1005-1006",
        "cut.rate": "the cut plays at 24 fps, m.mov at 25",
    }


def _folder(folder: Path, numbers: range) -> range:
    folder.mkdir()
    return numbers
