"""What a button of a host does: one line of Python that asks OnePiece in that host for a tool."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from onepiece_shelves.model import Tool


def call_of(tool: Tool, host: str) -> str:
    """The line for a shelf, a menu or a toolbar of ``host``; it is ASCII, whatever the tool is called."""
    if host == "blender":
        return f"import bpy; bpy.ops.onepiece.tool(tool={tool.id!a})"
    return f"from onepiece_hosts.{host} import start; start.run({tool.id!a})"


def find_command(command: str) -> Callable[[Any], Any]:
    """What ``module:function`` names. Raises ImportError, AttributeError."""
    module, _, function = command.partition(":")
    found: Callable[[Any], Any] = getattr(importlib.import_module(module), function)
    return found
