"""Many frames on one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onepiece_core.errors import MediaError
from onepiece_core.media.extras import load_numpy, load_openimageio
from onepiece_core.media.picture import Pixels, read_picture, write_picture

_MARGIN, _LABEL = 12, 26
_BACKGROUND, _TILE, _TEXT = 24, 40, 0.82


def write_contact_sheet(
    tiles: Sequence[tuple[Path, str]],
    target: Path,
    *,
    title: str = "",
    columns: int = 4,
    tile_width: int = 320,
    tile_height: int = 180,
) -> None:
    """Write ``tiles`` (a frame or movie, and the text below it) row by row to a JPEG or PNG.

    A frame that cannot be read leaves its tile dark and says so. Raises MediaError, ExtraMissing, OSError.
    """
    if not tiles:
        raise MediaError("A contact sheet needs at least one picture.")
    numpy = load_numpy()
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    head = _LABEL + _MARGIN if title else 0
    step_x, step_y = tile_width + _MARGIN, tile_height + _LABEL + _MARGIN
    sheet = numpy.full((head + rows * step_y + _MARGIN, columns * step_x + _MARGIN, 3), _BACKGROUND, numpy.uint8)
    texts = [(_MARGIN, _MARGIN + 20, title, 20)] if title else []
    for index, (path, label) in enumerate(tiles):
        x = _MARGIN + index % columns * step_x
        y = head + _MARGIN + index // columns * step_y
        sheet[y : y + tile_height, x : x + tile_width] = _TILE
        text = label
        try:
            _paste(sheet, read_picture(path, tile_width, tile_height), (x, y), (tile_width, tile_height))
        except MediaError:
            text = f"{label} (cannot be read)"
        texts.append((x, y + tile_height + 18, text, 14))
    write_picture(with_texts(sheet, texts), target)


def _paste(sheet: Pixels, picture: Pixels, place: tuple[int, int], box: tuple[int, int]) -> None:
    height, width, _ = picture.shape
    x, y = place[0] + (box[0] - width) // 2, place[1] + (box[1] - height) // 2
    sheet[y : y + height, x : x + width] = picture


def with_texts(sheet: Pixels, texts: Sequence[tuple[int, int, str, int]]) -> Pixels:
    """The sheet with its labels; without them where OpenImageIO was built without fonts."""
    oiio: Any = load_openimageio()
    height, width, _ = sheet.shape
    picture = oiio.ImageBuf(oiio.ImageSpec(width, height, 3, "uint8"))
    picture.set_pixels(oiio.ROI(0, width, 0, height), sheet)
    for x, y, text, size in texts:
        if text and not oiio.ImageBufAlgo.render_text(picture, x, y, text, size, "", (_TEXT, _TEXT, _TEXT)):
            return sheet
    return picture.get_pixels(oiio.UINT8)
