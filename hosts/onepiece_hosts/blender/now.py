"""The open scene, as bpy has it now. None of these objects outlives a load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from onepiece_hosts.errors import HostError

if TYPE_CHECKING:
    from bpy.types import Scene, ViewLayer


def scene() -> Scene:
    """The active scene."""
    found = bpy.context.scene
    if found is None:
        raise HostError("host.no_scene", "Blender has no active scene.")
    return found


def view_layer() -> ViewLayer:
    """The active view layer."""
    found = bpy.context.view_layer
    if found is None:
        raise HostError("host.no_scene", "Blender has no active view layer.")
    return found


def forward(path: str) -> str:
    """A path as OnePiece writes it: with forward slashes."""
    return path.replace("\\", "/")
