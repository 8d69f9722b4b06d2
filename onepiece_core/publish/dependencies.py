"""What the scene of a publish uses, as far as the scene and the metadata tell, and what of it is missing."""

from __future__ import annotations

from typing import Any

from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules.facts import Dependency
from onepiece_core.scenes.dependencies import find_dependencies


def list_dependencies(request: PublishRequest, metadata: dict[str, Any]) -> tuple[Dependency, ...]:
    """The files that the scene refers to, where it can be read without its application, and those that the
    metadata names under ``dependencies``: a list of paths, or of objects with a ``path``.

    A relative path starts at the scene's folder, else at the metadata's.
    """
    read = (find_dependencies(request.scene) if request.scene else None) or ()
    named = _named(request, metadata)
    return tuple(sorted({each.path: each for each in (*read, *named)}.values(), key=lambda each: each.path))


def _named(request: PublishRequest, metadata: dict[str, Any]) -> tuple[Dependency, ...]:
    told = metadata.get("dependencies")
    if not isinstance(told, list):
        return ()
    base = (request.scene or request.metadata or request.destination).parent
    paths = [each.get("path") if isinstance(each, dict) else each for each in told]
    known = sorted({path for path in paths if isinstance(path, str) and path and "\0" not in path})
    return tuple(Dependency(path, (base / path).exists()) for path in known)
