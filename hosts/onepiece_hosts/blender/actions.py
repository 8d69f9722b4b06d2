"""What can be done about a finding, in Blender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bpy

from onepiece_hosts.blender.now import scene, view_layer
from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Action

if TYPE_CHECKING:
    from onepiece_hosts.blender.adapter import BlenderHost


def actions(host: BlenderHost) -> dict[str, Action]:
    """By the ids that rules name."""
    return {
        "scene.save": lambda _nodes, _context: host.save(),
        "select.nodes": _select,
        "frames.set_range": _set_range,
        "scene.set_fps": _set_fps,
        "scene.set_resolution": _set_resolution,
        "files.make_relative": lambda _nodes, _context: _make_relative(),
        "images.pack": _pack,
    }


def _select(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    """Objects by name; of a data-block, the objects that use it."""
    wanted = {node.rpartition("/")[2] for node in nodes}
    for one in scene().objects:
        one.select_set(one.name in wanted or _uses(one, wanted))
    chosen = [one for one in scene().objects if one.select_get()]
    if chosen:
        view_layer().objects.active = chosen[0]


def _uses(one: Any, wanted: set[str]) -> bool:
    for slot in one.material_slots:
        tree = slot.material.node_tree if slot.material else None
        for node in tree.nodes if tree else ():
            if getattr(node, "image", None) is not None and node.image.name in wanted:
                return True
    return False


def _set_range(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    now = scene()
    now.frame_start, now.frame_end = int(context["first"]), int(context["last"])


def _set_fps(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    above, below = context["fps"]
    render = scene().render
    render.fps = max(1, round(above / below))
    render.fps_base = render.fps * below / above


def _set_resolution(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    render = scene().render
    render.resolution_x, render.resolution_y = int(context["width"]), int(context["height"])
    render.resolution_percentage = 100


def _make_relative() -> None:
    if not bpy.data.filepath:
        raise HostError("host.unnamed_scene", "The scene has no file yet.", "Save it under a name first.")
    bpy.ops.file.make_paths_relative()


def _pack(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    for node in nodes:
        image = bpy.data.images.get(node.partition("/")[2])
        if image is None:
            continue
        try:
            image.pack()
        except RuntimeError as error:
            raise HostError("host.fix_failed", f"{image.name} cannot be packed.", str(error).strip()) from error
