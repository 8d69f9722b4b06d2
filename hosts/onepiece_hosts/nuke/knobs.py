"""Knobs of nodes, with one type of answer each."""

from __future__ import annotations

from typing import Any

import nuke

from onepiece_hosts.errors import HostError
from onepiece_hosts.patterns import forward

# Nodes that write files: by their class.
WRITERS = ("Write", "DeepWrite", "WriteGeo", "WriteTank", "SmartVector")


def every_node() -> list[nuke.Node]:
    """Those in groups as well."""
    return nuke.allNodes(recurseGroups=True)


def find(node: nuke.Node, name: str) -> nuke.Knob | None:
    return node.knobs().get(name)


def value(node: nuke.Node, name: str, default: Any = None) -> Any:
    """The knob's value; ``default`` where the node has no such knob."""
    knob = find(node, name)
    return default if knob is None else knob.value()


def text(node: nuke.Node, name: str) -> str:
    return str(value(node, name, "") or "")


def evaluated(knob: nuke.Knob | None) -> str:
    """A file knob's path with Nuke's expressions carried out; frame numbers stay ``%04d``."""
    if not isinstance(knob, nuke.File_Knob):
        return ""
    return forward(str(knob.getEvaluatedValue() or ""))


def put(node: nuke.Node, name: str, new: Any) -> None:
    """Raises HostError."""
    knob = find(node, name)
    if knob is None:
        raise HostError("host.fix_failed", f"{node.name()} has no knob {name}.", node=node.fullName())
    try:
        knob.setValue(new)
    except (ValueError, RuntimeError, TypeError) as error:
        raise HostError("host.fix_failed", f"Nuke cannot set {name} of {node.name()}.", str(error)) from error
