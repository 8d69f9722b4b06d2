"""Nuke's callbacks as the Host's events."""

from __future__ import annotations

from collections.abc import Callable

import nuke

from onepiece_hosts import quitting

Later = Callable[[Callable[[], None]], None]


def on(event: str, callback: Callable[[], None], later: Later) -> Callable[[], None]:
    """Call back after ``event``; the answer ends that.

    Nuke calls before it saves, so ``later`` puts that off. Its ``onScriptClose`` also comes when another script is
    opened: the end of Nuke is the end of its Qt application.
    """
    if event == "closing":
        return quitting.on_quit(callback)

    def told() -> None:
        if event == "saved":
            later(callback)
        else:
            callback()

    if event == "saved":
        nuke.addOnScriptSave(told)
    else:
        nuke.addOnScriptLoad(told)
    stopped: list[bool] = []

    def stop() -> None:
        if stopped:
            return
        stopped.append(True)
        if event == "saved":
            nuke.removeOnScriptSave(told)
        else:
            nuke.removeOnScriptLoad(told)

    return stop
