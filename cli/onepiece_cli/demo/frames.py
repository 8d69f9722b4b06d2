"""The demo's frames: weather over what Blender rendered, or over a computed landscape, written by OpenImageIO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onepiece_cli.demo.shot import CHANGED_FROM, FIRST, FPS, FRAMES, HEIGHT, WIDTH, scene_name
from onepiece_core.errors import MediaError
from onepiece_core.media.extras import load_numpy, load_openimageio
from onepiece_core.progress import Progress, Reporter

# A numpy.ndarray: height x width x 3, float32, linear light. A layer has a fourth channel, how much it covers.
Picture = Any
Layer = Any
_SNOWFLAKES = 260


def write_frames(renders: Path, version: int, rendered: Sequence[Path] | None, reporter: Reporter) -> tuple[Path, ...]:
    """Write the version's frames into ``renders``; equal arguments give equal bytes.

    ``rendered``: what stands before the sky, None for a computed landscape. In version 2 the last frames have a
    northern light. Raises ExtraMissing, MediaError, OperationCancelled.
    """
    load_openimageio(), load_numpy()
    renders.mkdir(parents=True)
    written = []
    phase = f"frames v{version:03d}"
    for index, frame in enumerate(FRAMES):
        path = renders / f"{scene_name(version)}.{frame}.exr"
        reporter.step(Progress(operation="demo", phase=phase, done=index, total=len(FRAMES), item=path.name))
        layer = _read(rendered[index]) if rendered else _landscape(frame)
        sky = _sky(frame, has_light=version > 1 and frame >= CHANGED_FROM)
        picture = layer[..., :3] + (1.0 - layer[..., 3:]) * sky
        _write(_snow(_glow(picture), frame), path)
        written.append(path)
    reporter.step(Progress(operation="demo", phase=phase, done=len(FRAMES), total=len(FRAMES)))
    return tuple(written)


def _read(path: Path) -> Layer:
    """A rendered frame with the worst of its grain taken out."""
    oiio = load_openimageio()
    source = oiio.ImageBuf(str(path))
    if not source.read(0, 0, True, "float"):
        raise MediaError(f"{path} cannot be read: {source.geterror()}", path=str(path))
    calm = oiio.ImageBufAlgo.median_filter(source, 3, 3)
    return 0.3 * source.get_pixels(oiio.FLOAT) + 0.7 * calm.get_pixels(oiio.FLOAT)


def _coordinates() -> tuple[Picture, Picture]:
    """x from 0 to 1 as a row; y as a column, 0 at the top."""
    numpy = load_numpy()
    x = numpy.linspace(0.0, 1.0, WIDTH, dtype=numpy.float32)[None, :]
    return x, numpy.linspace(0.0, 1.0, HEIGHT, dtype=numpy.float32)[:, None]


def _landscape(frame: int) -> Layer:
    """Two ridges and the giant between them, from a few sines."""
    numpy = load_numpy()
    x, y = _coordinates()
    x, up = 3.2 * x - 1.6, 1.0 - y
    drift = 0.04 * (frame - FIRST) / len(FRAMES)
    layer = numpy.zeros((HEIGHT, WIDTH, 4), numpy.float32)
    layer[up < _ridge(x + 0.5 * drift, 1.0, 0.42)] = (0.12, 0.18, 0.29, 1.0)
    giant = ((0.0, 0.34, 0.22, 0.30), (0.0, 0.70, 0.08, 0.10), (0.27, 0.36, 0.07, 0.24), (-0.27, 0.36, 0.07, 0.24))
    for centre, middle, wide, tall in giant:
        layer[((x - centre + drift) / wide) ** 2 + ((up - middle) / tall) ** 2 < 1] = (0.02, 0.032, 0.055, 1.0)
    for eye in (-0.03, 0.03):
        layer[((x - eye + drift) / 0.012) ** 2 + ((up - 0.72) / 0.016) ** 2 < 1] = (5.0, 16.0, 20.0, 1.0)
    layer[up < _ridge(x + 1.5 * drift, 4.0, 0.22)] = (0.34, 0.41, 0.52, 1.0)
    return layer


def _ridge(x: Picture, seed: float, height: float) -> Picture:
    numpy = load_numpy()
    waves = ((2.1, 0.5), (4.7, 0.25), (9.3, 0.12), (23.0, 0.04))
    return height * (1 + sum(part * numpy.sin(rate * x + seed * rate) for rate, part in waves))


def _sky(frame: int, *, has_light: bool) -> Picture:
    """Dusk and its first stars; with a northern light."""
    numpy = load_numpy()
    _, y = _coordinates()
    colour = numpy.array((0.020, 0.045, 0.11), numpy.float32), numpy.array((0.22, 0.27, 0.36), numpy.float32)
    blend = numpy.clip(y / 0.7, 0.0, 1.0)[..., None] ** 1.4
    sky = numpy.broadcast_to(colour[0] * (1 - blend) + colour[1] * blend, (HEIGHT, WIDTH, 3)).copy()
    chance = numpy.random.default_rng(3)
    rows, columns = (chance.random((2, 90)) * ((HEIGHT // 2,), (WIDTH,))).astype(int)
    sky[rows, columns] += chance.random((90, 1)) ** 3
    return sky + _northern_light(frame) if has_light else sky


def _northern_light(frame: int) -> Picture:
    """A curtain: a sharp hem below, rays that fade upwards, green going violet."""
    numpy = load_numpy()
    x, y = _coordinates()
    time = (frame - CHANGED_FROM) / FPS
    up = 0.46 + 0.08 * numpy.sin(5.0 * x + 1.5 * time) + 0.03 * numpy.sin(17.0 * x - 2.0 * time) - y
    rays = 0.55 + 0.25 * numpy.sin(31.0 * x + 3.0 * numpy.sin(6.0 * x)) + 0.2 * numpy.sin(83.0 * x + 4.0 * time)
    strength = numpy.where(up > 0, numpy.exp(-up / (0.10 + 0.12 * rays)), numpy.exp(-((up / 0.02) ** 2))) * rays
    violet = numpy.clip(up / 0.4, 0.0, 1.0)[..., None]
    green, red = numpy.array((0.05, 0.85, 0.38), numpy.float32), numpy.array((0.45, 0.15, 0.65), numpy.float32)
    return strength[..., None] * (green * (1 - violet) + red * violet)


def _glow(picture: Picture) -> Picture:
    """What is much brighter than white bleeds into its surroundings."""
    numpy = load_numpy()
    light = numpy.clip(picture - 2.0, 0.0, 12.0)
    reach = numpy.arange(-10, 11)
    weights = numpy.exp(-((reach / 3.5) ** 2))
    weights /= weights.sum()
    for axis in (0, 1):
        light = sum(weight * numpy.roll(light, int(shift), axis) for shift, weight in zip(reach, weights, strict=True))
    return picture + 0.6 * light


def _snow(picture: Picture, frame: int) -> Picture:
    """Flakes that fall and drift; near ones are larger and faster."""
    numpy = load_numpy()
    chance = numpy.random.default_rng(7)
    x, y, depth = chance.random((3, _SNOWFLAKES))
    time = (frame - FIRST) / FPS
    column = ((x + 0.12 * time * (0.4 + depth)) % 1.0 * (WIDTH - 3)).astype(int)
    row = ((y + 0.55 * time * (0.25 + depth)) % 1.0 * (HEIGHT - 3)).astype(int)
    snowed = picture.copy()
    for left, top, near in zip(column, row, depth, strict=True):
        size = 1 if near < 0.8 else 2
        snowed[top : top + size, left : left + size] += 0.08 + 0.35 * near
    return snowed


def _write(picture: Picture, path: Path) -> None:
    numpy, oiio = load_numpy(), load_openimageio()
    spec = oiio.ImageSpec(picture.shape[1], picture.shape[0], 3, "half")
    spec.attribute("compression", "zip")
    spec.attribute("DateTime", "2024:02:14 12:00:00")  # else the time of writing, and no two runs would be equal
    spec.attribute("framesPerSecond", oiio.TypeDesc("rational"), (FPS, 1))
    output = oiio.ImageOutput.create(str(path))
    pixels = numpy.ascontiguousarray(picture, numpy.float32)
    if output is None or not (output.open(str(path), spec) and output.write_image(pixels) and output.close()):
        raise MediaError(f"{path} cannot be written: {oiio.geterror()}", path=str(path))
