"""The truth about a media file: what it is, and whether all of it is there.

A file's name promises a format; its first bytes tell the real one; its tables tell where its last byte must be.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from onepiece_core.errors import MediaEmpty, OnePieceError
from onepiece_core.media._reader import Reader, opened
from onepiece_core.media.exr import MAGIC as EXR_MAGIC
from onepiece_core.media.exr import probe_exr
from onepiece_core.media.facts import Kind, MediaFacts
from onepiece_core.media.images import probe_dpx, probe_jpeg, probe_png, probe_tiff
from onepiece_core.media.quicktime import probe_quicktime
from onepiece_core.progress import Progress, Reporter
from onepiece_core.shown import shown

_EXTENSIONS: dict[str, Kind] = {
    **dict.fromkeys(("exr", "sxr", "mxr"), "exr"),
    **dict.fromkeys(("jpg", "jpeg", "jpe"), "jpeg"),
    **dict.fromkeys(("tif", "tiff"), "tiff"),
    **dict.fromkeys(("mov", "mp4", "m4v", "qt", "mkv", "webm", "avi", "mxf"), "movie"),
    "png": "png",
    "dpx": "dpx",
    "cin": "cineon",
    "gif": "gif",
}
# (place, bytes, format, name for people)
_MAGIC: tuple[tuple[int, bytes, Kind, str], ...] = (
    (0, EXR_MAGIC, "exr", "EXR"),
    (0, b"\x89PNG\r\n\x1a\n", "png", "PNG"),
    (0, b"\xff\xd8\xff", "jpeg", "JPEG"),
    (0, b"II*\0", "tiff", "TIFF"),
    (0, b"MM\0*", "tiff", "TIFF"),
    (0, b"II+\0", "tiff", "TIFF"),
    (0, b"MM\0+", "tiff", "TIFF"),
    (0, b"SDPX", "dpx", "DPX"),
    (0, b"XPDS", "dpx", "DPX"),
    (0, b"\x80\x2a\x5f\xd7", "cineon", "Cineon"),
    (0, b"GIF8", "gif", "GIF"),
    (0, b"\x1a\x45\xdf\xa3", "movie", "Matroska"),
    (0, b"\x06\x0e\x2b\x34", "movie", "MXF"),
    (8, b"AVI ", "movie", "AVI"),
    *((4, kind, "movie", "QuickTime") for kind in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),
)
_NAMES: dict[Kind, str] = {
    "exr": "EXR",
    "png": "PNG",
    "jpeg": "JPEG",
    "tiff": "TIFF",
    "dpx": "DPX",
    "cineon": "Cineon",
    "gif": "GIF",
    "movie": "a movie",
    "other": "another format",
}
_PROBES: dict[str, Callable[[Reader], MediaFacts]] = {
    "EXR": probe_exr,
    "PNG": probe_png,
    "JPEG": probe_jpeg,
    "TIFF": probe_tiff,
    "DPX": probe_dpx,
    "QuickTime": probe_quicktime,
}
HEAD_BYTES = 16
# Files a thread takes at once; waiting for a network disk is what the threads are for.
_GROUP, _THREADS = 32, 8


def kind_of(name: str) -> Kind:
    """The format that the name promises; ``other`` for what is not checked."""
    return _EXTENSIONS.get(name.rpartition(".")[2].lower(), "other") if "." in name else "other"


def probe(path: Path) -> MediaFacts:
    """Look at one file.

    Raises:
        MediaEmpty: it has no bytes.
        MediaTruncated: it was cut.
        MediaError: it is damaged, of another format than its name says, or a movie without a picture.
        InputMissing, InputUnreadable, InputRefused: it cannot be read at all.
    """
    promised = kind_of(path.name)
    with opened(path) as reader:
        if not reader.size_bytes:
            raise MediaEmpty(f"{reader.name} holds no bytes", path=shown(path))
        if promised == "other":
            return MediaFacts("other", reader.size_bytes)
        name = _recognise(reader, promised)
        if name not in _PROBES:
            return MediaFacts(promised, reader.size_bytes)
        try:
            return _PROBES[name](reader)
        except (struct.error, IndexError, ValueError, OverflowError, MemoryError, RecursionError) as cause:
            raise reader.invalid("it is damaged") from cause


def probe_all(
    paths: Sequence[Path], reporter: Reporter | None = None, *, operation: str = "publish"
) -> list[MediaFacts | OnePieceError]:
    """Look at many files; one bad file never stops the others. One result each, in the order of ``paths``."""
    reporter = reporter or Reporter()
    groups = [paths[start : start + _GROUP] for start in range(0, len(paths), _GROUP)]
    results: list[MediaFacts | OnePieceError] = []
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="probe") as pool:
        try:
            for group in pool.map(_probe_group, groups):
                results += group
                reporter.step(Progress(operation=operation, phase="check", done=len(results), total=len(paths)))
        finally:
            pool.shutdown(cancel_futures=True)
    return results


def _probe_group(paths: Sequence[Path]) -> list[MediaFacts | OnePieceError]:
    results: list[MediaFacts | OnePieceError] = []
    for path in paths:
        try:
            results.append(probe(path))
        except OnePieceError as error:
            results.append(error)
    return results


def _recognise(reader: Reader, promised: Kind) -> str:
    """The format's name by its first bytes. Raises MediaError when it is not the promised one."""
    head = reader.at(0, min(HEAD_BYTES, reader.size_bytes), "the header")
    name, wrong = recognise(head, promised)
    if name and not wrong:
        return name
    if len(head) < 12 and not name:
        raise reader.truncated("not even its first bytes are there")
    raise reader.invalid(wrong)


def recognise(head: bytes, promised: Kind) -> tuple[str, str]:
    """The format's name by its first :data:`HEAD_BYTES` (``""``: none), and why it is not the promised one."""
    for place, magic, kind, name in _MAGIC:
        if head[place : place + len(magic)] == magic:
            return name, "" if kind == promised else f"it is {name}, not {_NAMES[promised]}"
    if len(head) >= 12 and not any(head):
        return "", "its first bytes are zeros: it was never written"
    return "", f"it is not {_NAMES[promised]}"
