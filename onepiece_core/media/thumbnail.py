"""The picture that stands for a publish in the tracker."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.media.picture import read_picture, write_picture


def write_thumbnail(source: Path, target: Path, *, max_width: int = 640, max_height: int = 360) -> None:
    """Write ``source`` (a frame, or the middle of a movie) to the JPEG ``target``, scaled to fit.

    Raises:
        MediaError: there is no picture in it.
        ExtraMissing: the ``[media]`` extra is not installed.
        OSError: ``target`` cannot be written.
    """
    write_picture(read_picture(source, max_width, max_height), target)
