"""Start-up in Blender: the session, the menu, the panels; and their end, which leaves no trace."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import bpy

from onepiece_hosts.blender import inputs, menu, places, sidebar
from onepiece_hosts.blender.adapter import BlenderHost
from onepiece_hosts.blender.bound import bound
from onepiece_hosts.blender.desk import PAGES, Desk
from onepiece_hosts.blender.operators import operators
from onepiece_hosts.blender.panel import Panel
from onepiece_hosts.blender.redraw import SPACES
from onepiece_hosts.installation import find_installation
from onepiece_hosts.session import HostSession


def start(file: str) -> Callable[[], None]:
    """Bring OnePiece up for the installation that ``file`` lies in; the answer takes it down again.

    Raises:
        HostError: there is no sound installation above ``file``.
    """
    session = HostSession(BlenderHost(), find_installation(file))
    session.tell = sidebar.tell
    desk = Desk(session)
    session.show = {page: _shows(desk, page) for page in PAGES}
    stop = register(desk)
    # Blender has not read its first scene yet while it enables add-ons.
    bpy.app.timers.register(session.answer_launch, first_interval=0.0, persistent=True)

    def end() -> None:
        stop()
        desk.end()
        session.end()
        _forget(os.path.join(session.installation.folder, "python"))

    return end


def register(desk: Desk) -> Callable[[], None]:
    """The classes, the properties and the menu of one desk."""
    made = desk.classes = _classes(desk)
    for kind in made:
        bpy.utils.register_class(kind)
    owner: Any = bpy.types.WindowManager
    props: Any = bpy.props
    setattr(owner, inputs.NAME, props.PointerProperty(type=made[0]))
    bar: Any = bpy.types.TOPBAR_MT_editor_menus
    bar.append(menu.draw_in_bar)

    def unregister() -> None:
        bar.remove(menu.draw_in_bar)
        delattr(owner, inputs.NAME)
        for kind in reversed(made):
            bpy.utils.unregister_class(kind)

    return unregister


def _forget(folder: str) -> None:
    """Another version that is switched on afterwards loads its own modules."""
    sys.path[:] = [path for path in sys.path if os.path.normpath(path) != os.path.normpath(folder)]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("onepiece_hosts", "onepiece_shelves")]:
        del sys.modules[name]


def _shows(desk: Desk, page: str) -> Callable[[HostSession], None]:
    def show(_session: HostSession) -> None:
        desk.turn_to(page)
        if not bpy.app.background:
            sidebar.bring_up(desk)

    return show


def _classes(desk: Desk) -> list[Any]:
    """The first one holds what is typed."""
    types: Any = bpy.types
    made = [bound(inputs.Inputs, types.PropertyGroup, desk, name="OnePieceInputs", properties=inputs.properties(desk))]
    made += [
        bound(kind, types.Operator, desk, name=f"OnePiece{kind.__name__}", properties=given)
        for kind, given in operators()
    ]
    props: Any = bpy.props
    tool = {"tool": props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})}
    made.append(bound(menu.ToolOperator, types.Operator, desk, name="OnePieceTool", properties=tool))
    made.append(bound(menu.Menu, types.Menu, desk, name=menu.MENU))
    made.append(bound(places.TaskMenu, types.Menu, desk, name=places.TASK_MENU))
    for number in range(places.LEVELS):
        name = f"{places.LEVEL_MENU}{number}"
        made.append(bound(places.LevelMenu, types.Menu, desk, name=name, bl_idname=name, number=number))
    for space in SPACES:
        name = f"ONEPIECE_PT_{space.lower()}"
        made.append(bound(Panel, types.Panel, desk, name=name, bl_idname=name, bl_space_type=space))
    return made
