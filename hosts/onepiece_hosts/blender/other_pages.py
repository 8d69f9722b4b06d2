"""The pages Recover and About of the sidebar."""

from __future__ import annotations

from typing import Any

from onepiece_hosts.blender.drawing import bar, error_box, press, text
from onepiece_hosts.errors import HostError
from onepiece_hosts.panels import words


def draw_recover(layout: Any, desk: Any, inputs: Any, width: int) -> None:
    recover = desk.recover
    if recover is None:
        press(layout, "page", "Look for Interrupted Publishes", "RECOVER_LAST", "recover")
        return
    box = layout.box()
    if recover.is_running:
        box.label(text="Finishing what was interrupted", icon="RECOVER_LAST")
        bar(box, inputs, "recovered", words.share(recover.progress) or 0.0, "Recover")
    elif recover.items is None and recover.error is None:
        box.label(text="Asking…", icon="SORTTIME")
    elif recover.items:
        box.label(text=words.plural(len(recover.items), "interrupted publish").replace("publishs", "publishes"))
        for item in recover.items:
            text(box, str(item.get("name") or item.get("scene_name") or item["operation"]), width, "FILE_BLEND")
        large = box.row()
        large.scale_y = 1.3
        press(large, "recover", "Finish Them", "RECOVER_LAST")
    elif recover.items is not None:
        text(box, "Nothing was interrupted: every publish of this machine is complete.", width, "CHECKMARK")
    for item in recover.recovered or ():
        name, outcome = item.get("name") or item.get("scene_name"), item.get("outcome") or item.get("state") or ""
        text(box, f"{name}: {outcome}", width, "CHECKMARK")
    if recover.error is not None:
        error_box(layout, recover.error, width)


def draw_about(layout: Any, desk: Any, width: int) -> None:
    session, box = desk.session, layout.box()
    box.label(text=f"OnePiece {session.installation.version}", icon="INFO")
    text(box, f"Blender {session.host.version()}", width)
    told = desk.about
    if told is None:
        box.label(text="Asking…", icon="SORTTIME")
    elif isinstance(told, HostError):
        error_box(layout, told, width)
    else:
        text(box, f"User: {told['user']}", width, "USER")
        site = told["site"] or "no site"
        text(box, f"ShotGrid: {site}" + (" (away)" if told["is_online"] is False else ""), width, "URL")
        for warning in told["warnings"]:
            text(box, warning["message"], width, "ERROR")
        press(box, "copy_about", "Copy", "COPYDOWN")
