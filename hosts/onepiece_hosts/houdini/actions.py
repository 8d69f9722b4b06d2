"""What can be done about a finding, in Houdini."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import hou

from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Action
from onepiece_hosts.houdini.cameras import main_camera
from onepiece_hosts.houdini.files import iter_files
from onepiece_hosts.patterns import forward

if TYPE_CHECKING:
    from onepiece_hosts.houdini.adapter import HoudiniHost


def actions(host: HoudiniHost) -> dict[str, Action]:
    """By the ids that rules name."""
    return {
        "scene.save": lambda _nodes, _context: host.save(),
        "select.nodes": _select,
        "frames.set_range": _set_range,
        "scene.set_fps": _set_fps,
        "scene.set_resolution": _set_resolution,
        "nodes.enable": _enable,
        "files.make_relative": lambda nodes, _context: _make_relative(host, nodes),
    }


def _select(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    """Nodes, or of parameters the nodes that have them."""
    hou.clearAllSelected()
    for path in nodes:
        if not path.startswith("/"):
            continue  # a library
        parm = hou.parm(path)
        node = hou.node(path) or (parm.node() if parm is not None else None)
        if node is not None:
            node.setSelected(True)


def _set_range(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    """The scene's own range stays where it holds the new one: those are the handles."""
    first, last = int(context["first"]), int(context["last"])
    whole = hou.playbar.frameRange()
    if not whole[0] <= first <= last <= whole[1]:
        hou.playbar.setFrameRange(first, last)
    hou.playbar.setPlaybackRange(first, last)


def _set_fps(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    above, below = context["fps"]
    # Keys stay on their frames.
    hou.setFps(above / below, modify_frame_count=False, preserve_keyframes=True)


def _set_resolution(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    camera = main_camera()
    if camera is None:
        raise HostError("host.no_camera", "The scene has no camera.", "In Houdini a camera has the resolution.")
    for name, value in (("resx", int(context["width"])), ("resy", int(context["height"]))):
        _put(f"{camera.path()}/{name}", value)


def _enable(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    for path in nodes:
        node = hou.node(path)
        if node is not None:
            node.setGenericFlag(hou.nodeFlag.Bypass, False)


def _make_relative(host: HoudiniHost, nodes: Sequence[str]) -> None:
    """Paths below the scene's folder, from $HIP; without ``nodes`` all of them."""
    scene = host.scene_path()
    if scene is None:
        raise HostError("host.unnamed_scene", "The scene has no file yet.", "Save it under a name first.")
    folder = os.path.dirname(scene)
    for used in [one for one in iter_files() if one is not None]:
        told = forward(used.written)
        if hou.parm(used.node) is None or (nodes and used.node not in nodes) or not told.startswith(f"{folder}/"):
            continue
        _put(used.node, f"$HIP{told[len(folder) :]}")


def _put(path: str, value: int | str) -> None:
    parm = hou.parm(path)
    try:
        if parm is not None:
            parm.set(value)
    except (hou.OperationFailed, hou.PermissionError) as error:
        raise HostError("host.fix_failed", f"Houdini cannot set {path}.", str(error).strip(), parm=path) from error
