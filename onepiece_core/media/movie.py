"""Review movies: H.264 in a MOV, from frames."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from onepiece_core.errors import MediaError
from onepiece_core.media.extras import load_av, load_numpy
from onepiece_core.media.picture import Pixels, fit, read_picture
from onepiece_core.progress import Progress, Reporter
from onepiece_core.shown import shown


def write_movie(
    frames: Sequence[Path],
    target: Path,
    *,
    fps: Fraction = Fraction(24),
    max_width: int = 1920,
    max_height: int = 1080,
    reporter: Reporter | None = None,
) -> None:
    """Encode ``frames`` in their order to ``target`` (.mov): H.264, closed groups of pictures, Rec.709, faststart.

    The size is the first frame's, scaled to fit, both sides in steps of four pixels. Nothing is left behind
    on an error. Raises MediaError, ExtraMissing, OSError.
    """
    if not frames:
        raise MediaError("A movie needs at least one frame.")
    av = load_av()
    reporter = reporter or Reporter()
    partial = target.with_name(f".{target.stem}.partial{target.suffix}")
    try:
        with av.open(str(partial), "w", format="mov", options={"movflags": "+faststart"}) as movie:
            first = read_picture(frames[0], max_width, max_height)
            stream = _stream(movie, first, fps)
            for number, path in enumerate(frames):
                pixels = first if number == 0 else read_picture(path, max_width, max_height)
                for packet in stream.encode(_frame(av, pixels, stream)):
                    movie.mux(packet)
                reporter.step(Progress(operation="movie", phase="encode", done=number + 1, total=len(frames)))
            for packet in stream.encode():
                movie.mux(packet)
        partial.replace(target)
    except av.FFmpegError as cause:
        raise MediaError(f"{shown(target)} cannot be encoded: {cause}", path=shown(target)) from cause
    finally:
        partial.unlink(missing_ok=True)


def count_frames(path: Path) -> int:
    """How many picture packets a movie of any container really holds. Raises MediaError, ExtraMissing."""
    av = load_av()
    try:
        with av.open(str(path)) as movie:
            if not movie.streams.video:
                raise MediaError(f"{shown(path)} has no picture track", path=shown(path))
            return sum(1 for packet in movie.demux(movie.streams.video[0]) if packet.size)
    except (av.FFmpegError, ValueError) as cause:
        raise MediaError(f"{shown(path)} cannot be opened: it is damaged", path=shown(path)) from cause


def _stream(movie: Any, first: Pixels, fps: Fraction) -> Any:
    stream = movie.add_stream("libx264", rate=fps)
    height, width, _ = first.shape
    stream.width, stream.height = fit(width, height, width, height, multiple=4)
    stream.pix_fmt = "yuv420p"
    stream.gop_size = max(1, round(fps))
    stream.options = {"crf": "18", "preset": "veryfast", "x264-params": "open-gop=0"}
    context = stream.codec_context
    context.color_primaries = context.color_trc = context.colorspace = 1  # Rec.709
    context.color_range = 1  # video range
    return stream


def _frame(av: Any, pixels: Pixels, stream: Any) -> Any:
    frame = av.VideoFrame.from_ndarray(load_numpy().ascontiguousarray(pixels), format="rgb24")
    return frame.reformat(
        width=stream.width, height=stream.height, format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
    )
