"""A new workfile from a template: ``plan_new()``, then ``apply_new()``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from onepiece_core.context import Context
from onepiece_core.dcc import Dcc, find_dcc_for, get_dcc
from onepiece_core.errors import DccUnknown, WorkfileTemplateMissing
from onepiece_core.filesystems import make_folders
from onepiece_core.shown import shown
from onepiece_core.workfiles.places import WorkfilePlaces
from onepiece_core.workfiles.versions import newest_version, next_version, save_next_copy

ANY_STEP = "*"


class WorkfileTemplate(BaseModel, frozen=True):
    """A template that the settings name. ``id`` tells it from the others; ``is_missing``: its file is not there."""

    id: str
    name: str
    dcc: str
    step: str | None
    path: Path
    is_missing: bool


class NewWorkfile(BaseModel, frozen=True, serialize_by_alias=True):
    """What is going to be made: a copy of ``template`` at ``path``."""

    schema_: Literal["onepiece.new-workfile.1"] = Field("onepiece.new-workfile.1", alias="schema")
    dcc: str
    template: Path
    path: Path


def list_templates(
    places: WorkfilePlaces, *, step: str | None = None, dcc: str | None = None
) -> list[WorkfileTemplate]:
    """What a new workfile may begin with: those of ``step``, then those of any step; without a step all there are.

    Raises DccUnknown.
    """
    wanted = get_dcc(dcc).name if dcc else None
    found = [
        _described(name, of, path)
        for name, files in places.templates.items()
        if wanted in (None, name)
        for of, path in files.items()
        if step is None or of in (step, ANY_STEP)
    ]
    return sorted(found, key=lambda one: (one.step is None, one.dcc, one.step or ""))


def get_template(places: WorkfilePlaces, template_id: str) -> WorkfileTemplate:
    """Raises WorkfileTemplateMissing."""
    found = next((one for one in list_templates(places) if one.id == template_id), None)
    if found is None:
        raise WorkfileTemplateMissing(
            f"the settings name no template {shown(template_id)}",
            hint="onepiece.toml was changed meanwhile: look at the list again.",
            template=template_id,
        )
    return found


def _described(dcc: str, step: str, path: Path) -> WorkfileTemplate:
    of = None if step == ANY_STEP else step
    return WorkfileTemplate(
        id=f"{dcc}/{step}", name=path.stem, dcc=dcc, step=of, path=path, is_missing=not path.is_file()
    )


def plan_new(context: Context, places: WorkfilePlaces, *, dcc: str | None, template: Path | None = None) -> NewWorkfile:
    """The first free version of a context's scene, made from ``template`` or from what the settings name.

    Raises:
        DccUnknown, WorkfileTemplateMissing: no such DCC, no such template.
        NameInvalid, PathEscapes: the context is not complete.
    """
    chosen = get_dcc(dcc) if dcc else None
    if template is None:
        template, chosen = _template(context, places, chosen)
    if not template.is_file():
        raise WorkfileTemplateMissing(f"there is no template {shown(template)}", template=shown(template))
    opens = find_dcc_for(template)
    if opens is None or (chosen and opens != chosen):
        wanted = chosen.label if chosen else "No DCC"
        raise DccUnknown(f"{wanted} opens no {shown(template.name)}", template=shown(template))
    named = dataclasses.replace(context, asset=context.asset or context.task or context.step, version=1)
    folder = places.folder(context, opens.name)
    name = f"{places.convention.scene_name(named)}{template.suffix.lower()}"
    return NewWorkfile(dcc=opens.name, template=template, path=_free(folder / name))


def apply_new(plan: NewWorkfile) -> Path:
    """Make the workfile; it appears whole. Raises WorkfileExists, StorageError."""
    make_folders(plan.path.parent)
    return save_next_copy(plan.template, target=plan.path)


def _template(context: Context, places: WorkfilePlaces, dcc: Dcc | None) -> tuple[Path, Dcc]:
    """The settings' template for the step, else for any step; without a DCC there must be only one."""
    found = {
        name: files[step]
        for name, files in places.templates.items()
        if dcc is None or name == dcc.name
        for step in (ANY_STEP, context.task, context.step)  # the last that fits wins
        if step is not None and step in files
    }
    step = context.step or context.task or ANY_STEP
    if not found:
        name = dcc.name if dcc else "nuke"
        raise WorkfileTemplateMissing(
            f"the settings name no template for {step}" + (f" in {dcc.label}" if dcc else ""),
            hint=f'Add one to onepiece.toml: [workfiles.templates.{name}] "{step}" = "FILE". Or name it: --template.',
            step=step,
        )
    if len(found) > 1:
        raise WorkfileTemplateMissing(
            f"{' and '.join(sorted(found))} have templates for {step}", hint="Choose with --dcc.", dccs=sorted(found)
        )
    name, template = found.popitem()
    return template, get_dcc(name)


def _free(path: Path) -> Path:
    """``path``, which is version 1, or the version after the newest one there is."""
    if not path.parent.is_dir() or newest_version(path) == 0:
        return path
    return next_version(path)
