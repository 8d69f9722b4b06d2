"""Pictures and movies of any kind, by the libraries that make them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_any_exr(
    path: Path,
    *,
    channels: Sequence[str] = ("R", "G", "B"),
    pixel_type: str = "half",
    compression: str = "zip",
    value: float | None = None,
    size: tuple[int, int] = (32, 16),
    data: tuple[int, int, int, int] | None = None,
    seed: int = 0,
    timecode: str | None = None,
    **attributes: Any,
) -> Path:
    """Sound; ``value``: of all pixels; ``data``: x, y, width, height of the data window."""
    import numpy
    import OpenImageIO as oiio

    x, y, width, height = data or (0, 0, *size)
    spec = oiio.ImageSpec(width, height, len(channels), pixel_type)
    spec.channelnames = tuple(channels)
    spec.x, spec.y = x, y
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = 0, 0, *size
    spec.attribute("compression", compression)
    for name, each in attributes.items():
        spec.attribute(name, each)
    if timecode:
        digits = int(timecode.replace(":", ""), 16)
        spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (digits, 0))
    shape = (height, width, len(channels))
    noise = numpy.random.default_rng(seed).random(shape, numpy.float32)
    pixels = noise if value is None else numpy.full(shape, value, numpy.float32)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(pixels), output.geterror()
    output.close()
    return path


def write_any_movie(path: Path, *, frames: int = 12, fps: int = 24, times: Sequence[int] | None = None) -> Path:
    """64x32 H.264 with its header first; ``times``: when each frame is shown, in frames of ``fps``."""
    from fractions import Fraction

    import av
    import numpy

    noise = numpy.random.default_rng(sum(path.name.encode()))
    with av.open(str(path), "w", format="mov", options={"movflags": "+faststart"}) as movie:
        stream: Any = movie.add_stream("libx264", rate=fps, options={"g": "6", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        for number in range(len(times) if times else frames):
            frame = av.VideoFrame.from_ndarray(noise.integers(0, 255, (32, 64, 3), numpy.uint8), format="rgb24")
            frame.pts = times[number] if times else number
            frame.time_base = Fraction(1, fps)
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    return path


def write_sound(path: Path) -> Path:
    """A movie without pictures."""
    import av
    import numpy

    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(numpy.zeros((1, 1024), numpy.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    return path
