"""Cameras of the objects; in Houdini they have the resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hou

from onepiece_hosts.host import Camera
from onepiece_hosts.houdini.nodes import instances
from onepiece_hosts.houdini.outputs import render_cameras

if TYPE_CHECKING:
    from hou import OpNode


def list_cameras() -> list[Camera]:
    """No scene is born with one."""
    rendering = render_cameras()
    return [Camera(node.path(), node.name(), node.path() in rendering, False) for node in _cameras()]


def main_camera() -> OpNode | None:
    """The one that renders, else the first."""
    found, rendering = _cameras(), render_cameras()
    return next((node for node in found if node.path() in rendering), next(iter(found), None))


def _cameras() -> list[OpNode]:
    found = [node for _, node in instances(hou.objNodeTypeCategory(), {"cam"})]
    return sorted(found, key=lambda node: node.path())
