"""Every file that a .blend uses, with who uses it."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from typing import Any

import bpy

from onepiece_hosts.blender.now import forward
from onepiece_hosts.host import UsedFile

_EVERY = 64  # blocks between two breaths

# Collections of bpy.data whose blocks have a ``filepath``, and what it is.
_BLOCKS = {
    "libraries": "library",
    "images": "image",
    "movieclips": "movie",
    "sounds": "sound",
    "fonts": "font",
    "cache_files": "cache",
    "volumes": "cache",
    "texts": "script",
}
_BUILT_IN = "<builtin>"
_KINDS_OF_IMAGES = {"SEQUENCE": "sequence", "TILED": "udim", "MOVIE": "movie", "FILE": "image"}
_HASHES = re.compile(r"#+")


def iter_files() -> Iterator[UsedFile | None]:
    """Each block with a path, each strip of the sequence editor; None now and then."""
    for collection, kind in _BLOCKS.items():
        for number, block in enumerate(getattr(bpy.data, collection, ())):
            if number % _EVERY == 0:
                yield None
            written = getattr(block, "filepath", "")
            # Generated pictures, render results and viewers have no file; a linked block is its library's business.
            if written and written != _BUILT_IN and getattr(block, "library", None) is None:
                yield _used(collection, kind, block, written)
    for scene in bpy.data.scenes:
        editor: Any = scene.sequence_editor
        for strip in _strips(editor) if editor else ():
            yield from _strip(scene, strip)


def _strips(editor: Any) -> Any:
    """Their name from 4.4 on, and the one before."""
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def _used(collection: str, kind: str, block: Any, written: str) -> UsedFile:
    kind = _KINDS_OF_IMAGES.get(getattr(block, "source", ""), kind) if collection == "images" else kind
    path = forward(bpy.path.abspath(written))
    if kind == "sequence":
        path = sequence_pattern(path)
    packed = bool(getattr(block, "packed_file", None) or len(getattr(block, "packed_files", ())))
    missing = False if packed else not exists(path)
    return UsedFile(path, written, kind, f"{collection}/{block.name}", block.name, missing, packed)


def _strip(scene: Any, strip: Any) -> Iterator[UsedFile]:
    node, kind = f"scenes/{scene.name}/{strip.name}", strip.type.lower()
    if kind == "movie":
        path = forward(bpy.path.abspath(strip.filepath))
        yield UsedFile(path, strip.filepath, "movie", node, strip.name, not exists(path))
    elif kind == "image" and len(strip.elements):
        written = os.path.join(strip.directory, strip.elements[0].filename)
        path = forward(bpy.path.abspath(written))
        if len(strip.elements) > 1:
            path = sequence_pattern(path)
        yield UsedFile(
            path, forward(written), "sequence" if "%" in path else "image", node, strip.name, not exists(path)
        )


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


def exists(path: str) -> bool:
    """Whether the file, a frame of the sequence or a tile is there."""
    if "%0" in path or "<UDIM>" in path or "<UVTILE>" in path:
        parts = re.split(r"%0\d+d|<UDIM>|<UVTILE>", path)
        return next(glob.iglob("*".join(map(glob.escape, parts))), None) is not None
    return os.path.exists(path)


def with_frames(path: str, image_settings: Any, add_extension: bool = True) -> str:
    """Where frames are rendered to, with ``%04d``: Blender adds ``####`` where the path has none."""
    path = forward(path)
    if not _HASHES.search(os.path.basename(path)):
        path += "####"
    folder, name = os.path.split(path)
    name = _HASHES.sub(lambda hashes: f"%0{len(hashes[0])}d", name, count=1)
    extension = _EXTENSIONS.get(image_settings.file_format, "") if add_extension else ""
    if extension and not name.lower().endswith(extension):
        name += extension
    return f"{folder}/{name}"


_EXTENSIONS = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "OPEN_EXR": ".exr",
    "OPEN_EXR_MULTILAYER": ".exr",
    "TIFF": ".tif",
    "TARGA": ".tga",
    "BMP": ".bmp",
    "DPX": ".dpx",
    "CINEON": ".cin",
    "HDR": ".hdr",
    "WEBP": ".webp",
}
