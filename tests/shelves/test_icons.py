"""The icons: drawn from one source, in every size, and there is something to see."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from onepiece_shelves.pictures import ICONS, SIZES, THEMES
from shelves import draw_icons

FILES = sorted(Path(ICONS).glob("*.png"))


def pixels(path: Path) -> tuple[int, int, bytes]:
    """Width, height and the filtered bytes of a PNG of 8-bit RGBA."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) == (8, 6)
    packed, at = b"", 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    return width, height, zlib.decompress(packed)


def test_there_is_one_of_each_and_no_other():
    names = draw_icons.PICTURES
    pictures = {f"{name}_{theme}_{size}.png" for name in names for theme in THEMES for size in SIZES}
    sources = {f"{name}_{theme}.svg" for name in names for theme in THEMES}
    assert {path.name for path in Path(ICONS).iterdir()} == pictures | sources


@pytest.mark.parametrize("name", draw_icons.PICTURES)
@pytest.mark.parametrize("theme", THEMES)
def test_the_source_is_what_the_script_draws(name: str, theme: str):
    text = (Path(ICONS) / f"{name}_{theme}.svg").read_text(encoding="utf-8")
    assert text == draw_icons.svg(name, theme)
    assert ElementTree.fromstring(text).get("viewBox") == "0 0 64 64"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_picture_has_its_size_is_small_and_shows_something(path: Path):
    width, height, data = pixels(path)
    size = int(path.stem.rpartition("_")[2])
    assert (width, height) == (size, size)
    assert len(set(data)) > 20
    assert path.stat().st_size < 4096
