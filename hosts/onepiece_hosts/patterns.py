"""Paths as scenes have them: frame numbers, tiles, kinds of files."""

from __future__ import annotations

import glob
import os
import re

# What stands for frame numbers, tiles or views in a path: of Maya, Nuke, Houdini, Blender.
_MARKS = re.compile(r"%0?\d*d|%\(UDIM\)d|%[vV]|<(?:UDIM|UVTILE|f)>|#+", re.IGNORECASE)
_TILES = re.compile(r"<(?:UDIM|UVTILE)>|%\(UDIM\)d", re.IGNORECASE)

_KINDS = {
    "image": "exr png jpg jpeg tif tiff tga dpx cin hdr tx tex rat psd bmp iff sgi gif webp rgb pic",
    "cache": "abc usd usda usdc usdz bgeo geo sc vdb fbx obj ass rs ply sim mcx mcc chan nknc",
    "movie": "mov mp4 mxf avi mkv webm r3d braw ari",
    "sound": "wav aif aiff mp3 ogg flac",
    "font": "ttf otf ttc pfb",
    "library": "hda otl hdalc hdanc otllc otlnc blend",
    "reference": "ma mb nk hip hiplc hipnc",
    "script": "py mel gizmo osl",
}
_BY_EXTENSION = {extension: kind for kind, told in _KINDS.items() for extension in told.split()}


def forward(path: str) -> str:
    """A path as OnePiece writes it: with forward slashes."""
    return path.replace("\\", "/")


def kind_of(path: str) -> str:
    """The kind of :class:`onepiece_hosts.host.UsedFile`, by the path alone."""
    if _TILES.search(path):
        return "udim"
    # model.bgeo.sc is a cache by its last part as well.
    kind = _BY_EXTENSION.get(os.path.splitext(path)[1].lower().lstrip("."), "other")
    return "sequence" if kind == "image" and _MARKS.search(os.path.basename(path)) else kind


def exists(path: str) -> bool:
    """Whether the file, a frame of the sequence or a tile is there."""
    parts = _MARKS.split(path)
    if len(parts) == 1:
        return os.path.exists(path)
    # A folder may have a hash in its name; then it is no pattern.
    return os.path.exists(path) or next(glob.iglob("*".join(map(glob.escape, parts))), None) is not None


def sequence_pattern(path: str) -> str:
    """``a.0001.exr`` as ``a.%04d.exr``: the last number of the name counts."""
    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    found = list(re.finditer(r"\d+", stem))
    if not found:
        return path
    number = found[-1]
    pattern = f"{stem[: number.start()]}%0{len(number[0])}d{stem[number.end() :]}{extension}"
    return forward(os.path.join(folder, pattern))


def with_frames(path: str) -> str:
    """``a.####.exr`` and ``a.<f>.exr`` with ``%04d``; what has no such mark stays."""
    folder, name = os.path.split(forward(path))
    name = re.sub(r"#+", lambda hashes: f"%0{len(hashes[0])}d", name)
    name = name.replace("<f>", "%04d")
    return f"{folder}/{name}" if folder else name
