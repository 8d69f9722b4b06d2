"""Makes the pictures of one upload, in a process of its own: a broken movie or a large library never harm the site.

``python -m onepiece_server.sandbox.shotgrid.thumbnail SOURCE NAME FOLDER movie|picture``. NAME tells what kind of
file SOURCE is. Written to FOLDER: ``picture.jpg``; of a movie also ``strip.jpg`` and, when it is H.264 that browsers
play, ``movie.mp4`` with the same packets. Facts go to stdout as JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from onepiece_core.errors import MediaError, OnePieceError
from onepiece_core.media.extras import load_av, load_numpy
from onepiece_core.media.picture import Pixels, write_picture
from onepiece_core.media.probe import kind_of
from onepiece_core.media.thumbnail import write_thumbnail

# The client's documentation: frames side by side, each this wide.
STRIP_FRAME_WIDTH = 240
_STRIP_FRAMES = 16
_ALL_FRAMES = 250  # longer movies give their key frames only
_PLAYED = ("yuv420p", "yuvj420p")


def main(arguments: list[str]) -> int:
    source, name, folder, kind = Path(arguments[0]), Path(arguments[1]).name, Path(arguments[2]), arguments[3]
    facts: dict[str, Any] = {}
    named = _named(source, folder, name)
    try:
        write_thumbnail(named, folder / "picture.jpg")
        if kind == "movie" and kind_of(name) == "movie":
            facts = _of_movie(named, folder)
    except (OnePieceError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(facts))
    return 0


def _named(source: Path, folder: Path, name: str) -> Path:
    """The source under a name that says what it is."""
    named = folder / f"source{Path(name).suffix}"
    try:
        named.hardlink_to(source)
    except OSError:  # a filesystem without links
        shutil.copyfile(source, named)
    return named


def _of_movie(source: Path, folder: Path) -> dict[str, Any]:
    """Filmstrip and MP4; what else is known."""
    av = load_av()
    try:
        with av.open(str(source)) as movie:
            stream = movie.streams.video[0] if movie.streams.video else None
            if stream is None:
                return {}
            rate = float(stream.average_rate) if stream.average_rate else None
            played = stream.codec_context.name == "h264" and stream.codec_context.pix_fmt in _PLAYED
            write_picture(_strip(movie, stream), folder / "strip.jpg", quality=80)
        if played:
            _rewrap(source, folder / "movie.mp4")
    except (av.FFmpegError, ValueError) as cause:
        raise MediaError(f"{source.name}: no frames can be decoded") from cause
    return {"frame_rate": rate}


def _strip(movie: Any, stream: Any) -> Pixels:
    numpy = load_numpy()
    if not 0 < stream.frames <= _ALL_FRAMES:
        stream.codec_context.skip_frame = "NONKEY"
    frames: list[Pixels] = []
    step = 1  # of so many frames one is kept
    height = max(2, round(STRIP_FRAME_WIDTH * stream.height / stream.width / 2) * 2)
    for number, frame in enumerate(movie.decode(stream)):
        if number % step == 0:
            frames.append(frame.reformat(width=STRIP_FRAME_WIDTH, height=height, format="rgb24").to_ndarray())
        if len(frames) == _ALL_FRAMES:
            frames, step = frames[::2], step * 2
    if not frames:
        raise MediaError("no frames can be decoded")
    count = min(len(frames), _STRIP_FRAMES)
    return numpy.hstack([frames[index * len(frames) // count] for index in range(count)])


def _rewrap(source: Path, target: Path) -> None:
    """The movie's packets as they are, in the container that browsers play."""
    av = load_av()
    with (
        av.open(str(source)) as movie,
        av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out,
    ):
        kept = [one for one in movie.streams if one.type == "video"][:1]
        kept += [one for one in movie.streams.audio if one.codec_context.name == "aac"][:1]
        streams = {one.index: out.add_stream_from_template(one) for one in kept}
        for packet in movie.demux(kept):
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
