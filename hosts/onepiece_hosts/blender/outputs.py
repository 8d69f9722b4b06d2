"""What a scene renders to: its own output, and the file outputs of its compositor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import bpy

from onepiece_hosts.blender.files import with_frames
from onepiece_hosts.blender.now import forward, scene
from onepiece_hosts.host import Output

_MOVIES = ("FFMPEG", "AVI_JPEG", "AVI_RAW")
_LAYERED = "OPEN_EXR_MULTILAYER"


def iter_outputs() -> Iterator[Output]:
    """The scene's own first."""
    yield _main_output()
    for node in _compositor_nodes():
        if node.bl_idname == "CompositorNodeOutputFile":
            yield from _written_by(node)


def _compositor_nodes() -> Any:
    now: Any = scene()
    # From 5.0 on the compositor's tree is a node group that scenes share.
    tree = now.compositing_node_group if hasattr(now, "compositing_node_group") else now.use_nodes and now.node_tree
    return tree.nodes if tree else ()


def _main_output() -> Output:
    now = scene()
    render, first, last = now.render, now.frame_start, now.frame_end
    if render.image_settings.file_format in _MOVIES:
        path = forward(bpy.path.abspath(render.frame_path(frame=first)))
        return Output("render", "Render", path, "movie", first, last)
    path = with_frames(bpy.path.abspath(render.filepath), render.image_settings, render.use_file_extension)
    return Output("render", "Render", path, "sequence", first, last)


def _written_by(node: Any) -> Iterator[Output]:
    now = scene()
    for name, written in _names(node):
        path = with_frames(bpy.path.abspath(written), node.format)
        yield Output(f"{node.name}/{name}", name, path, "sequence", now.frame_start, now.frame_end, not node.mute)


def _names(node: Any) -> list[tuple[str, str]]:
    """What each output is called, and its path as it is written in the node."""
    if hasattr(node, "file_output_items"):  # from 5.0 on
        start = os.path.join(node.directory, node.file_name)
        if node.format.file_format == _LAYERED:
            return [(node.file_name, start)]
        return [(item.name, start + item.name) for item in node.file_output_items]
    if node.format.file_format == _LAYERED:
        return [(os.path.basename(node.base_path), node.base_path)]
    return [(slot.path, os.path.join(node.base_path, slot.path)) for slot in node.file_slots]
