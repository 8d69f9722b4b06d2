"""What each button of the sidebar does, by its name in ``drawing.press``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import bpy

from onepiece_hosts.blender.desk import FIRST_ROWS, TEMPLATES, Desk
from onepiece_hosts.errors import HostError


class Button(NamedTuple):
    """``press`` gets the desk, the text fields and what the button's row is called."""

    tooltip: str
    press: Callable[[Desk, Any, str], Any]


def find_finding(desk: Desk, row: str) -> dict[str, Any] | None:
    """The finding that a button was drawn for; None when the checks have run again since and it is another."""
    number, _, rule = row.partition(" ")
    found = desk.publish.findings if desk.publish else []
    index = int(number)
    return found[index] if index < len(found) and found[index]["rule"] == rule else None


def buttons() -> dict[str, Button]:
    """All of them."""
    return {**_publishing(), **_results(), **_places(), **_others()}


def _publishing() -> dict[str, Button]:
    return {
        "refresh": Button("Read the scene and check it again", lambda desk, _i, _r: _publish(desk).refresh()),
        "select": Button("Select in the scene what this is about", _select),
        "unignore": Button("Take this finding seriously again", _unignore),
        "publish": Button(
            "Freeze this version, upload it and register it; you can go on working meanwhile",
            lambda desk, inputs, _: _publish(desk).publish(inputs.comment),
        ),
        "dry_run": Button(
            "Show what a publish would do; nothing is changed",
            lambda desk, inputs, _: _publish(desk).publish(inputs.comment, is_dry_run=True),
        ),
        "save_request": Button(
            "Keep this publish beside the scene, to be done later or on another machine",
            lambda desk, inputs, _: _publish(desk).save_request(inputs.comment),
        ),
        "toggle": Button(
            "Leave this out of the publish, or take it in again", lambda desk, _, row: _publish(desk).toggle(row)
        ),
        "ask_cancel": Button(
            "Stop this publish: nothing of it stays", lambda desk, _i, _r: _publish(desk).ask_cancel()
        ),
        "cancel": Button("Nothing of this publish stays", lambda desk, _i, _r: _publish(desk).cancel()),
        "keep_going": Button("The publish goes on", lambda desk, _i, _r: _publish(desk).keep_going()),
        "new_publish": Button("Look at the scene from the beginning", lambda desk, _i, _r: desk.new_publish()),
    }


def _results() -> dict[str, Button]:
    return {
        "folder": Button("Open the folder of the publish", lambda desk, _i, _r: _open_folder(_links(desk)["folder"])),
        "site": Button(
            "Open the version in the browser", lambda desk, _i, _r: bpy.ops.wm.url_open(url=_links(desk)["shotgrid"])
        ),
        "copy_report": Button("Copy what was published, as text", lambda desk, _i, _r: _copy(_publish(desk).result)),
        "copy_error": Button("Copy the details for whoever helps you", _copy_error),
        "copy_about": Button("Copy this as text", lambda desk, _i, _r: _copy(desk.about)),
    }


def _places() -> dict[str, Button]:
    return {
        "place": Button("Choose another project, shot or task", lambda desk, _i, _r: desk.choose_place()),
        "take_place": Button(
            "Publish there", lambda desk, _i, _r: desk.take_place(desk.places.tasks.chosen if desk.places else None)
        ),
        "choose": Button("Go there", _choose),
        "choose_task": Button("Only what belongs to this task", _choose_task),
        "my_task": Button("Show the workfiles of this task", _my_task),
        "found": Button("Show the workfiles of this shot or asset", _found),
        "ask_new": Button("Begin a new workfile from a template", _ask_new),
    }


def _others() -> dict[str, Button]:
    return {
        "page": Button("Turn to this page", lambda desk, _i, row: desk.turn_to(row)),
        "fold": Button("Show more or less of this", lambda desk, _i, row: desk.unfold(row)),
        "more": Button("Show more rows", _more),
        "reveal": Button("Open the folder that it lies in", lambda _d, _i, row: _open_folder(os.path.dirname(row))),
        "recover": Button("Finish all publishes that were interrupted", _recover),
    }


def _publish(desk: Desk) -> Any:
    if desk.publish is None:
        desk.new_publish()
    return desk.publish


def _select(desk: Desk, _inputs: Any, row: str) -> None:
    if finding := find_finding(desk, row):
        _publish(desk).select(finding)


def _unignore(desk: Desk, _inputs: Any, row: str) -> None:
    if finding := find_finding(desk, row):
        _publish(desk).unignore(finding)


def _links(desk: Desk) -> dict[str, str]:
    return dict((_publish(desk).result or {}).get("links") or {})


def _open_folder(path: str) -> None:
    if not os.path.isdir(path):
        raise HostError("host.folder_missing", f"There is no folder {path}.", path=path)
    bpy.ops.wm.path_open(filepath=path)


def _copy(told: Any) -> None:
    manager = bpy.context.window_manager
    if manager is not None:
        manager.clipboard = json.dumps(told, indent=2, ensure_ascii=False, default=str)


def _copy_error(desk: Desk, _inputs: Any, _row: str) -> None:
    page = {"publish": desk.publish, "open_shot": desk.opening, "recover": desk.recover}.get(desk.page)
    error = desk.about if desk.page == "about" else getattr(page, "error", None)
    if isinstance(error, HostError):
        _copy(error.as_report())


def _choose(desk: Desk, _inputs: Any, row: str) -> None:
    number, kind, identity = row.split(" ")
    chooser = desk.chooser
    if chooser is None or int(number) >= len(chooser.levels):
        return
    rows = chooser.levels[int(number)].items
    found = [one for one in rows if (one["type"], str(one["id"])) == (kind, identity)]
    if found:
        _first_rows(desk)
        chooser.choose(int(number), found[0])


def _choose_task(desk: Desk, _inputs: Any, row: str) -> None:
    chooser = desk.chooser
    if chooser is not None:
        _first_rows(desk)
        chooser.choose_task(next((task for task in chooser.tasks.items if str(task["id"]) == row), None))


def _my_task(desk: Desk, _inputs: Any, row: str) -> None:
    found = [task for task in desk.opening.my_tasks.items if str(task["id"]) == row] if desk.opening else []
    if found and desk.opening:
        _first_rows(desk)
        desk.opening.choose_task(None if desk.opening.tasks.chosen is found[0] else found[0])


def _found(desk: Desk, _inputs: Any, row: str) -> None:
    kind, identity = row.split(" ")
    for one in desk.opening.found.items if desk.opening else ():
        if (one["type"], str(one["id"])) == (kind, identity) and desk.opening:
            _first_rows(desk)
            desk.opening.show_workfiles(one)


def _ask_new(desk: Desk, _inputs: Any, _row: str) -> None:
    """A second time folds the templates again."""
    desk.unfold(TEMPLATES)
    if TEMPLATES in desk.opened_rows and desk.opening:
        desk.opening.list_templates()


def _first_rows(desk: Desk) -> None:
    desk.rows = FIRST_ROWS
    desk.opened_rows.discard(TEMPLATES)


def _more(desk: Desk, _inputs: Any, _row: str) -> None:
    desk.rows += 2 * FIRST_ROWS
    desk.redraw()


def _recover(desk: Desk, _inputs: Any, _row: str) -> None:
    if desk.recover is not None:
        desk.recover.run()
