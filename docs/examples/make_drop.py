"""Make a vendor's drop to take in: two sequences of 5 EXR frames, one of them with a frame that was cut off.

    python docs/examples/make_drop.py FOLDER            one frame is damaged
    python docs/examples/make_drop.py FOLDER --whole    the vendor has sent it again

`vendor_manifest.csv` beside this file is the list that comes with it. It needs `onepiece-pipeline[media]`.
"""

import sys
from pathlib import Path

import numpy
import OpenImageIO as oiio

SHOTS = ("EP01_sc01_0010", "EP01_sc01_0020")
FRAMES = range(1001, 1006)


def main(folder: Path, whole: bool) -> None:
    for number, shot in enumerate(SHOTS):
        place = folder / "plates" / shot
        place.mkdir(parents=True, exist_ok=True)
        for frame in FRAMES:
            path = place / f"FG_{shot}_plate_v001.{frame}.exr"
            if not path.exists() or path.stat().st_size < 1000:
                write_frame(path, (frame - 1000) / 10, number)
    if not whole:
        cut_off = folder / "plates" / SHOTS[1] / f"FG_{SHOTS[1]}_plate_v001.1003.exr"
        cut_off.write_bytes(cut_off.read_bytes()[:500])
    print(f"{len(SHOTS) * len(FRAMES)} frames are in {folder}")


def write_frame(path: Path, light: float, number: int) -> None:
    """A slope of light, so that no two frames are the same."""
    height, width = 90, 160
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32) / height
    slope = numpy.stack([x * light, y * light, x * y * (number + 1)], axis=-1)
    picture = oiio.ImageBuf(oiio.ImageSpec(width, height, 3, "half"))
    picture.set_pixels(oiio.ROI(), numpy.ascontiguousarray(slope, dtype=numpy.float32))
    picture.specmod().attribute("compression", "zip")
    if not picture.write(str(path)):
        raise SystemExit(picture.geterror())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "drop"), whole="--whole" in sys.argv)
