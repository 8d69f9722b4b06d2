"""Find where in the tracker a package belongs: project, shot or asset, task, artist. Reads only."""

from __future__ import annotations

from typing import Any, TypedDict

from onepiece_core.errors import ProjectMissing, ShotMissing, TaskMissing
from onepiece_core.log import get_logger
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

log = get_logger(__name__)


class Wanted(TypedDict, total=False):
    """What to look for; see RegistrationTarget for the words."""

    project: dict[str, int | str]
    shot: str | None
    shot_named: bool
    task: str | None
    task_named: bool
    user: str | None


class Place(TypedDict):
    """Links, each ``{"type", "id", "name"}``; None for what is not there and was not named."""

    project: Entity
    entity: Entity | None
    task: Entity | None
    user: Entity | None


def find_place(tracker: Tracker, wanted: Wanted) -> Place:
    """Look everything up.

    Raises:
        ProjectMissing: there is none, or several have that name.
        ShotMissing: the named shot or asset is not in that project.
        TaskMissing: the named task is not on that shot.
    """
    project = find_project(tracker, wanted["project"])
    entity = _optional(_find_shot, tracker, project, wanted.get("shot"), named=wanted.get("shot_named", True))
    parent = entity or project
    task = _optional(_find_task, tracker, parent, wanted.get("task"), named=wanted.get("task_named", True))
    return Place(project=project, entity=entity, task=task, user=_find_user(tracker, wanted.get("user")))


def find_project(tracker: Tracker, wanted: dict[str, int | str]) -> Entity:
    """The project with this ``id``, ``name`` or ``code``; a name is also tried as a code."""
    (by, value), *_ = wanted.items()
    fields = ("name", "code")
    if by == "name":
        named: Filter = {"filter_operator": "any", "filters": [["name", "is", value], ["code", "is", value]]}
        found = tracker.find("Project", [named], fields)
        # "Frost" by name wins over another project whose code is "Frost".
        found = [each for each in found if each.get("name") == value] or found
    else:
        found = tracker.find("Project", [[by, "is", value]], fields)
    if not found:
        raise ProjectMissing(f"The tracker has no project with the {by} {value!r}", site=tracker.url, wanted=wanted)
    if len(found) > 1:
        names = ", ".join(f"{each.get('name')} ({each['id']})" for each in found)
        raise ProjectMissing(f"Several projects have the {by} {value!r}: {names}", site=tracker.url, wanted=wanted)
    return _link(found[0], "name")


def _optional(find: Any, tracker: Tracker, parent: Entity, text: str | None, *, named: bool) -> Entity | None:
    if not text:
        return None
    try:
        found: Entity = find(tracker, parent, text)
    except (ShotMissing, TaskMissing) as error:
        if named:
            raise
        log.warning("tracker.left_out", reason=error.report.message)
        return None
    return found


def _find_shot(tracker: Tracker, project: Entity, text: str) -> Entity:
    *parents, code = text.split("/")
    fields = ("code", "sg_sequence.Sequence.code", "sg_sequence.Sequence.episode.Episode.code")
    shots = tracker.find("Shot", [["project", "is", project], ["code", "is", code]], fields)
    shots = [each for each in shots if _has_parents(each, parents)]
    if not shots and not parents:
        shots = tracker.find("Asset", [["project", "is", project], ["code", "is", code]], ("code",))
    where = {"site": tracker.url, "project": project.get("name"), "shot": text}
    if not shots:
        raise ShotMissing(
            f"The project {project.get('name')!r} has no shot or asset {text!r}{_elsewhere(tracker, project, code)}",
            **where,
        )
    if len(shots) > 1:
        raise ShotMissing(
            f"The project {project.get('name')!r} has {len(shots)} shots called {text!r}",
            hint="Say which: SEQUENCE/SHOT or EPISODE/SEQUENCE/SHOT.",
            **where,
        )
    return _link(shots[0], "code")


def _has_parents(shot: Entity, parents: list[str]) -> bool:
    known = [shot.get("sg_sequence.Sequence.code"), shot.get("sg_sequence.Sequence.episode.Episode.code")]
    return all(asked == there for asked, there in zip(reversed(parents), known, strict=False))


def _elsewhere(tracker: Tracker, project: Entity, code: str) -> str:
    other = tracker.find_one("Shot", [["code", "is", code], ["project", "is_not", project]], ("project",))
    if other is None or not other.get("project"):
        return ""
    return f"; {code!r} is a shot of {other['project'].get('name')!r}"


def _find_task(tracker: Tracker, parent: Entity, text: str) -> Entity:
    on = ["project" if parent["type"] == "Project" else "entity", "is", parent]
    for field in ("content", "step.Step.short_name", "step.Step.code"):
        # The lowest id: a department with two tasks named its first one first.
        found = tracker.find_one("Task", [on, [field, "is", text]], ("content",))
        if found is not None:
            return _link(found, "content")
    raise TaskMissing(
        f"{parent['type']} {parent.get('name')!r} has no task {text!r}",
        site=tracker.url,
        on=parent.get("name"),
        task=text,
    )


def _find_user(tracker: Tracker, text: str | None) -> Entity | None:
    if not text:
        return None
    known: Filter = {"filter_operator": "any", "filters": [["login", "is", text], ["email", "is", text]]}
    found = tracker.find_one("HumanUser", [known], ("name",))
    return None if found is None else _link(found, "name")


def _link(entity: Entity, name_field: str) -> Entity:
    return {"type": entity["type"], "id": entity["id"], "name": entity.get(name_field)}
