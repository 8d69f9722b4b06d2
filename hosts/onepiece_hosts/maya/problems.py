"""What only Maya can have wrong."""

from __future__ import annotations

from collections.abc import Iterator

from maya import cmds

from onepiece_hosts.host import Problem
from onepiece_hosts.maya.asked import flag, names
from onepiece_hosts.maya.files import references
from onepiece_hosts.patterns import exists

_UNKNOWN = ("unknown", "unknownDag", "unknownTransform")


def iter_problems() -> Iterator[Problem | None]:
    """References that are missing, not loaded or not locked; nodes of plug-ins that are not here."""
    for reference in references():
        yield None
        context = {"path": reference.path}
        if not exists(reference.path):
            yield Problem("missing_reference", reference.node, reference.node, context)
        elif not cmds.referenceQuery(reference.node, isLoaded=True):
            yield Problem("unloaded_reference", reference.node, reference.node, context)
        elif not flag(f"{reference.node}.locked"):
            yield Problem("unlocked_reference", reference.node, reference.node, context)
    for kind in _UNKNOWN:
        # A derived type is listed with each of its bases.
        for node in names(cmds.ls(exactType=kind)):
            yield None
            plugin = str(cmds.unknownNode(node, query=True, plugin=True) or "")
            yield Problem("unknown_node", node, node, {"plugin": plugin})
