"""Houdini's events of the hip file as the Host's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import hou

from onepiece_hosts import quitting

if TYPE_CHECKING:
    from hou import EnumValue


def on(event: str, callback: Callable[[], None]) -> Callable[[], None]:
    """Call back after ``event``; the answer ends that. Houdini's end is the end of its Qt application."""
    if event == "closing":
        return quitting.on_quit(callback)
    wanted = hou.hipFileEventType.AfterLoad if event == "opened" else hou.hipFileEventType.AfterSave

    def told(kind: EnumValue) -> None:
        if kind == wanted:
            callback()

    hou.hipFile.addEventCallback(told)

    def stop() -> None:
        if told in hou.hipFile.eventCallbacks():
            hou.hipFile.removeEventCallback(told)

    return stop
