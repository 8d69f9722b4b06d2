"""Find where in the tracker a package belongs: project, shot or asset, task, artist. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from onepiece_core.errors import ProjectMissing, ShotMissing, TaskMissing
from onepiece_core.log import get_logger
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

log = get_logger(__name__)

# How many shots a message names.
_NAMED = 5
# What lies above a shot, from below.
_PARENTS = ("sg_sequence.Sequence.code", "sg_sequence.Sequence.episode.Episode.code")


class Wanted(TypedDict, total=False):
    """What to look for; see RegistrationTarget for the words."""

    project: dict[str, int | str]
    shot: str | None
    shot_hint: str | None
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
    entity, task = None, None
    shot, name = wanted.get("shot"), wanted.get("task")
    if shot:
        hint = wanted.get("shot_hint") or ""
        entity = _optional(lambda: _find_shot(tracker, project, shot, hint), is_named=wanted.get("shot_named", True))
    if name:
        parent = entity or project
        task = _optional(lambda: _find_task(tracker, parent, name), is_named=wanted.get("task_named", True))
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


def _optional(find: Callable[[], Entity], *, is_named: bool) -> Entity | None:
    try:
        return find()
    except (ShotMissing, TaskMissing) as error:
        if is_named:
            raise
        log.warning("tracker.left_out", reason=error.report.message)
        return None


def _find_shot(tracker: Tracker, project: Entity, text: str, hint: str) -> Entity:
    shots = _shots_meant(tracker, project, text, hint)
    if not shots:
        asset = tracker.find_one("Asset", [["project", "is", project], ["code", "is", text]], ("code",))
        shots = [asset] if asset else []
    where = {"site": tracker.url, "project": project.get("name"), "shot": text}
    if not shots:
        also = _elsewhere(tracker, project, text)
        raise ShotMissing(f"The project {project.get('name')!r} has no shot or asset {text!r}{also}", **where)
    if len(shots) > 1:
        ways = _ways(tracker, shots)
        raise ShotMissing(
            f"The project {project.get('name')!r} has {len(shots)} shots called {text!r}: {', '.join(ways[:_NAMED])}",
            hint="Say which: SEQUENCE/SHOT or EPISODE/SEQUENCE/SHOT.",
            choices=ways,
            **where,
        )
    return _link(shots[0], "code")


def _shots_meant(tracker: Tracker, project: Entity, text: str, hint: str) -> list[Entity]:
    shots = _shots_called(tracker, project, text)
    # "0010" is enough where the scene's name says ep010_sc02_0010.
    if len(shots) != 1 and _split(hint)[-1:] == [text]:
        return _shots_called(tracker, project, hint) or shots
    return shots


def list_choices(tracker: Tracker, wanted: Wanted) -> list[Entity]:
    """The shots between which ``wanted`` does not decide, each named by its way; none where there is at most one.

    Raises ProjectMissing.
    """
    text = wanted.get("shot")
    if not text:
        return []
    project = find_project(tracker, wanted["project"])
    shots = _shots_meant(tracker, project, text, wanted.get("shot_hint") or "")
    if len(shots) < 2:
        return []
    return [
        {"type": "Shot", "id": shot["id"], "name": way} for shot, way in zip(shots, _ways(tracker, shots), strict=True)
    ]


def find_way(tracker: Tracker, project: Entity, shot: Entity) -> str:
    """What to call a shot so that :func:`find_place` finds no other: its code, below what makes that unique."""
    same = tracker.find("Shot", [["project", "is", project], ["code", "is", shot["name"]]], ("code",))
    ids = [each["id"] for each in same]
    if len(same) < 2 or shot["id"] not in ids:
        return str(shot["name"])
    return _ways(tracker, same)[ids.index(shot["id"])]


def _ways(tracker: Tracker, shots: list[Entity]) -> list[str]:
    """``sc02/0010``, or ``ep010/sc02/0010`` where a sequence's code is there twice; in the order of ``shots``."""
    ways: list[str] = []
    # A site may have no episodes: they are asked for only when they are needed.
    for depth in (1, 2):
        paths = _PARENTS[:depth]
        rows = tracker.find("Shot", [["id", "in", [each["id"] for each in shots]]], ("code", *paths))
        found = {row["id"]: "/".join(row[name] for name in (*reversed(paths), "code") if row[name]) for row in rows}
        ways = [found.get(each["id"], str(each.get("code"))) for each in shots]
        if len(set(ways)) == len(ways):
            break
    return ways


def _shots_called(tracker: Tracker, project: Entity, text: str) -> list[Entity]:
    """ep010_sc02_0010 is a shot's whole code at some studios, and the shot 0010 of sc02 at others."""
    parts = _split(text)
    whole = tracker.find("Shot", [["project", "is", project], ["code", "in", [text, "_".join(parts)]]], ("code",))
    if whole or len(parts) == 1:
        return whole
    code, *parents = reversed(parts)
    # Only what is asked for: a site may have no episodes, and says no to their fields.
    paths = _PARENTS[: len(parents)]
    shots = tracker.find("Shot", [["project", "is", project], ["code", "is", code]], ("code", *paths))
    return [each for each in shots if is_below([each[path] for path in paths], parents)]


def is_below(above: list[str | None], parents: list[str]) -> bool:
    """A sequence may be called sc02 in ep010, or ep010_sc02 by itself."""
    return above == parents or above[0] == "_".join(reversed(parents))


def _split(text: str) -> list[str]:
    return text.split("/") if "/" in text else text.split("_")


def _elsewhere(tracker: Tracker, project: Entity, code: str) -> str:
    other = tracker.find_one("Shot", [["code", "is", code], ["project", "is_not", project]], ("project",))
    if other is None or not other.get("project"):
        return ""
    return f"; {code!r} is a shot of {other['project'].get('name')!r}"


def _find_task(tracker: Tracker, parent: Entity, text: str) -> Entity:
    for field in ("content", "step.Step.short_name", "step.Step.code"):
        # The lowest id: a department with two tasks named its first one first.
        found = tracker.find_one("Task", [["entity", "is", parent], [field, "is", text]], ("content",))
        if found is not None:
            return _link(found, "content")
    raise TaskMissing(
        f"The {parent['type'].lower()} {parent.get('name')!r} has no task {text!r}",
        hint="Name the shot that the task is on, too." if parent["type"] == "Project" else None,
        site=tracker.url,
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
