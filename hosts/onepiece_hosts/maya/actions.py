"""What can be done about a finding, in Maya."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from maya import cmds

from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Action
from onepiece_hosts.maya.asked import names, put_flag, put_number, put_text
from onepiece_hosts.maya.files import iter_files
from onepiece_hosts.maya.units import unit_of
from onepiece_hosts.patterns import forward

if TYPE_CHECKING:
    from onepiece_hosts.maya.adapter import MayaHost


def actions(host: MayaHost) -> dict[str, Action]:
    """By the ids that rules name."""
    return {
        "scene.save": lambda _nodes, _context: host.save(),
        "select.nodes": _select,
        "frames.set_range": _set_range,
        "scene.set_fps": _set_fps,
        "scene.set_resolution": _set_resolution,
        "references.load": _load,
        "references.lock": _lock,
        "files.make_relative": _make_relative,
    }


def _select(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    """Nodes, or of attributes and outputs the nodes that they belong to."""
    wanted = [node.rpartition("/")[2].partition(".")[0] for node in nodes]
    there = [node for node in wanted if cmds.objExists(node)]
    if there:
        cmds.select(*there, replace=True, noExpand=True)
    else:
        cmds.select(clear=True)


def _set_range(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    """The animation's own range stays where it holds the new one: those are the handles."""
    first, last = int(context["first"]), int(context["last"])
    start = int(cmds.playbackOptions(query=True, animationStartTime=True))
    end = int(cmds.playbackOptions(query=True, animationEndTime=True))
    if not start <= first <= last <= end:
        start, end = first, last
    cmds.playbackOptions(edit=True, animationStartTime=start, animationEndTime=end, minTime=first, maxTime=last)
    put_number("defaultRenderGlobals.startFrame", first)
    put_number("defaultRenderGlobals.endFrame", last)


def _set_fps(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    above, below = context["fps"]
    unit = unit_of((int(above), int(below)))
    try:
        # Keys stay on their frames.
        cmds.currentUnit(time=unit, updateAnimation=False)
    except RuntimeError as error:
        raise HostError("host.fix_failed", f"Maya has no frame rate {above}/{below}.", str(error).strip()) from error


def _set_resolution(_nodes: Sequence[str], context: dict[str, Any]) -> None:
    width, height = int(context["width"]), int(context["height"])
    # Maya would change the height with the width.
    put_flag("defaultResolution.aspectLock", False)
    put_number("defaultResolution.width", width)
    put_number("defaultResolution.height", height)
    put_number("defaultResolution.deviceAspectRatio", width / height * float(context.get("pixel_aspect", 1.0)))


def _load(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    for node in _references(nodes):
        _carry_out(node, "load", loadReference=node)


def _lock(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    """Maya locks a reference only while it is not loaded."""
    for node in _references(nodes):
        _carry_out(node, "unload", unloadReference=node)
        try:
            put_flag(f"{node}.locked", True)
        finally:
            _carry_out(node, "load", loadReference=node)


def _references(nodes: Sequence[str]) -> list[str]:
    return [node for node in nodes if node in set(names(cmds.ls(type="reference")))]


def _carry_out(node: str, what: str, **flags: Any) -> None:
    try:
        cmds.file(**flags)
    except RuntimeError as error:
        raise HostError("host.fix_failed", f"Maya cannot {what} {node}.", str(error).strip(), node=node) from error


def _make_relative(nodes: Sequence[str], _context: dict[str, Any]) -> None:
    """Paths below the Maya project, from there; without ``nodes`` all of them."""
    root = forward(str(cmds.workspace(query=True, rootDirectory=True) or "")).rstrip("/")
    if not root:
        raise HostError("host.no_project", "No Maya project is set.", "Set one, relative paths start there.")
    wanted = set(nodes)
    for used in [one for one in iter_files() if one is not None]:
        if "." not in used.node or (wanted and used.node not in wanted):
            continue
        if os.path.isabs(used.written) and forward(used.written).startswith(f"{root}/"):
            put_text(used.node, forward(os.path.relpath(used.written, root)))
