"""What the scene of a publish uses, as far as its metadata tells, and what of it is missing."""

from __future__ import annotations

from typing import Any

from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules.facts import Dependency


def list_dependencies(request: PublishRequest, metadata: dict[str, Any]) -> tuple[Dependency, ...]:
    """The files under ``dependencies`` of the metadata: a list of paths, or of objects with a ``path``.

    A relative path starts at the scene's folder, else at the metadata's.
    """
    told = metadata.get("dependencies")
    if not isinstance(told, list):
        return ()
    base = (request.scene or request.metadata or request.destination).parent
    paths = [each.get("path") if isinstance(each, dict) else each for each in told]
    known = sorted({path for path in paths if isinstance(path, str) and path and "\0" not in path})
    return tuple(Dependency(path, (base / path).exists()) for path in known)
