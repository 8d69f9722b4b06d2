"""What the output nodes of a scene write, by the types of the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import hou

from onepiece_hosts.host import Output
from onepiece_hosts.houdini.nodes import instances, number, text, written
from onepiece_hosts.houdini.paths import is_outside, resolved
from onepiece_hosts.patterns import kind_of

if TYPE_CHECKING:
    from hou import OpNode, Parm

# Type of node -> the parameter with the path.
_DRIVERS = {
    "ifd": "vm_picture",
    "karma": "picture",
    "opengl": "picture",
    "arnold": "ar_picture",
    "Redshift_ROP": "RS_outputFileNamePrefix",
    "vray_renderer": "SettingsOutput_img_file_path",
    "usdrender": "outputimage",
    "comp": "copoutput",
    "geometry": "sopoutput",
    "alembic": "filename",
    "filmboxfbx": "sopoutput",
    "dop": "dopoutput",
    "usd": "lopoutput",
}
_SOPS = {"rop_geometry": "sopoutput", "rop_alembic": "filename", "rop_fbx": "sopoutput", "filecache": "sopoutput"}
_LOPS = {"usd_rop": "lopoutput", "usdrender_rop": "outputimage"}


def iter_outputs() -> Iterator[Output]:
    """Those with a path on disk."""
    for node, parm in writing():
        told = written(parm)
        if not is_outside(told):
            continue
        path = resolved(told, node.name())
        first, last = _range(node)
        kind = kind_of(path)
        kind = kind if kind in ("sequence", "movie", "cache") else "image"
        is_enabled = not node.isGenericFlagSet(hou.nodeFlag.Bypass)
        yield Output(node.path(), node.name(), path, kind, first, last, is_enabled)


def writing() -> Iterator[tuple[OpNode, Parm]]:
    """Nodes that write, each with the parameter that says where."""
    tables = (
        (hou.ropNodeTypeCategory(), _DRIVERS),
        (hou.sopNodeTypeCategory(), _SOPS),
        (hou.lopNodeTypeCategory(), _LOPS),
    )
    for category, table in tables:
        for name, node in sorted(instances(category, set(table)), key=lambda found: found[1].path()):
            parm = node.parm(table[name])
            if parm is not None:
                yield node, parm


def render_cameras() -> set[str]:
    """Paths of the cameras that output nodes look through."""
    return {text(node, "camera") for node, _ in writing()} - {""}


def _range(node: OpNode) -> tuple[int, int]:
    if node.parm("f1") is None or not number(node, "trange", 1.0):
        return hou.intFrame(), hou.intFrame()
    return round(number(node, "f1")), round(number(node, "f2"))
