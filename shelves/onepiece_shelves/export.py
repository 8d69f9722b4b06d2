"""What ``onepiece shelves export`` writes for each host."""

from __future__ import annotations

from collections.abc import Callable

from onepiece_shelves import export_blender, export_houdini, export_maya, export_nuke
from onepiece_shelves.model import Shelves
from onepiece_shelves.pictures import Look

_EXPORTERS: dict[str, Callable[[Shelves, Look], dict[str, str]]] = {
    one.HOST: one.export for one in (export_maya, export_nuke, export_houdini, export_blender)
}


def export_for(host: str, shelves: Shelves, look: Look) -> dict[str, str]:
    """File name -> text, for one of the known hosts."""
    return _EXPORTERS[host](shelves, look)
