"""Rows 30 to 53: files that are cut, frames that are missing, pictures that are not what was asked for."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path
from typing import Any

from tests.corpus.pictures import write_any_exr, write_any_movie, write_sound
from tests.corpus.row import Rows, Spot

row = Rows()
TRUNCATED, INVALID = "media.truncated", "media.invalid"


def preset(spot: Spot, text: str) -> None:
    """Beside the drop."""
    (spot.drop.parent / "preset.toml").write_text(f'title = "asked"\n{text}\n', encoding="utf-8")


ASKED = {"preset": "preset.toml"}


@row("30", "a frame of no bytes", code="media.empty", publish="media.empty")
def no_bytes(spot: Spot) -> None:
    spot.frames()[1].write_bytes(b"")


@row("31", "an EXR that is cut in its header", code=TRUNCATED, publish=TRUNCATED)
def cut_in_header(spot: Spot) -> None:
    path = spot.frames()[1]
    path.write_bytes(path.read_bytes()[:40])


@row("32", "an EXR that lacks its last byte", code=TRUNCATED, publish=TRUNCATED)
def cut_by_one_byte(spot: Spot) -> None:
    path = spot.frames()[1]
    path.write_bytes(path.read_bytes()[:-1])


@row("32b", "an EXR that is cut in half", code=TRUNCATED, publish=TRUNCATED)
def cut_in_half(spot: Spot) -> None:
    path = spot.frames()[2]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@row("33", "a JPEG that is called EXR", code=INVALID, publish=INVALID)
def jpeg(spot: Spot) -> None:
    spot.frames()[1].write_bytes(b"\xff\xd8\xff\xe0" + bytes(200))


@row("33b", "text that is called MOV", code=INVALID, publish=INVALID)
def text_movie(spot: Spot) -> None:
    (spot.folder / f"{spot.name()}.mov").write_text("please find the movie on our server\n" * 20)


def _movie(spot: Spot, **more: Any) -> Path:
    return write_any_movie(spot.folder / f"{spot.name()}.mov", **more)


@row("34", "a movie without its header", code=TRUNCATED, publish=TRUNCATED)
def no_header(spot: Spot) -> None:
    path = _movie(spot)
    data = path.read_bytes()
    at = data.index(b"moov") - 4
    path.write_bytes(data[:at] + data[at + struct.unpack_from(">I", data, at)[0] :])


@row("34b", "a movie with no tracks", code=INVALID, publish=INVALID)
def no_tracks(spot: Spot) -> None:
    ftyp = struct.pack(">I4s4sI4s", 20, b"ftyp", b"qt  ", 512, b"qt  ")
    (spot.folder / f"{spot.name()}.mov").write_bytes(ftyp + struct.pack(">I4s", 8, b"moov"))


@row("35", "a movie that is cut", code=TRUNCATED, publish=TRUNCATED)
def cut_movie(spot: Spot) -> None:
    path = _movie(spot, frames=48)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


@row("36", "a movie of sound alone", code=INVALID, publish=INVALID)
def sound(spot: Spot) -> None:
    write_sound(spot.folder / f"{spot.name()}.mov")


@row("37", "a movie whose frames last unequally long", verdict="ok", code="media.variable_rate")
def variable_rate(spot: Spot) -> None:
    _movie(spot, times=(0, 1, 2, 5, 6, 9, 10))
    spot.blame_all()


@row("37b", "a movie of another rate than the preset asks for", code="media.fps", asked=ASKED)
def wrong_rate(spot: Spot) -> None:
    _movie(spot, fps=25)
    preset(spot, "[movies]\nrates = [24]")


@row(
    "37c", "a movie without a timecode, where the preset asks for it", verdict="ok", code="media.timecode", asked=ASKED
)
def no_timecode(spot: Spot) -> None:
    _movie(spot)
    spot.blame_all()
    preset(spot, "[movies]\ntimecode = true")


@row("38", "frames that are missing", code="sequence.gaps")
def gaps(spot: Spot) -> None:
    spot.frames(1001, 1002)
    spot.frames(1004, 1009)
    spot.frames(1013, 1014)


@row("38b", "frames that the manifest asks for", code="sequence.missing")
def asked_frames(spot: Spot) -> None:
    frames = spot.frames(1001, 1003)
    spot.says(f"{spot.key}/{spot.name()}.%04d.exr", frames="1001-1004")
    spot.blame(*frames)


@row("38c", "frames that are missing and may be", verdict="ok", code="sequence.gaps", asked={"allow_missing": True})
def allowed_gaps(spot: Spot) -> None:
    spot.frames(1001, 1002)
    spot.frames(1004, 1005)
    spot.blame_all()


@row("39", "frames that do not hold the cut", verdict="ok", code="cut.range")
def cut_range(spot: Spot) -> None:
    spot.frames(1002, 1003)
    spot.blame_all()
    spot.tracked.append(("Shot", {"code": "ep039_sc00_0010", "sg_cut_in": 1001, "sg_cut_out": 1004}))


@row("40", "a frame under two paddings", code="sequence.doubled", publish="sequences.two_paddings")
def two_paddings(spot: Spot) -> None:
    frames = spot.frames()
    shutil.copy(frames[1], frames[1].with_name(frames[1].name.replace(".1002.", ".01002.")))


@row("42", "negative frames", verdict="ok", code="frames.negative")
def negative(spot: Spot) -> None:
    for frame in ("-0002", "-0001", "0000", "0001"):
        spot.still(f"{spot.name()}.{frame}.exr")
    spot.blame_all()


@row("43", "frames between frames", verdict="ok", code="sequence.sub_frames")
def sub_frames(spot: Spot) -> None:
    for name in ("1001.25", "1001.50", "1002.25"):
        (spot.folder / f"{spot.name()}.{name}.vdb").write_bytes(b" BDV" + bytes(60))
    spot.blame_all()


@row("44", "tiles", verdict="ok")
def tiles(spot: Spot) -> None:
    for tile in (1001, 1002, 1011):
        (spot.folder / f"{spot.name(tail='_diffuse')}.{tile}.tx").write_bytes(b"II*\0" + bytes(60))


@row("45", "three versions are no sequence", verdict="ok")
def three_movies(spot: Spot) -> None:
    for version in (1, 2, 3):
        write_any_movie(spot.folder / f"{spot.name(version)}.mov")


@row("46", "a left eye alone", verdict="ok", code="view.missing")
def one_eye(spot: Spot) -> None:
    spot.frames(tail="_L")
    spot.blame_all()


@row("46b", "eyes of other frames", verdict="ok", code="view.range")
def unequal_eyes(spot: Spot) -> None:
    spot.frames(tail="_L")
    spot.frames(1001, 1002, tail="_R")
    spot.blame_all()


def _one_of_three(key: str, what: str, code: str, verdict: Any = "ok", asked: str = "", **changes: Any) -> None:
    @row(key, what, verdict=verdict, code=code, asked=ASKED if asked else {})
    def make(spot: Spot) -> None:
        for frame in (1001, 1002, 1003):
            path = spot.folder / f"{spot.name()}.{frame}.exr"
            write_any_exr(path, seed=frame, **(changes if frame == 1002 else {}))
        spot.blame_all()
        if asked:
            preset(spot, asked)


_one_of_three("47", "one frame of another size", "media.mixed_resolution", size=(64, 16))
_one_of_three("47b", "one frame with other channels", "media.mixed_channels", channels=("R", "G", "B", "A"))
_one_of_three("47c", "one frame of another compression", "media.mixed_compression", compression="piz")
_one_of_three("47d", "one frame of another pixel aspect", "media.mixed_pixel_aspect", PixelAspectRatio=2.0)
_one_of_three("47e", "one frame of another pixel type", "media.mixed_pixel_type", pixel_type="float")
_one_of_three("48", "pixels outside of the picture", "media.overscan", data=(-4, -4, 40, 24))
_one_of_three("49", "a black frame", "media.black", asked="[pictures]\npixels = true", value=0.0)
_one_of_three("49b", "a frame of NaN", "media.not_finite", asked="[pictures]\npixels = true", value=float("nan"))
_one_of_three(
    "51", "floats where half is asked for", "media.pixel_type", "refused", '[exr]\npixel_types = ["half"]',
    pixel_type="float",
)  # fmt: skip
_one_of_three(
    "51b", "alpha where it must not be", "media.alpha", "refused", '[pictures]\nalpha = "forbidden"',
    channels=("R", "G", "B", "A"),
)  # fmt: skip
_one_of_three("53", "a frame that says another number", "media.frame_number", imageCounter=7)


@row("53b", "a timecode that does not run with the frames", verdict="ok", code="media.timecode_jumps")
def timecode_jumps(spot: Spot) -> None:
    for frame, number in ((1001, 1), (1002, 2), (1003, 9), (1004, 10)):
        write_any_exr(spot.folder / f"{spot.name()}.{frame}.exr", seed=frame, timecode=f"10:00:00:{number:02d}")
    spot.blame_all()


@row("37d", "a movie whose edit list leaves its end out", verdict="ok", code="media.edited")
def edit_list(spot: Spot) -> None:
    path = _movie(spot, frames=48)
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] // 2)
    path.write_bytes(data)
    spot.blame_all()


@row("52", "a name that tells another colour space than its file", verdict="ok", code="media.colour_space")
def colour_space(spot: Spot) -> None:
    for frame in (1001, 1002):
        path = spot.folder / f"{spot.name(tail='_acescg')}.{frame}.exr"
        write_any_exr(path, seed=frame, colorSpace="sRGB")
    spot.blame_all()
