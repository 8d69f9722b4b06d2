"""The rules of a drop's media: each finds what it is for, and is silent about a sound item."""

from __future__ import annotations

import re
import struct
import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.ingest.model import DropItem
from onepiece_core.ingest.presets import DropPreset, load_preset
from onepiece_core.manifest.drop_mapping import Mapping, shipped_presets
from onepiece_core.media.facts import MediaFacts
from onepiece_core.media.probe import probe
from onepiece_core.rules.host_rule import ShotValues
from onepiece_core.rules.ingest_codes import CODES
from onepiece_core.rules.ingest_frames import check_cut, check_frames
from onepiece_core.rules.ingest_media import check_media
from onepiece_core.sequences import scan
from tests.core.drops import NAME, only, plan, told, write_frames
from tests.support.media import write_exr

FRAME = MediaFacts("exr", 100, 1920, 1080, ("A", "B", "G", "R"), "half", "zip", fps=Fraction(24))
MOVIE = MediaFacts("movie", 100, 1920, 1080, fps=Fraction(24), frames=10, codec="apch", has_timecode=True)


def frames(name: str = NAME, **changes: Any) -> DropItem:
    """1001-1010, of which 1005 is changed."""
    (sequence,) = scan(f"{name}.{number}.exr" for number in range(1001, 1011)).sequences
    media = tuple(replace(FRAME, **changes) if number == 1005 else FRAME for number in sequence.frames)
    return DropItem(name, sequence.pattern, (), sequence, media=media)


def movie(**changes: Any) -> DropItem:
    return DropItem(NAME, f"{NAME}.mov", (), media=(replace(MOVIE, **changes),))


def asked(**tables: Any) -> DropPreset:
    return DropPreset.model_validate({"title": "asked", **tables})


def said(item: DropItem, preset: DropPreset) -> dict[str, str | None]:
    check_media(item, preset)
    return {problem.code: problem.frames for problem in item.problems}


@pytest.mark.parametrize(
    ("item", "preset", "code", "at"),
    [
        (frames(width=1280), asked(pictures={"resolutions": ["1920x1080"]}), "media.resolution", "1005"),
        (frames(width=1281), asked(pictures={"divisible_by": 2}), "media.divisible", "1005"),
        (movie(height=1082), asked(movies={"divisible_by": 4}), "media.divisible", None),
        (movie(fps=Fraction(25)), asked(movies={"rates": [24, "24000/1001"]}), "media.fps", None),
        (movie(fps=Fraction(20)), asked(movies={"fps_min": 23.976}), "media.fps", None),
        (movie(fps=Fraction(120)), asked(movies={"fps_max": 60}), "media.fps", None),
        (movie(codec="mp4v"), asked(movies={"codecs": ["apch"]}), "media.codec", None),
        (movie(has_timecode=False), asked(movies={"timecode": True}), "media.timecode", None),
        (movie(variable_rate=True), asked(), "media.variable_rate", None),
        (movie(), asked(pictures={"extensions": ["exr"]}), "media.container", None),
        (frames(pixel_type="float"), asked(exr={"pixel_types": ["half"]}), "media.pixel_type", "1005"),
        (frames(compression="b44"), asked(exr={"compressions": ["zip"]}), "media.compression", "1005"),
        (frames(compression="dwaa"), asked(exr={"lossy": ["dwaa"]}), "media.compression_lossy", "1005"),
        (frames(channels=("B", "G", "R")), asked(pictures={"alpha": "required"}), "media.alpha", "1005"),
        (frames(channels=("left.B", "left.A")), asked(pictures={"alpha": "forbidden"}), "media.alpha", "1001-1010"),
        (frames(f"{NAME}_acescg", colour_space="sRGB"), asked(), "media.colour_space", "1005"),
        (frames(colour_space="raw"), asked(pictures={"colour_spaces": ["ACEScg"]}), "media.colour_space", "1005"),
        (frames(frame_number=1006), asked(), "media.frame_number", "1005"),
        (frames(width=1280), asked(), "media.mixed_resolution", None),
        (frames(pixel_aspect=2.0), asked(), "media.mixed_pixel_aspect", None),
    ],
)
def test_each_rule_finds_what_it_is_for(item: DropItem, preset: DropPreset, code: str, at: str | None) -> None:
    found = said(item, preset)
    assert code in found
    if at != "1001-1010":
        assert found[code] == at


def test_nothing_is_found_in_what_is_asked_for() -> None:
    preset = asked(
        pictures={"resolutions": ["1920x1080"], "divisible_by": 4, "alpha": "required", "colour_spaces": ["acescg"]},
        movies={"fps_min": 23.976, "fps_max": 60, "codecs": ["apch"], "timecode": True},
        exr={"pixel_types": ["half"], "compressions": ["zip"]},
    )
    assert said(frames(f"{NAME}_ACEScg", colour_space=None, frame_number=1005), preset) == {}
    assert said(movie(), preset) == {}


@pytest.mark.parametrize("name", shipped_presets("drops"))
def test_the_presets_that_are_shipped_are_sound(name: str) -> None:
    assert load_preset(name).title


def test_the_netflix_preset_takes_sound_media_and_warns_of_dwa() -> None:
    preset = load_preset("netflix")
    assert said(frames(), preset) == {}
    assert said(movie(codec="avc1"), preset) == {}
    assert CODES["media.compression_lossy"].severity == "warning"
    assert "media.compression_lossy" in said(frames(compression="dwab"), preset)
    assert "media.divisible" in said(movie(width=1918), preset)


SHOT = ShotValues("0010", 1001, 1010, fps=Fraction(24), width=1920, height=1080)


@pytest.mark.parametrize(
    ("item", "shot", "code"),
    [
        (frames(), replace(SHOT, cut_in=999), "cut.range"),
        (frames(), replace(SHOT, cut_out=1012), "cut.range"),
        (frames(), replace(SHOT, cut_in=1101, cut_out=1110), "cut.range"),
        (movie(), replace(SHOT, cut_out=1011), "cut.range"),
        (frames(), replace(SHOT, fps=Fraction(25)), "cut.fps"),
        (movie(), replace(SHOT, width=2048), "cut.resolution"),
    ],
)
def test_what_does_not_fit_the_shot_is_a_warning(item: DropItem, shot: ShotValues, code: str) -> None:
    check_cut(item, shot)
    assert [(problem.code, problem.severity) for problem in item.problems] == [(code, "warning")]


def test_frames_and_a_movie_that_fit_the_shot_are_silent() -> None:
    for item in (frames(), movie()):
        check_cut(item, SHOT)
        check_frames(item, allow_missing=False)
        assert item.problems == []


def attribute(name: bytes, kind: bytes, value: bytes) -> bytes:
    return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value


def test_an_exr_tells_its_colour_space_and_its_frame(tmp_path: Path) -> None:
    path = write_exr(tmp_path / "a.exr")
    data = path.read_bytes()
    more = attribute(b"oiio:ColorSpace", b"string", b"ACEScg") + attribute(
        b"imageCounter", b"int", struct.pack("<i", 7)
    )
    lines = 16
    table = data.index(struct.pack("<i", 0) + struct.pack("<i", 32 * 6)) - 8 * lines
    offsets = struct.unpack(f"<{lines}Q", data[table : table + 8 * lines])
    moved = struct.pack(f"<{lines}Q", *(offset + len(more) for offset in offsets))
    path.write_bytes(data[:8] + more + data[8:table] + moved + data[table + 8 * lines :])
    facts = probe(path)
    assert (facts.colour_space, facts.frame_number) == ("ACEScg", 7)


def test_black_frames_and_broken_numbers_are_found_where_pixels_are_asked_for(tmp_path: Path) -> None:
    drop, preset = tmp_path / "drop", tmp_path / "pixels.toml"
    files = write_frames(drop)
    preset.write_text('title = "Pixels"\n[pictures]\npixels = true\n', encoding="utf-8")
    data = files[1].read_bytes()
    files[1].write_bytes(data[:-2] + struct.pack("<e", float("nan")))
    line = 8 + 32 * 6
    black = bytearray(files[2].read_bytes())
    for row in range(16):
        start = len(black) - (row + 1) * line + 8
        black[start : start + line - 8] = bytes(line - 8)
    files[2].write_bytes(black)
    assert {code for code in told(plan(drop)) if code.startswith("media")} == set()
    found = {problem.code: problem.frames for problem in only(plan(drop, preset=str(preset))).problems}
    assert found == {"media.not_finite": "1002", "media.black": "1003"}


def test_the_presets_of_the_documentation_are_sound() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "validate.md").read_text(encoding="utf-8")
    mapping, preset = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert Mapping.model_validate(tomllib.loads(mapping)).options.checksum_algorithm == "md5"
    assert DropPreset.model_validate(tomllib.loads(preset)).names.templates()
