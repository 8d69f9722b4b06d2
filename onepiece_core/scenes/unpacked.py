"""A compressed scene as it was before, in a temporary file: gzip, and Zstandard where a library for it is there."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PIECE_BYTES = 1 << 20
# A small file may unpack to terabytes.
_MOST_BYTES = 4 << 30


def unpacked(file: BinaryIO) -> BinaryIO | None:
    """``file`` itself where it is not compressed; None where nothing here can unpack it, or it is damaged."""
    start = file.read(4)
    file.seek(0)
    if start[:2] == _GZIP:
        pieces: Iterator[bytes] | None = _gzip(file)
    elif start == _ZSTD:
        pieces = _zstd(file)
    else:
        return file
    return None if pieces is None else _written(pieces)


def _written(pieces: Iterator[bytes]) -> BinaryIO | None:
    target = tempfile.TemporaryFile()  # noqa: SIM115 - it goes away with its last reader
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > _MOST_BYTES:
                raise ValueError("it unpacks to too much")
            target.write(piece)
    except (ValueError, EOFError, OSError, zlib.error):
        target.close()
        return None
    target.seek(0)
    return target


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    import gzip

    with gzip.GzipFile(fileobj=file) as packed:
        while piece := packed.read(_PIECE_BYTES):
            yield piece


def _zstd(file: BinaryIO) -> Iterator[bytes] | None:
    """Frames one after the other, as Blender writes them; None without a library."""
    try:
        library: Any = import_module("zstandard")
    except ImportError:
        return None
    return _zstd_pieces(library, file)


def _zstd_pieces(library: Any, file: BinaryIO) -> Iterator[bytes]:
    try:
        with library.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
            file, read_across_frames=True, closefd=False
        ) as packed:
            while piece := packed.read(_PIECE_BYTES):
                yield piece
    except library.ZstdError as cause:
        raise ValueError(str(cause)) from cause
