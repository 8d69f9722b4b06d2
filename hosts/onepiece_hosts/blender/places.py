"""From the project down to a task, as menus one below the other."""

from __future__ import annotations

from typing import Any

from onepiece_hosts.blender.drawing import press, shorten, text

LEVEL_MENU = "ONEPIECE_MT_level_"
TASK_MENU = "ONEPIECE_MT_tasks"
LEVELS = 6
_KINDS = {
    "Project": "OUTLINER_OB_GROUP_INSTANCE",
    "Episode": "FILE_MOVIE",
    "Sequence": "SEQUENCE",
    "Shot": "CAMERA_DATA",
    "Asset": "MESH_MONKEY",
}
_COLUMN = 24  # entries of a menu below each other


def draw(layout: Any, desk: Any, chooser: Any, width: int) -> None:
    """The menus, each with what has been chosen in it."""
    column = layout.column(align=True)
    for number, level in enumerate(chooser.levels[:LEVELS]):
        kind = _kind(level)
        label = level.chosen["name"] if level.chosen else _asked_for(level, kind)
        row = column.row(align=True)
        row.enabled = bool(level.items)
        row.menu(f"{LEVEL_MENU}{number}", text=shorten(label, width - 4), icon=_KINDS.get(kind, "DOT"))
        if level.error is not None:
            text(column, level.error.message, width, "ERROR")
    if chooser.path and not chooser.path[-1].get("has_children"):
        label = chooser.tasks.chosen["name"] if chooser.tasks.chosen else _asked_for(chooser.tasks, "Task")
        row = column.row(align=True)
        row.enabled = bool(chooser.tasks.items)
        row.menu(TASK_MENU, text=label, icon="CHECKBOX_HLT")
    if chooser is desk.places and chooser.path:
        press(layout, "take_place", "Use This", "CHECKMARK")


def _kind(level: Any) -> str:
    rows = [level.chosen] if level.chosen else level.items
    return str(rows[0]["type"]) if rows else "Project"


def _asked_for(level: Any, kind: str) -> str:
    if level.is_busy:
        return "Asking…"
    return f"Choose {kind.lower()}…" if level.items else "Nothing here"


class LevelMenu:
    """What can be chosen at one level."""

    bl_label = "Choose"
    desk: Any
    layout: Any
    number: int

    def draw(self, _context: Any) -> None:
        chooser = self.desk.chooser
        if chooser is None or self.number >= len(chooser.levels):
            return
        rows = chooser.levels[self.number].items
        flow = self.layout.column_flow(columns=1 + len(rows) // _COLUMN)
        for row in rows:
            key = f"{self.number} {row['type']} {row['id']}"
            press(flow, "choose", str(row["name"]), _KINDS.get(row["type"], "DOT"), key)


class TaskMenu:
    """The tasks of a shot or asset."""

    bl_idname = TASK_MENU
    bl_label = "Task"
    desk: Any
    layout: Any

    def draw(self, _context: Any) -> None:
        chooser = self.desk.chooser
        if chooser is None:
            return
        press(self.layout, "choose_task", "All tasks", "DOT", "")
        for task in chooser.tasks.items:
            press(self.layout, "choose_task", str(task["name"]), "CHECKBOX_HLT", str(task["id"]))
