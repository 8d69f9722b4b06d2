"""Maya's scene messages as the Host's events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maya.api import OpenMaya

_MESSAGES = {
    "opened": OpenMaya.MSceneMessage.kAfterOpen,
    "saved": OpenMaya.MSceneMessage.kAfterSave,
    "closing": OpenMaya.MSceneMessage.kMayaExiting,
}


def on(event: str, callback: Callable[[], None]) -> Callable[[], None]:
    """Call back after ``event``; the answer ends that."""

    def told(*_: Any) -> None:
        callback()

    ids: list[Any] = [OpenMaya.MSceneMessage.addCallback(_MESSAGES[event], told)]

    def stop() -> None:
        while ids:
            OpenMaya.MMessage.removeCallback(ids.pop())

    return stop
