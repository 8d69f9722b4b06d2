"""Blender's classes, made for one desk: nothing of ours is kept in a module."""

from __future__ import annotations

from typing import Any


def bound(
    kind: type, blender: type, desk: Any, *, name: str | None = None, properties: Any = None, **values: Any
) -> Any:
    """``kind`` as one of Blender's types, with its ``desk`` at hand.

    Args:
        properties: what ``bpy.props`` made, by name.
        values: further attributes, e.g. ``bl_space_type``.
    """
    made = {"__module__": kind.__module__, "__doc__": kind.__doc__, "__annotations__": dict(properties or {})}
    return type(name or kind.__name__, (kind, blender), {**made, **values, "desk": desk})
