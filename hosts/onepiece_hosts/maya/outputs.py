"""What the render settings of a Maya scene write."""

from __future__ import annotations

from collections.abc import Iterator

from maya import cmds

from onepiece_hosts.host import Output
from onepiece_hosts.maya.asked import flag, names, number
from onepiece_hosts.patterns import forward


def iter_outputs() -> Iterator[Output]:
    """One for each render layer and each camera that renders."""
    animated = flag("defaultRenderGlobals.animation")
    first, last = round(number("defaultRenderGlobals.startFrame")), round(number("defaultRenderGlobals.endFrame"))
    padding = max(1, round(number("defaultRenderGlobals.extensionPadding")))
    cameras = [shape for shape in names(cmds.ls(type="camera", long=True)) if flag(f"{shape}.renderable")]
    # Layers of references come and go with them: they render in their own scenes.
    layers = [layer for layer in names(cmds.ls(type="renderLayer")) if ":" not in layer]
    for layer in layers:
        for camera in cameras:
            path = _path(layer, camera, f"%0{padding}d" if animated else "")
            if path:
                kind = "sequence" if animated else "image"
                name = "masterLayer" if layer == "defaultRenderLayer" else layer
                label = f"{name}, {camera.rpartition('|')[2]}"
                yield Output(f"{layer}/{camera}", label, path, kind, first, last, flag(f"{layer}.renderable"))


def _path(layer: str, camera: str, frame: str) -> str:
    if frame:
        found = cmds.renderSettings(genericFrameImageName=frame, fullPath=True, layer=layer, camera=camera)
    else:
        found = cmds.renderSettings(firstImageName=True, fullPath=True, layer=layer, camera=camera)
    return forward(next(iter(names(found)), ""))
