"""What is wrong with the pixels themselves: every one of them is read, which takes its time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import MediaError
from onepiece_core.media.extras import load_openimageio
from onepiece_core.shown import shown


@dataclass(frozen=True, slots=True)
class PixelState:
    """Attributes:
    not_finite: values that are NaN or infinite.
    flat: the one colour that the whole picture has, by channel; None where there is more than one.
    """

    not_finite: int
    flat: tuple[float, ...] | None


def look_at_pixels(path: Path) -> PixelState:
    """Read the whole of a still picture. Raises MediaError, ExtraMissing."""
    oiio = load_openimageio()
    source = oiio.ImageBuf(str(path))
    if not source.read(0, 0, True, "float"):
        raise MediaError(f"{shown(path)} cannot be read: {source.geterror()}", path=shown(path))
    told = oiio.ImageBufAlgo.computePixelStats(source)
    names = [name.rpartition(".")[2].upper() for name in source.spec().channelnames]
    # A picture with an alpha of one all over is as black as one without.
    colours = [index for index, name in enumerate(names) if name != "A"] or list(range(len(names)))
    is_flat = all(told.min[index] == told.max[index] for index in colours)
    not_finite = int(sum(told.nancount) + sum(told.infcount))
    return PixelState(not_finite, tuple(float(told.min[index]) for index in colours) if is_flat else None)
