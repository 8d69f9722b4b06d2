"""The operators behind our buttons."""

from __future__ import annotations

from typing import Any

import bpy

from onepiece_hosts.blender.buttons import buttons, find_finding
from onepiece_hosts.blender.drawing import PRESS, text
from onepiece_hosts.blender.open_page import holder
from onepiece_hosts.errors import HostError

_WIDTH = 360
_LETTERS = 52


class Press:
    """Any button that changes nothing in the scene."""

    bl_idname = PRESS
    bl_label = "OnePiece"
    bl_options = {"INTERNAL"}
    desk: Any
    button: str
    row: str

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        found = buttons().get(properties.button)
        return found.tooltip if found else ""

    def execute(self, context: Any) -> set[str]:
        try:
            buttons()[self.button].press(self.desk, context.window_manager.onepiece, self.row)
        except HostError as error:
            self.desk.session.tell(error)
        self.desk.redraw()
        return {"FINISHED"}


class Fix:
    """Repair this in the scene, and check again"""

    bl_idname = "onepiece.fix"
    bl_label = "Fix"
    bl_options = {"INTERNAL"}
    desk: Any
    row: str

    def execute(self, _context: Any) -> set[str]:
        finding = find_finding(self.desk, self.row)
        if finding is None:
            return {"CANCELLED"}
        self.desk.publish.fix(finding)
        if finding["fix"] != "scene.save":  # whatever can be undone makes a scene modified
            bpy.ops.ed.undo_push(message="OnePiece: Fix")
        return {"FINISHED"}


class Ignore:
    """Publish in spite of this; the reason stays with the publish"""

    bl_idname = "onepiece.ignore"
    bl_label = "Ignore This Finding"
    bl_options = {"INTERNAL"}
    desk: Any
    layout: Any
    row: str
    reason: str

    def invoke(self, context: Any, _event: Any) -> set[str]:
        self.reason = ""
        found: set[str] = context.window_manager.invoke_props_dialog(self, width=_WIDTH)
        return found

    def draw(self, _context: Any) -> None:
        finding = find_finding(self.desk, self.row)
        text(self.layout, finding["message"] if finding else "", _LETTERS, "INFO")
        self.layout.activate_init = True
        self.layout.prop(self, "reason", text="Reason")

    def execute(self, _context: Any) -> set[str]:
        finding = find_finding(self.desk, self.row)
        if finding is None:
            return {"CANCELLED"}
        if not self.reason.strip():
            self.report({"WARNING"}, "A finding is ignored for a reason: nothing was changed.")  # type: ignore[attr-defined]
            return {"CANCELLED"}
        self.desk.publish.ignore(finding, self.reason)
        return {"FINISHED"}


class Open:
    """Open this workfile here

    For a new workfile, ``path`` is the id of its template.
    """

    bl_idname = "onepiece.open"
    bl_label = "Open Workfile"
    bl_options = {"INTERNAL"}
    desk: Any
    layout: Any
    path: str
    way: str
    changes: str

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        return {
            "next": "Open a copy of this workfile under the next free version",
            "steal": "Take over the lock of somebody who is gone, and open it",
            "new": "Make the first free version from this template, and open it here",
        }.get(properties.way, "Open this workfile here; others see that you have it")

    def invoke(self, context: Any, _event: Any) -> set[str]:
        self.changes = "save" if self.desk.session.host.scene_path() else "discard"
        if self.way == "steal" or self.desk.session.host.is_modified():
            found: set[str] = context.window_manager.invoke_props_dialog(self, width=_WIDTH)
            return found
        return self.execute(context)

    def draw(self, _context: Any) -> None:
        lock = (self._row() or {}).get("lock")
        if self.way == "steal" and lock:
            text(self.layout, f"{holder(self.desk, lock)} Open it, and take the lock over?", _LETTERS, "LOCKED")
        if self.desk.session.host.is_modified():
            text(self.layout, "The scene that is open has changes that are not saved.", _LETTERS, "ERROR")
            if self.desk.session.host.scene_path():
                self.layout.row().prop(self, "changes", expand=True)
            else:
                text(self.layout, "It was never saved: they will be lost.", _LETTERS)

    def execute(self, context: Any) -> set[str]:
        host, opening, row = self.desk.session.host, self.desk.opening, self._row()
        if row is None:
            return {"CANCELLED"}
        try:
            if host.is_modified() and host.scene_path() and self.changes == "save":
                host.save()
        except HostError as error:
            self.desk.session.tell(error)
            return {"CANCELLED"}
        if self.way == "new":
            opening.new_workfile(row, context.window_manager.onepiece.new_name)
        elif self.way == "next":
            opening.open_as_next_version(row)
        else:
            opening.open_workfile(row, steal=self.way == "steal")
        return {"FINISHED"}

    def _row(self) -> dict[str, Any] | None:
        """The workfile or the template that the button was drawn for."""
        opening = self.desk.opening
        if opening is None:
            return None
        if self.way == "new":
            return next((one for one in opening.templates.items if one["id"] == self.path), None)
        return next(
            (one for one in (*opening.workfiles.items, *opening.recent.items) if one["path"] == self.path), None
        )


def operators() -> list[tuple[type, dict[str, Any]]]:
    """Each kind with its properties."""
    props: Any = bpy.props
    words = props.StringProperty
    ways = (("save", "Save Them First", "Save the scene, then open"), ("discard", "Lose Them", "Open without saving"))
    hidden = {"HIDDEN", "SKIP_SAVE"}
    return [
        (Press, {"button": words(options=hidden), "row": words(options=hidden)}),
        (Fix, {"row": words(options=hidden)}),
        (Ignore, {"row": words(options=hidden), "reason": words(name="Reason", options={"SKIP_SAVE"})}),
        (
            Open,
            {
                "path": words(options=hidden),
                "way": words(default="open", options=hidden),
                "changes": props.EnumProperty(name="Changes", items=ways, default="save"),
            },
        ),
    ]
