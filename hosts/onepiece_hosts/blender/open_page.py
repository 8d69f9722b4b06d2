"""The open-shot page of the sidebar."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from onepiece_hosts.blender import places
from onepiece_hosts.blender.desk import TEMPLATES
from onepiece_hosts.blender.drawing import error_box, press, shorten, text
from onepiece_hosts.panels import words

# Tasks and shots that are drawn: who has more, types more letters.
_MOST = 24


def draw(layout: Any, desk: Any, inputs: Any, width: int) -> None:
    opening = desk.opening
    if opening is None:
        press(layout, "page", "Look for a Shot", "FILE_FOLDER", "open_shot")
        return
    layout.grid_flow(row_major=True, columns=2, align=True).prop(inputs, "tab", expand=True)
    if inputs.tab == "browse":
        places.draw(layout, desk, opening, width)
    elif inputs.tab == "my_tasks":
        _draw_tasks(layout, opening, width)
    elif inputs.tab == "search":
        layout.prop(inputs, "search", text="", icon="VIEWZOOM")
        _draw_found(layout, opening.found, width)
    else:
        _draw_workfiles(layout, desk, opening.recent, width)
    if inputs.tab != "recent" and (opening.workfiles.asked or opening.workfiles.items):
        _draw_workfiles(layout, desk, opening.workfiles, width)
        if opening.can_make_new:
            _draw_new(layout, desk, inputs, width)
    if opening.error is not None:
        error_box(layout, opening.error, width)


def _draw_state(layout: Any, rows: Any, width: int, nothing: str) -> None:
    """What a list says of itself."""
    if rows.error is not None:
        text(layout, rows.error.message, width, "ERROR")
    elif rows.is_busy and not rows.items:
        layout.label(text="Asking…", icon="SORTTIME")
    elif not rows.items and rows.asked:
        text(layout, nothing, width)
    elif told := words.age(rows.age_seconds):
        faint = layout.row()
        faint.active = False
        faint.label(text=f"From memory, {told}", icon="UNLINKED")


def _draw_tasks(layout: Any, opening: Any, width: int) -> None:
    """All of them, or the chosen one alone, with its workfiles below."""
    rows, chosen = opening.my_tasks, opening.tasks.chosen
    _draw_state(layout, rows, width, "No task is assigned to you.")
    column = layout.column(align=True)
    is_one = any(task is chosen for task in rows.items)
    for task in [chosen] if is_one else rows.items[:_MOST]:
        entity = (task.get("parent") or {}).get("name") or ""
        label = shorten(f"{entity}  {task['name']}", width - 4)
        icon = "CHECKBOX_HLT" if is_one else "CHECKBOX_DEHLT"
        press(column, "my_task", label, icon, str(task["id"]), depress=is_one)


def _draw_found(layout: Any, rows: Any, width: int) -> None:
    _draw_state(layout, rows, width, "Nothing is called like that.")
    column = layout.column(align=True)
    for row in rows.items[:_MOST]:
        press(column, "found", shorten(str(row["name"]), width - 4), "CAMERA_DATA", f"{row['type']} {row['id']}")


def _draw_workfiles(layout: Any, desk: Any, rows: Any, width: int) -> None:
    box = layout.box()
    box.label(text="Workfiles", icon="FILE_BLEND")
    _draw_state(box, rows, width, "There is no workfile yet.")
    now = time.time()
    for workfile in rows.items[: desk.rows]:
        _draw_workfile(box, desk, workfile, now, width)
    if len(rows.items) > desk.rows:
        press(box, "more", f"Show {len(rows.items) - desk.rows} More", "TRIA_DOWN")


def _draw_workfile(layout: Any, desk: Any, workfile: Mapping[str, Any], now: float, width: int) -> None:
    path, lock = str(workfile["path"]), workfile.get("lock")
    is_open = f"file {path}" in desk.opened_rows
    column = layout.column(align=True)
    head = column.row(align=True)
    icon = "LOCKED" if lock else "FILE_BLEND" if path.endswith(".blend") else "FILE"
    name = path.replace("\\", "/").rpartition("/")[2]
    press(head, "fold", shorten(name, width - 4), icon, f"file {path}", depress=is_open)
    if not is_open:
        return
    box = column.box().column(align=True)
    if picture := desk.pictures.icon(desk.opening.picture(workfile)):
        box.template_icon(picture, scale=4)
    told = (workfile.get("user"), words.ago(workfile.get("modified_at"), now), words.size(workfile.get("size_bytes")))
    text(box, ", ".join(str(part) for part in told if part), width)
    if workfile.get("comment"):
        text(box, str(workfile["comment"]), width)
    if lock:
        text(box, holder(desk, lock), width, "LOCKED")
    _draw_buttons(box, desk, path, lock)


def holder(desk: Any, lock: Mapping[str, Any]) -> str:
    """Who has a workfile open."""
    if _is_ours(desk, lock):
        return "You have it open here."
    if lock["is_stale"]:
        return f"{lock['user'] or 'Somebody'} had it open on {lock['host'] or 'a machine'}, and is gone."
    return f"{lock['user'] or 'Somebody'} has it open on {lock['host'] or 'a machine'}."


def _is_ours(desk: Any, lock: Mapping[str, Any]) -> bool:
    return bool(lock["pid"] == (desk.session.worker.hello or {}).get("pid") and not lock["is_stale"])


def _draw_buttons(layout: Any, desk: Any, path: str, lock: Mapping[str, Any] | None) -> None:
    """A lock that is alive keeps everybody else out; a stale one may be taken over."""
    column = layout.column(align=True)
    if path.lower().endswith(desk.session.host.extensions):
        if lock is None or _is_ours(desk, lock):
            _opens(column, "Open", "FILE_FOLDER", path, "open")
        elif lock["is_stale"]:
            _opens(column, "Open Anyway…", "FILE_FOLDER", path, "steal")
        _opens(column, "Open as Next Version", "DUPLICATE", path, "next")
    press(column, "reveal", "Show in Folder", "FILEBROWSER", path)


def _opens(layout: Any, label: str, icon: str, path: str, way: str) -> None:
    made = layout.operator("onepiece.open", text=label, icon=icon)
    made.path, made.way = path, way


def _draw_new(layout: Any, desk: Any, inputs: Any, width: int) -> None:
    """What a new workfile may begin with, when the artist asks for it."""
    templates, is_open = desk.opening.templates, TEMPLATES in desk.opened_rows
    box = layout.box()
    press(box, "ask_new", "New Workfile…", "FILE_NEW", depress=is_open)
    if not is_open:
        return
    nothing = f"No template for {desk.session.host.label}: [workfiles.templates] in onepiece.toml names them."
    _draw_state(box, templates, width, nothing)
    if templates.items:
        box.prop(inputs, "new_name", text="Name")
    for template in templates.items:
        row = box.row()
        row.enabled = not template["is_missing"]
        told = "not there" if template["is_missing"] else template.get("step") or "any step"
        _opens(row, shorten(f"{template['name']} ({told})", width - 4), "FILE_BLEND", template["id"], "new")
