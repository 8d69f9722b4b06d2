"""Requests about workfiles: lists, the next version, new ones, locks, what was opened lately."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onepiece_core.context import Context
from onepiece_core.dcc import find_dcc_for
from onepiece_core.errors import EntityMissing, UsageError, WorkfileMissing
from onepiece_core.naming import split_version
from onepiece_core.shown import shown
from onepiece_core.tracker.tracker import Entity, Tracker
from onepiece_core.worker.context import link
from onepiece_core.worker.loop import Call, Method
from onepiece_core.worker.session import Session
from onepiece_core.workfiles.listing import describe, list_workfiles
from onepiece_core.workfiles.places import WorkfilePlaces
from onepiece_core.workfiles.recent import list_recent, note_opened
from onepiece_core.workfiles.templates import apply_new, get_template, list_templates, plan_new
from onepiece_core.workfiles.versions import next_version

_ABOVE = ("sg_sequence.Sequence.code", "sg_sequence.Sequence.episode.Episode.code")


def workfiles(session: Session, call: Call) -> Any:
    """The workfiles of a shot or asset, newest first; ``step`` is the tracker's name of one."""
    context, places = _wanted(session, call)
    return _items([one.model_dump(mode="json") for one in list_workfiles(context, places)])


def templates(session: Session, call: Call) -> Any:
    """What a new workfile of a shot or asset may begin with; ``dcc`` leaves out what others open."""
    context, places = _wanted(session, call)
    found = list_templates(places, step=context.step, dcc=_text(call.params, "dcc"))
    return _items([one.model_dump(mode="json") for one in found])


def new(session: Session, call: Call) -> Any:
    """Make the first free version from a template; ``name`` stands where the scene's name has its task.

    Raises WorkfileTemplateMissing, WorkfileExists, NameInvalid, StorageError.
    """
    context, places = _wanted(session, call)
    chosen = get_template(places, _text(call.params, "template") or "")
    context = dataclasses.replace(
        context, step=context.step or chosen.step, task=_text(call.params, "name") or context.task
    )
    if context.step is None and "step" in places.convention.work.fields:
        raise UsageError("A new workfile lies in the folder of its step.", hint="Choose a task first.")
    path = apply_new(plan_new(context, places, dcc=chosen.dcc, template=chosen.path))
    return {"path": str(path), "version": split_version(path.stem).version, "template": chosen.model_dump(mode="json")}


def following(_session: Session, call: Call) -> Any:
    """The path of the next version: there is no such file yet."""
    path = next_version(_path(call.params))
    return {"path": str(path), "version": split_version(path.stem).version}


def recent(session: Session, _call: Call) -> Any:
    """What was opened last on this machine."""
    convention = session.settings.naming.convention()
    told = [describe(one.path, convention) for one in list_recent(session.state_dir)]
    return _items([one.model_dump(mode="json") for one in told if one is not None])


def lock(session: Session, call: Call) -> Any:
    """Lock a workfile for as long as the host is open. Raises WorkfileLocked, WorkfileMissing."""
    path = _path(call.params)
    if not path.is_file():
        raise WorkfileMissing(f"there is no file {shown(path)}", path=shown(path))
    return session.locks.take(path, steal=call.params.get("steal") is True).model_dump(mode="json")


def unlock(session: Session, call: Call) -> Any:
    """Let go of a workfile."""
    return {"released": session.locks.release(_path(call.params))}


def opened(session: Session, call: Call) -> Any:
    """A host has opened a workfile: it is the most recent now, and the locks of others before it are released."""
    path = _path(call.params)
    for held in session.locks.held - {path}:
        session.locks.release(held)
    dcc = find_dcc_for(path)
    note_opened(session.state_dir, path, dcc.name if dcc else "")
    return {}


def _wanted(session: Session, call: Call) -> tuple[Context, WorkfilePlaces]:
    """The context of ``entity`` and ``step``, and where its show keeps its workfiles."""
    entity, step, site = link(call.params, "entity"), _text(call.params, "step"), session.site()
    found = session.kept(f"where {entity['type']} {entity['id']}", [entity["type"]], lambda: _where(site, entity))
    codes: dict[str, str] = found.value
    if step:
        codes = {**codes, "step": session.kept(f"step {step}", ["Step"], lambda: _short_step(site, step)).value}
    return Context.of(codes), WorkfilePlaces.of(session.settings, codes["show"])


def _where(site: Tracker, entity: Entity) -> dict[str, str]:
    """The codes of a shot or asset, each without those above it: ep010_sc02_0010 is 0010 in sc02 in ep010."""
    above = _ABOVE if entity["type"] == "Shot" else ()
    filters = [["id", "is", entity["id"]]]
    row = site.find_one(entity["type"], filters, ("code", "project.Project.code", *above))
    if row is None:
        raise EntityMissing(f"The tracker has no {entity['type']} {entity['id']}.", **entity)
    codes = {"show": row.get("project.Project.code") or "", "asset": row["code"]}
    if entity["type"] == "Shot":
        sequence, episode = (row.get(path) or "" for path in _ABOVE)
        below = {"episode": episode, "sequence": _below(sequence, episode), "shot": _below(row["code"], sequence)}
        codes = {"show": codes["show"], **below}
    return {name: code for name, code in codes.items() if code}


def _below(code: str, above: str) -> str:
    return code.removeprefix(f"{above}_") if above else code


def _short_step(site: Tracker, name: str) -> str:
    row = site.find_one("Step", [["code", "is", name]], ("short_name",))
    return str((row or {}).get("short_name") or name)


def _items(items: list[Any]) -> dict[str, Any]:
    """As the lists of the tracker, but always of now."""
    return {"items": items, "from_cache": False, "age_seconds": None}


def _text(params: Mapping[str, Any], name: str) -> str | None:
    """None where it is left out or empty. Raises UsageError."""
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} must be a text.")
    return value or None


def _path(params: Mapping[str, Any]) -> Path:
    value = params.get("path")
    if not isinstance(value, str) or not value or "\0" in value or not Path(value).is_absolute():
        raise UsageError("A workfile is named by its whole path.")
    return Path(value)


METHODS: dict[str, Method[Session]] = {
    "workfiles.list": workfiles,
    "workfiles.next": following,
    "workfiles.recent": recent,
    "workfiles.templates": templates,
    "workfiles.new": new,
    "workfiles.lock": lock,
    "workfiles.unlock": unlock,
    "workfiles.opened": opened,
}
