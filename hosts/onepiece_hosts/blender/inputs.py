"""What the artist types and what bars show, kept at the window manager: no scene holds any of it."""

from __future__ import annotations

from typing import Any

import bpy

from onepiece_hosts.panels import words

NAME = "onepiece"
TABS = (
    ("browse", "Browse", "From the project down to the shot"),
    ("my_tasks", "My Tasks", "What is assigned to you"),
    ("recent", "Recent", "What you had open lately"),
    ("search", "Search", "Shots and assets by a part of their name"),
)


class Inputs:
    """Texts, the tab of the open-shot page, and how far a publish is."""

    desk: Any
    comment: str
    search: str
    new_name: str
    tab: str
    whole: float
    step: float


def properties(desk: Any) -> dict[str, Any]:
    """Of ``Inputs``, as Blender wants them."""
    props: Any = bpy.props

    def typed(inputs: Any, _context: Any) -> None:
        if desk.opening is not None:
            desk.opening.search(inputs.search)

    def whole(_inputs: Any) -> float:
        return desk.publish.steps.share() * 100 if desk.publish else 0.0

    def step(_inputs: Any) -> float:
        rows = desk.publish.steps.rows() if desk.publish else []
        return next(((row.share or 0.0) * 100 for row in rows if row.state == "running"), 0.0)

    def recovered(_inputs: Any) -> float:
        return (words.share(desk.recover.progress if desk.recover else None) or 0.0) * 100

    return {
        "comment": props.StringProperty(name="Comment", description="What is new in this version", maxlen=2000),
        "search": props.StringProperty(
            name="Search", description="A part of the shot's or asset's name", update=typed, options={"TEXTEDIT_UPDATE"}
        ),
        "new_name": props.StringProperty(
            name="Name", description="What the scene is called besides its shot; empty: as its task", maxlen=100
        ),
        "tab": props.EnumProperty(name="Tab", items=TABS),
        "whole": props.FloatProperty(name="Whole", min=0, max=100, subtype="PERCENTAGE", precision=0, get=whole),
        "step": props.FloatProperty(name="Step", min=0, max=100, subtype="PERCENTAGE", precision=0, get=step),
        "recovered": props.FloatProperty(
            name="Recovered", min=0, max=100, subtype="PERCENTAGE", precision=0, get=recovered
        ),
    }
