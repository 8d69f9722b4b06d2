"""Requests about the tracker's hierarchy: projects, what is below, tasks, a search, a guess from a path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from onepiece_core.context import Context
from onepiece_core.errors import EntityMissing, TrackerUnavailable, UsageError
from onepiece_core.tracker.placing import Wanted, find_place, list_choices
from onepiece_core.tracker.tracker import Entity, Filter, Tracker
from onepiece_core.worker.loop import Call, Method
from onepiece_core.worker.session import Session

# What names a row of each type.
_NAMES = {"Project": "name", "Task": "content"}
# What lies below a row: the type, and its field that points up.
_BELOW = {
    "Project": (("Episode", "project"), ("Sequence", "project"), ("Asset", "project")),
    "Episode": (("Sequence", "episode"),),
    "Sequence": (("Shot", "sg_sequence"),),
}
# What tells a shot from another of its code.
_ABOVE = ("Project", "Episode", "Sequence", "Shot")
_SEARCHED = ("Shot", "Asset", "Sequence")
_MOST = 50
# Nobody works on these any more, whatever the site calls the others.
_OVER = ["fin", "omt", "na"]


def projects(session: Session, _call: Call) -> Any:
    """All that are not archived, by name."""
    site = session.site()
    return session.items("projects", ["Project"], lambda: _rows(site, "Project", [["archived", "is_not", True]]))


def children(session: Session, call: Call) -> Any:
    """What lies below a project, episode or sequence; sequences of an episode are not repeated below their project."""
    parent, site = link(call.params, "parent"), session.site()
    below = _BELOW.get(parent["type"], ())

    def ask() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for kind, field in below:
            filters: list[Filter] = [[field, "is", parent]]
            if parent["type"] == "Project" and kind == "Sequence" and found:
                filters.append(["episode", "is", None])
            found += _rows(site, kind, filters)
        return found

    return session.items(f"children {parent['type']} {parent['id']}", [kind for kind, _ in below], ask)


def tasks(session: Session, call: Call) -> Any:
    """The tasks of a shot or asset, in the order of the site."""
    entity, site = link(call.params, "entity"), session.site()

    def ask() -> list[dict[str, Any]]:
        return _tasks(site, [["entity", "is", entity]])

    return session.items(f"tasks {entity['type']} {entity['id']}", ["Task"], ask)


def my_tasks(session: Session, _call: Call) -> Any:
    """What the artist has to do."""
    site = session.site()

    def ask() -> list[dict[str, Any]]:
        person = site.find_one("HumanUser", [["login", "is", session.user]])
        if person is None:
            return []
        return _tasks(site, [["task_assignees", "is", person], ["sg_status_list", "not_in", _OVER]])

    return session.items(f"my tasks {session.user}", ["Task", "HumanUser"], ask)


def search(session: Session, call: Call) -> Any:
    """Shots, assets and sequences whose code holds the text."""
    text, project, site = call.params.get("text"), call.params.get("project"), session.site()
    if not isinstance(text, str) or not text.strip():
        raise UsageError("A search needs a text.")
    within: list[Filter] = [["project", "is", link(call.params, "project")]] if project else []

    def ask() -> list[dict[str, Any]]:
        filters: list[Filter] = [["code", "contains", text.strip()], *within]
        return [row for kind in _SEARCHED for row in _rows(site, kind, filters, limit=_MOST)]

    where = project["id"] if project else "all"
    return session.items(f"search {where} {text.strip().casefold()}", _SEARCHED, ask)


def guess(session: Session, call: Call) -> Any:
    """Where a scene belongs, as its path tells; the links are None where the site is away or has no such row."""
    path = call.params.get("path")
    if not isinstance(path, str) or not path:
        raise UsageError("A guess needs a path.")
    told, links = place_of(session, PurePath(path))
    return {**told.values(), "show_code": told.show, "scene_name": PurePath(path).stem, **links}


def place_of(session: Session, path: PurePath) -> tuple[Context, dict[str, Entity | None]]:
    """What a scene's path tells, and the rows that it means: project, entity and task."""
    told = _told(session, path)
    links: dict[str, Entity | None] = dict.fromkeys(("project", "entity", "task"))
    tracker = session.find_site()
    if tracker is None or not told.show:
        return told, links
    wanted = _wanted(told)
    key = f"place {told.show} {told.shot_path or told.asset} {wanted['task']}"
    try:
        found = session.kept(key, (*_ABOVE, "Asset", "Task"), lambda: dict(find_place(tracker, wanted))).value
    except (EntityMissing, TrackerUnavailable):
        return told, links
    return told, {name: found[name] for name in links}


def choices_of(session: Session, told: Context) -> list[Entity]:
    """The shots between which a scene's path does not decide, each named by its way; none where the site is away."""
    tracker = session.find_site()
    if tracker is None or not told.show or not told.shot_path:
        return []
    key = f"choices {told.show} {told.shot_path}"
    try:
        found: list[Entity] = session.kept(key, _ABOVE, lambda: list_choices(tracker, _wanted(told))).value
    except (EntityMissing, TrackerUnavailable):
        return []
    return found


def _wanted(told: Context) -> Wanted:
    name = told.shot_path or told.asset
    return {
        "project": {"code": told.show or ""},
        "shot": name and name.replace("/", "_"),
        "shot_hint": told.shot_path,
        "shot_named": False,
        "task": told.task or told.step or told.asset,
        "task_named": False,
    }


def _told(session: Session, path: PurePath) -> Context:
    naming = session.settings.naming
    for code in (None, *naming.shows):
        found = naming.convention(code).parse_path(path)
        if found.show:
            return found
    return Context()


def link(params: Mapping[str, Any], name: str) -> Entity:
    """A row named by a panel. Raises UsageError."""
    value = params.get(name)
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or type(value.get("id")) is not int:
        raise UsageError(f"{name} must be an entity with type and id.")
    return {"type": value["type"], "id": value["id"]}


def _rows(site: Tracker, kind: str, filters: list[Filter], limit: int = 0) -> list[dict[str, Any]]:
    name = _NAMES.get(kind, "code")
    status = "sg_status" if kind == "Project" else "sg_status_list"
    extra: tuple[str, ...] = ("code",) if kind == "Project" else ("project",)
    if kind == "Shot":
        extra = (*extra, "sg_sequence")
    rows = site.find(
        kind, filters, (name, status, "image", *extra), order=[{"field_name": name, "direction": "asc"}], limit=limit
    )
    return [
        {
            "type": kind,
            "id": row["id"],
            "name": row.get(name),
            "code": row.get("code"),
            "status": row.get(status),
            "image": row.get("image"),
            "parent": row.get("sg_sequence") or row.get("project"),
            "has_children": kind in _BELOW,
        }
        for row in rows
    ]


def _tasks(site: Tracker, filters: list[Filter]) -> list[dict[str, Any]]:
    fields = ("content", "step", "sg_status_list", "entity", "project", "task_assignees", "due_date")
    rows = site.find("Task", filters, fields, order=[{"field_name": "id", "direction": "asc"}])
    return [
        {
            "type": "Task",
            "id": row["id"],
            "name": row.get("content"),
            "status": row.get("sg_status_list"),
            "step": row.get("step"),
            "parent": row.get("entity"),
            "project": row.get("project"),
            "assignees": row.get("task_assignees") or [],
            "due_date": row.get("due_date"),
            "has_children": False,
        }
        for row in rows
    ]


METHODS: dict[str, Method[Session]] = {
    "context.projects": projects,
    "context.children": children,
    "context.tasks": tasks,
    "context.my_tasks": my_tasks,
    "context.search": search,
    "context.guess": guess,
}
