"""A picture that says what a shot is, before there is anything to see of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from onepiece_core.media.contact_sheet import with_texts
from onepiece_core.media.extras import load_numpy
from onepiece_core.media.picture import write_picture

_WIDTH, _HEIGHT = 960, 540
_PAPER, _BAND = 30, 58
_LEFT = 60


def write_slate(target: Path, title: str, lines: Sequence[str]) -> None:
    """Write a JPEG: ``title`` large, ``lines`` below it. Raises MediaError, ExtraMissing, OSError."""
    pixels = load_numpy().full((_HEIGHT, _WIDTH, 3), _PAPER, "uint8")
    pixels[150:158, _LEFT : _WIDTH - _LEFT] = _BAND
    # Long codes become small rather than cut.
    size = max(16, min(64, (_WIDTH - 2 * _LEFT) * 2 // max(1, len(title))))
    texts = [(_LEFT, 120, title, size)]
    texts += [(_LEFT, 230 + number * 56, line, 32) for number, line in enumerate(lines)]
    write_picture(with_texts(pixels, texts), target)
