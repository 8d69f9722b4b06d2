"""Small pictures for people: any frame or movie as 8-bit sRGB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onepiece_core.errors import MediaError
from onepiece_core.media.extras import load_av, load_numpy, load_openimageio
from onepiece_core.media.probe import kind_of
from onepiece_core.shown import shown

# A picture as numpy.ndarray: height x width x 3, uint8, sRGB.
Pixels = Any
_MAX_DECODED = 250
_LINEAR_EXTENSIONS = frozenset({"exr", "sxr", "mxr", "hdr", "tx"})


def read_picture(path: Path, max_width: int, max_height: int) -> Pixels:
    """``path`` (of a movie: its middle frame) scaled to fit, never enlarged. Raises MediaError, ExtraMissing."""
    if kind_of(path.name) == "movie":
        return _from_movie(path, max_width, max_height)
    return _from_image(path, max_width, max_height)


def write_picture(pixels: Pixels, target: Path, *, quality: int = 90) -> None:
    """Write JPEG or PNG by ``target``'s ending; whole or not at all. Raises MediaError, ExtraMissing, OSError."""
    oiio = load_openimageio()
    height, width, _ = pixels.shape
    spec = oiio.ImageSpec(width, height, 3, "uint8")
    spec.attribute("oiio:ColorSpace", "srgb_rec709_scene")
    spec.attribute("compression", f"jpeg:{quality}" if target.suffix.lower() in (".jpg", ".jpeg") else "zip")
    partial = target.with_name(f".{target.stem}.partial{target.suffix}")
    output = oiio.ImageOutput.create(str(partial))
    if output is None:
        raise MediaError(f"{shown(target)}: nothing here writes this format", path=shown(target))
    try:
        if not (output.open(str(partial), spec) and output.write_image(pixels) and output.close()):
            raise MediaError(f"{shown(target)} cannot be written: {output.geterror()}", path=shown(target))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def fit(width: int, height: int, max_width: int, max_height: int, *, multiple: int = 1) -> tuple[int, int]:
    """The largest size of the same shape inside the box, in steps of ``multiple`` pixels."""
    scale = min(1.0, max_width / width, max_height / height)
    return tuple(max(multiple, round(side * scale / multiple) * multiple) for side in (width, height))  # type: ignore[return-value]


def _from_image(path: Path, max_width: int, max_height: int) -> Pixels:
    oiio = load_openimageio()
    source = oiio.ImageBuf(str(path))
    # Forced and as float: filtering straight from the file is ten times slower.
    if not source.read(0, 0, True, "float"):
        raise MediaError(f"{shown(path)} cannot be read: {source.geterror()}", path=shown(path))
    source = _rgb(oiio, source)
    window = source.roi_full
    picture = oiio.ImageBufAlgo.cut(source, roi=window) if source.roi != window else source
    width, height = fit(window.width, window.height, max_width, max_height)
    if (width, height) != (window.width, window.height):
        picture = oiio.ImageBufAlgo.resize(picture, filtername="box", roi=oiio.ROI(0, width, 0, height, 0, 1, 0, 3))
    if picture.has_error:
        raise MediaError(f"{shown(path)} cannot be scaled: {picture.geterror()}", path=shown(path))
    pixels = picture.get_pixels(oiio.FLOAT)
    return to_bytes(pixels, is_linear=path.suffix.lower().lstrip(".") in _LINEAR_EXTENSIONS)


def _rgb(oiio: Any, source: Any) -> Any:
    """Red, green and blue, or one channel three times."""
    names = [name.upper() for name in source.spec().channelnames]
    wanted = tuple(names.index(name) for name in "RGB") if {"R", "G", "B"} <= set(names) else (0, 0, 0)
    picture = oiio.ImageBufAlgo.channels(source, wanted, ("R", "G", "B"))
    if picture.has_error:
        raise MediaError(f"no colours can be read: {picture.geterror()}", path=shown(source.name))
    return picture


def to_bytes(pixels: Pixels, *, is_linear: bool) -> Pixels:
    """Floats as sRGB bytes (IEC 61966-2-1); NaN is black, what is brighter than white is white."""
    numpy = load_numpy()
    values = numpy.clip(numpy.nan_to_num(pixels, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    if is_linear:
        values = numpy.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
    return (values * 255 + 0.5).astype(numpy.uint8)


def _from_movie(path: Path, max_width: int, max_height: int) -> Pixels:
    av = load_av()
    try:
        with av.open(str(path)) as movie:
            if not movie.streams.video:
                raise MediaError(f"{shown(path)} has no picture track", path=shown(path))
            stream = movie.streams.video[0]
            middle = (stream.start_time or 0) + (stream.duration or 0) // 2
            if stream.duration and stream.frames > 1:
                movie.seek(middle, stream=stream)
            # A seek ends at the key frame before.
            for number, frame in enumerate(movie.decode(stream)):
                if frame.pts is None or frame.pts >= middle or number >= _MAX_DECODED:
                    break
            else:
                raise MediaError(f"{shown(path)}: no frame can be decoded", path=shown(path))
            width, height = fit(frame.width, frame.height, max_width, max_height, multiple=2)
            return frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    except (av.FFmpegError, ValueError) as cause:
        raise MediaError(f"{shown(path)}: no frame can be decoded", path=shown(path)) from cause
