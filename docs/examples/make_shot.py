"""Make a small shot to publish: 24 EXR frames, a review movie, a cut and metadata.

    python docs/examples/make_shot.py FOLDER

Real files, so that everything that OnePiece checks is there to be checked. It needs `onepiece-pipeline[media]`.
"""

import json
import sys
from pathlib import Path

import numpy
import OpenImageIO as oiio
import opentimelineio as otio

from onepiece_core.media.movie import write_movie

SHOT, NAME = "ep010_sc02_0020", "FG_ep010_sc02_0020_lighting"
FIRST, LAST, FPS = 1009, 1032, 24


def main(folder: Path) -> None:
    renders = folder / "renders"
    renders.mkdir(parents=True, exist_ok=True)
    frames = [write_frame(renders / f"{NAME}.{frame}.exr", frame) for frame in range(FIRST, LAST + 1)]
    write_movie(frames, folder / "review.mov")
    write_cut(folder / "shot.otio")
    metadata = {"artist": "dao", "shot": SHOT, "first_frame": FIRST, "last_frame": LAST, "fps": FPS}
    (folder / "publish.json").write_text(json.dumps(metadata, indent=2))
    print(f"{len(frames)} frames, a movie, a cut and metadata are in {folder}")


def write_frame(path: Path, frame: int) -> Path:
    """A sun that sets behind a ridge, in linear light."""
    height, width = 180, 320
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32) / height
    down = (frame - FIRST) / (LAST - FIRST)
    sun = numpy.exp(-60 * ((x - 1.1) ** 2 + (y - 0.2 - 0.5 * down) ** 2))
    sky = numpy.stack([0.5 * y + 2.5 * sun, 0.25 * y + 0.05 + 1.2 * sun, 0.35 - 0.1 * y + 0.4 * sun], axis=-1)
    ridge = 0.72 - 0.08 * numpy.sin(7 * x) - 0.04 * numpy.sin(19 * x)
    sky[y > ridge] = (0.01, 0.012, 0.02)
    picture = oiio.ImageBuf(oiio.ImageSpec(width, height, 3, "half"))
    picture.set_pixels(oiio.ROI(), numpy.ascontiguousarray(sky, dtype=numpy.float32))
    picture.specmod().attribute("compression", "zip")
    if not picture.write(str(path)):
        raise SystemExit(picture.geterror())
    return path


def write_cut(path: Path) -> None:
    """One clip, as editorial would hand it over."""
    seen = otio.opentime.TimeRange(
        otio.opentime.RationalTime(FIRST, FPS), otio.opentime.RationalTime(LAST - FIRST + 1, FPS)
    )
    media = otio.schema.ExternalReference(f"{SHOT}.mov", available_range=seen)
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    track.append(otio.schema.Clip(SHOT, media_reference=media, source_range=seen))
    timeline = otio.schema.Timeline(f"{SHOT}_cut")
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(path))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "shot"))
