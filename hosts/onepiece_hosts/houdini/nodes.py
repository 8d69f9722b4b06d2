"""Nodes and parameters of the open scene."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import hou

if TYPE_CHECKING:
    from hou import OpNode, OpNodeTypeCategory, Parm


def iter_nodes() -> Iterator[OpNode]:
    """Every node but those inside of locked assets: their definition answers for them."""
    waiting = list(hou.root().children())
    while waiting:
        # Before Houdini 20.5 hou has no name for what all these are.
        node = cast("OpNode", waiting.pop())
        if node.isInsideLockedHDA():
            continue
        yield node
        waiting.extend(node.children())


def instances(category: OpNodeTypeCategory, names: set[str]) -> Iterator[tuple[str, OpNode]]:
    """(name without namespace and version, node) of these types."""
    for kind in category.nodeTypes().values():
        name = kind.nameComponents()[2]
        if name in names:
            for node in kind.instances():
                if not node.isInsideLockedHDA():
                    yield name, node


def text(node: OpNode, name: str) -> str:
    """A string parameter as it evaluates; empty where there is none."""
    found = node.parm(name)
    return found.evalAsString() if found is not None else ""


def number(node: OpNode, name: str, default: float = 0.0) -> float:
    found = node.parm(name)
    return found.evalAsFloat() if found is not None else default


def written(parm: Parm) -> str:
    """As the scene has it, with variables; what an expression makes where it is one."""
    try:
        return parm.unexpandedString()
    except hou.OperationFailed:
        return parm.evalAsString()
