"""What the scene of a publish uses, as the scene file and the metadata tell, and what of it is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules.facts import Dependency
from onepiece_core.scenes.dependencies import find_dependencies


def list_dependencies(request: PublishRequest, metadata: dict[str, Any]) -> tuple[Dependency, ...]:
    """The files that the scene refers to, and those under ``dependencies`` of the metadata.

    The metadata lists paths, or objects with a ``path``; a relative one starts at the scene's folder, else at
    the metadata's. Sorted, each path once.
    """
    in_scene = find_dependencies(request.scene) if request.scene else None
    found = {each.path: each for each in in_scene or ()}
    base = (request.scene or request.metadata or request.destination).parent
    for path in _told(metadata):
        found.setdefault(path, Dependency(path, _exists(base / path)))
    return tuple(found[path] for path in sorted(found))


def _told(metadata: dict[str, Any]) -> list[str]:
    told = metadata.get("dependencies")
    if not isinstance(told, list):
        return []
    paths = [each.get("path") if isinstance(each, dict) else each for each in told]
    return [path for path in paths if isinstance(path, str) and path and "\0" not in path]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that may not be read
        return False
