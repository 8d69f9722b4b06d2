"""A handful of small pictures, painted with the standard library: hills in the snow, at different hours."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from random import Random

COUNT = 8
WIDTH, HEIGHT = 320, 180
_RANGES = 4

Colour = tuple[float, float, float]

# Sky above, sky at the horizon, the nearest hill: dawn, noon, dusk, night.
_HOURS: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((74, 98, 150), (250, 190, 150), (58, 62, 92)),
    ((70, 130, 190), (215, 232, 242), (72, 92, 112)),
    ((52, 40, 90), (236, 128, 96), (38, 30, 54)),
    ((10, 16, 38), (44, 74, 110), (8, 12, 24)),
)


def pictures(seed: int) -> Iterator[bytes]:
    """PNGs, the same for the same seed."""
    for index in range(COUNT):
        yield _png(_painted(Random(f"{seed} picture {index}"), *_HOURS[index % len(_HOURS)]))  # noqa: S311


def _painted(random: Random, top: Colour, horizon: Colour, near: Colour) -> list[bytes]:
    """One row of RGB bytes after the other: the sky, a sun or moon in it, ranges of hills in front."""
    ridges = [_ridge(random, depth) for depth in range(_RANGES)]
    hills = [_between(horizon, near, (depth + 1) / _RANGES) for depth in range(_RANGES)]
    light = (random.uniform(0.15, 0.85) * WIDTH, random.uniform(0.15, 0.4) * HEIGHT, random.uniform(9, 16))
    glow = _between(horizon, (255, 255, 245), 0.8)
    rows = []
    for y in range(HEIGHT):
        sky = _between(top, horizon, min(1.0, y / (HEIGHT * 0.7)))
        row = bytearray(_bytes(sky) * WIDTH)
        for x in _lit(light, y):
            row[x * 3 : x * 3 + 3] = _bytes(glow)
        for depth, ridge in enumerate(ridges):
            colour = hills[depth]
            snow = _bytes(_between(colour, (255, 255, 255), 0.45))
            ground = _bytes(colour)
            for x in range(WIDTH):
                below = y - ridge[x]
                if below >= 0:
                    row[x * 3 : x * 3 + 3] = snow if below < 5 - depth else ground
        rows.append(bytes(row))
    return rows


def _ridge(random: Random, depth: int) -> list[float]:
    """How far from the top a range of hills begins, for each column."""
    base = HEIGHT * (0.48 + 0.15 * depth)
    waves = [
        (random.uniform(1, 3) * (wave + 1), random.uniform(0, math.tau), HEIGHT * 0.1 / (wave + 1) ** 1.2)
        for wave in range(5)
    ]
    return [
        base + sum(height * math.sin(times * math.tau * x / WIDTH + phase) for times, phase, height in waves)
        for x in range(WIDTH)
    ]


def _lit(light: tuple[float, float, float], y: int) -> range:
    centre, height, radius = light
    half = math.sqrt(max(0.0, radius**2 - (y - height) ** 2))
    return range(max(0, round(centre - half)), min(WIDTH, round(centre + half)))


def _between(one: Colour, other: Colour, part: float) -> Colour:
    return (
        one[0] + (other[0] - one[0]) * part,
        one[1] + (other[1] - one[1]) * part,
        one[2] + (other[2] - one[2]) * part,
    )


def _bytes(colour: Colour) -> bytes:
    return bytes(max(0, min(255, round(value))) for value in colour)


def _png(rows: list[bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    # Filter 0 for each row: the pixels as they are.
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
