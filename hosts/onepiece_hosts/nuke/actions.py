"""What can be done about a finding, in Nuke."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import nuke

from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Action
from onepiece_hosts.nuke.files import iter_files
from onepiece_hosts.nuke.knobs import every_node, find, put
from onepiece_hosts.patterns import forward

if TYPE_CHECKING:
    from onepiece_hosts.nuke.adapter import NukeHost

# The folder of the script, as Nuke's own project settings write it.
_SCRIPT_FOLDER = "[python {nuke.script_directory()}]"


def actions(host: NukeHost) -> dict[str, Action]:
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
    """Nodes by their full names, or of file knobs the nodes that have them."""
    wanted = {node.partition("/")[0] for node in nodes}
    for node in every_node():
        node.setSelected(node.fullName() in wanted)


def _set_range(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    root = nuke.root()
    put(root, "first_frame", int(context["first"]))
    put(root, "last_frame", int(context["last"]))
    # Otherwise the next Read that is made changes the range.
    put(root, "lock_range", True)


def _set_fps(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    above, below = context["fps"]
    # Nuke keeps rates with six digits.
    put(nuke.root(), "fps", round(above / below, 6))


def _set_resolution(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    width, height = int(context["width"]), int(context["height"])
    aspect = float(context.get("pixel_aspect", 1.0))
    wanted = (0, 0, width, height, aspect)
    for known in nuke.formats():
        if (known.x(), known.y(), known.r(), known.t(), known.pixelAspect()) == wanted and known.name():
            put(nuke.root(), "format", known.name())
            return
    name = f"onepiece_{width}x{height}"
    nuke.addFormat(f"{width} {height} 0 0 {width} {height} {aspect:g} {name}")
    put(nuke.root(), "format", name)


def _enable(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    for node in every_node():
        if node.fullName() in nodes and find(node, "disable") is not None:
            put(node, "disable", False)


def _make_relative(host: NukeHost, nodes: Sequence[str]) -> None:
    """Paths below the script's folder, from there; without ``nodes`` all of them."""
    scene = host.scene_path()
    if scene is None:
        raise HostError("host.unnamed_scene", "The script has no file yet.", "Save it under a name first.")
    folder = os.path.dirname(scene)
    # Found before the folder changes, which is where paths that are relative already start.
    found = [one for one in iter_files() if one is not None and one.node != "root"]
    by_name = {node.fullName(): node for node in every_node()}
    put(nuke.root(), "project_directory", _SCRIPT_FOLDER)
    for used in found:
        name, _, knob = used.node.partition("/")
        is_wanted = not nodes or used.node in nodes
        if is_wanted and used.path.startswith(f"{folder}/"):
            put(by_name[name], knob, forward(os.path.relpath(used.path, folder)))
        elif not os.path.isabs(used.written) and "[" not in used.written:
            put(by_name[name], knob, used.path)  # it started at the old folder
