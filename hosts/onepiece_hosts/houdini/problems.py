"""What only Houdini can have wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from onepiece_hosts.host import Problem
from onepiece_hosts.houdini.nodes import iter_nodes

if TYPE_CHECKING:
    from hou import OpNode

_EVERY = 64  # nodes between two breaths
# How Houdini warns at a node whose asset it does not know.
_INCOMPLETE = "incomplete asset definition"


def iter_problems() -> Iterator[Problem | None]:
    """Assets whose definition or library is not here."""
    for number, node in enumerate(iter_nodes()):
        if number % _EVERY == 0:
            yield None
        library = _missing_library(node)
        if library is not None:
            context = {"type": node.type().name(), "path": library}
            yield Problem("missing_hda", node.path(), node.name(), context)


def _missing_library(node: OpNode) -> str | None:
    """The path of the library, empty where Houdini does not know it; None when nothing is missing."""
    definition = node.type().definition()
    if definition is not None:
        path = definition.libraryFilePath()
        return path if path != "Embedded" and not os.path.exists(path) else None
    told = (*node.warnings(), *node.errors())
    return "" if any(_INCOMPLETE in one.lower() for one in told) else None
