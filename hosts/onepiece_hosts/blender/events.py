"""Blender's handlers as the Host's events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

_LISTS = {"opened": "load_post", "saved": "save_post", "closing": "exit_pre"}


def can_tell_closing() -> bool:
    """From 5.2 on."""
    return hasattr(bpy.app.handlers, _LISTS["closing"])


def on(event: str, callback: Callable[[], None]) -> Callable[[], None]:
    """Call back after ``event``; the answer ends that. A host that cannot tell an event never calls back."""
    handlers: list[Any] | None = getattr(bpy.app.handlers, _LISTS[event], None)
    if handlers is None:
        return lambda: None

    @bpy.app.handlers.persistent  # type: ignore[untyped-decorator, unused-ignore]
    def handler(*_: Any) -> None:
        callback()

    handlers.append(handler)

    def stop() -> None:
        if handler in handlers:
            handlers.remove(handler)

    return stop
