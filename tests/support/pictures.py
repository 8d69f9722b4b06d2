"""Real pictures, written by OpenImageIO."""

from __future__ import annotations

from pathlib import Path

import numpy
import OpenImageIO as oiio

WIDTH, HEIGHT = 131, 77


def noise(channels: int = 4) -> numpy.ndarray:
    return numpy.random.default_rng(1).random((HEIGHT, WIDTH, channels), dtype=numpy.float32)


def write_image(
    path: Path,
    *,
    pixels: numpy.ndarray | None = None,
    compression: str = "",
    tile: int = 0,
    pixel_type: str = "half",
    full: tuple[int, int, int, int] | None = None,
    **attributes: object,
) -> Path:
    """Write ``pixels`` (noise of 131 x 77); ``full`` is the display window: x, y, width, height."""
    pixels = noise(3 if path.suffix == ".jpg" else 4) if pixels is None else pixels
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, pixel_type)
    if compression:
        spec.attribute("compression", compression)
    spec.tile_width = spec.tile_height = tile
    if full:
        spec.full_x, spec.full_y, spec.full_width, spec.full_height = full
    for name, value in attributes.items():
        spec.attribute(name, "rational" if isinstance(value, tuple) else "string", value)
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(pixels), output.geterror()
    output.close()
    return path


def write_multipart(path: Path, *, parts: int) -> Path:
    specs = [oiio.ImageSpec(WIDTH, HEIGHT, 4, "half") for _ in range(parts)]
    for number, spec in enumerate(specs):
        spec.attribute("oiio:subimagename", f"part{number}")
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), specs)
    for number, spec in enumerate(specs):
        assert number == 0 or output.open(str(path), spec, "AppendSubimage")
        assert output.write_image(noise())
    output.close()
    return path
