"""What only Blender can have wrong."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from onepiece_hosts.blender.files import exists
from onepiece_hosts.blender.now import forward
from onepiece_hosts.host import Problem

_FROM_DISK = ("FILE", "SEQUENCE", "TILED", "MOVIE")


def iter_problems() -> Iterator[Problem | None]:
    """Pictures that lie outside of the scene, or nowhere; libraries that are gone."""
    for image in bpy.data.images:
        yield None
        if (
            image.source not in ("FILE", "SEQUENCE", "TILED", "MOVIE")
            or not image.filepath
            or image.library is not None
        ):
            continue
        if image.packed_file or len(image.packed_files):
            continue
        node, path = f"images/{image.name}", forward(bpy.path.abspath(image.filepath))
        if not exists(path):
            yield Problem("missing_image", node, image.name, {"path": path})
        elif image.source == "FILE":
            yield Problem("unpacked_image", node, image.name, {"path": path})
    for library in bpy.data.libraries:
        yield None
        path = forward(bpy.path.abspath(library.filepath))
        if not exists(path):
            yield Problem("missing_reference", f"libraries/{library.name}", library.name, {"path": path})
