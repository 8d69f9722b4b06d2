"""Propose a publish of an open scene: what a panel's Publish button sends unless the artist changes it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from onepiece_core.config import Settings
from onepiece_core.context import Context
from onepiece_core.errors import ConfigError, NameInvalid, PathEscapes, UsageError
from onepiece_core.publish.outputs import FoundOutput
from onepiece_core.publish.request import PublishRequest
from onepiece_core.publish.tree import ItemRole, item_id
from onepiece_core.rules.host_facts import SceneFacts
from onepiece_core.system import this_system

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLACES = ("work", "scene_folder", "publish")
# What a publish cannot do without; of two that stand together one is enough.
_NEEDED = (("scene_name",), ("show_code",), ("destination",), ("bucket", "direct_upload_path"))


@dataclass(frozen=True)
class PublishContext:
    """Where a publish belongs, as it was chosen or guessed.

    Attributes:
        show_code: of the project.
        project: its name in the tracker, when it is not the one whose code is ``show_code``.
        shot: the shot or asset, as the tracker finds it in the project.
        told: what the scene's path tells.
    """

    show_code: str | None = None
    project: str | None = None
    shot: str | None = None
    task: str | None = None
    told: Context = field(default_factory=Context)


@dataclass(frozen=True)
class Proposal:
    """``request`` is None while something is lacking; ``lacking`` names the request's fields."""

    request: PublishRequest | None
    lacking: tuple[str, ...] = ()


def propose_request(
    facts: SceneFacts,
    outputs: Sequence[FoundOutput],
    context: PublishContext,
    settings: Settings,
    overrides: Mapping[str, Any] | None = None,
) -> Proposal:
    """A request for the scene and what it has rendered. ``overrides`` win; an empty text takes a value away.

    ``excluded`` among them are the ids of items of the tree (``publish/tree.py``) that stay out.

    Raises:
        UsageError: an override is no field of a request, or no value for it.
        ConfigError: ``publish.destination`` has a placeholder that nobody knows.
    """
    scene = PurePath(facts.scene) if facts.scene else None
    overrides = dict(overrides or {})
    chosen = _Chosen(outputs, _excluded(overrides.pop("excluded", None)))
    values: dict[str, Any] = {
        "dcc": facts.host,
        "scene": None if "scene" in chosen.excluded else facts.scene,
        "scene_name": scene.stem if scene else None,
        "show_code": context.show_code,
        "destination": _destination(scene, context, settings),
        "bucket": settings.publish.bucket or _default(settings, "bucket"),
        "show_type": settings.publish.show_type or _default(settings, "show-type"),
        "project": context.project,
        "shot": context.shot,
        "task": context.task,
        "renders": chosen.renders(scene),
        "previews": chosen.paths("preview", ("movie",)),
        "caches": chosen.paths("cache", ("cache",)),
    }
    values |= overrides
    values = {name: value for name, value in values.items() if value not in (None, "", ())}
    lacking = tuple(names[0] for names in _NEEDED if not any(name in values for name in names))
    fillers = {"scene_name": "x", "show_code": "X", "destination": "/"}
    request = _validated({**fillers, **values})  # what is wrong is told before what is lacking
    return Proposal(None if lacking else request, lacking)


def _validated(values: Mapping[str, Any]) -> PublishRequest:
    try:
        return PublishRequest.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "request"
        raise UsageError(f"The request is not sound: {place}: {first['msg']}.") from error


def _default(settings: Settings, option: str) -> str | None:
    """What the shell's ``dcc publish`` would take."""
    table: object = settings.commands
    for name in ("dcc", "publish"):
        table = table.get(name) if isinstance(table, dict) else None
    for key, value in table.items() if isinstance(table, dict) else ():
        if key.replace("_", "-") == option and isinstance(value, str):
            return value
    return None


# Where to


def _destination(scene: PurePath | None, context: PublishContext, settings: Settings) -> str | None:
    if scene is None:
        return None
    template = settings.publish.destination
    if template is None:
        if told := _default(settings, "destination"):
            return told
        work = _work_folder(scene)
        return str((work.parent if work else scene.parent) / "publish")
    parts = {name: _part(name, scene, context, settings) for name in _PLACEHOLDER.findall(template)}
    if None in parts.values():
        return None
    return os.path.normpath(_PLACEHOLDER.sub(lambda match: parts[match[1]] or "", template))


def _part(name: str, scene: PurePath, context: PublishContext, settings: Settings) -> str | None:
    """What a placeholder of ``publish.destination`` stands for; None when that is not known."""
    if name == "work":
        return str(_work_folder(scene) or scene.parent)
    if name == "scene_folder":
        return str(scene.parent)
    if name == "publish":
        return _publish_folder(scene, context, settings)
    if name not in Context.__dataclass_fields__:
        known = ", ".join((*_PLACES, *Context.__dataclass_fields__))
        raise ConfigError(
            f"publish.destination has a placeholder {{{name}}} that nobody knows.", hint=f"Known: {known}."
        )
    value = context.show_code if name == "show" else context.told.values().get(name)
    return f"{value:03d}" if isinstance(value, int) else value


def _work_folder(scene: PurePath) -> PurePath | None:
    """The folder called ``work`` that the scene lies in."""
    return next((parent for parent in scene.parents if parent.name == "work"), None)


def _publish_folder(scene: PurePath, context: PublishContext, settings: Settings) -> str | None:
    """The folder that ``naming.publish`` gives, below the root of the scene; None when the context is not enough."""
    roots = list(settings.roots_for(this_system()).values())
    root = next((root for root in roots if scene.is_relative_to(root)), roots[0] if roots else None)
    if root is None:
        return None
    convention = settings.naming.convention(context.show_code)
    told = context.told
    known = Context(**{**told.values(), "show": context.show_code or told.show})  # type: ignore[arg-type]
    try:
        return str(root / convention.folder(convention.publish, known))
    except (NameInvalid, PathEscapes):
        return None


# What


_RENDERED = ("sequence", "image")


@dataclass(frozen=True)
class _Chosen:
    """The outputs that are on disk, but for what the artist took out."""

    outputs: Sequence[FoundOutput]
    excluded: frozenset[str]

    def renders(self, scene: PurePath | None) -> tuple[str, ...]:
        """All outputs; where a folder holds them all and only them, that folder: so it keeps its tree."""
        found = self._found("render", _RENDERED)
        every = [each for each in self.outputs if each.is_there and each.output.kind in _RENDERED]
        if len(found) > 1 and len(found) == len(every) and (shared := _shared_folder(found, scene)):
            return (shared,)
        return _once(found)

    def paths(self, role: ItemRole, kinds: tuple[str, ...]) -> tuple[str, ...]:
        return _once(self._found(role, kinds))

    def _found(self, role: ItemRole, kinds: tuple[str, ...]) -> list[FoundOutput]:
        return [
            each
            for each in self.outputs
            if each.is_there
            and each.output.is_enabled
            and each.output.kind in kinds
            and item_id(role, each.output.id) not in self.excluded
        ]


def _once(found: Sequence[FoundOutput]) -> tuple[str, ...]:
    """Their paths: two nodes may write the same files."""
    return tuple(dict.fromkeys(each.output.path for each in found))


def _excluded(told: Any) -> frozenset[str]:
    if told is None:
        return frozenset()
    if not isinstance(told, list | tuple) or not all(isinstance(each, str) for each in told):
        raise UsageError("excluded must hold the ids of items.")
    return frozenset(told)


def _shared_folder(found: Sequence[FoundOutput], scene: PurePath | None) -> str | None:
    folders = {each.folder for each in found}
    try:
        shared = os.path.commonpath(folders)
    except ValueError:  # two drives
        return None
    if scene is not None and scene.is_relative_to(shared):
        return None  # everything that lies beside the scene would come along
    above = {str(PurePath(folder).parent) for folder in folders}
    if shared not in folders and above != {shared}:
        return None
    mine = {each.folder: set[str]() for each in found}
    for each in found:
        mine[each.folder].update(each.names)
    return shared if _holds_only(Path(shared), mine) else None


def _holds_only(folder: Path, mine: Mapping[str, set[str]]) -> bool:
    """Whether each folder of outputs, and ``folder`` above them, has nothing but those outputs in it."""
    for path in {str(folder), *mine}:
        known = mine.get(path, set())
        below = {PurePath(other).name for other in mine if PurePath(other).parent == PurePath(path)}
        try:
            names = {name for name in os.listdir(path) if not name.startswith(".")}  # noqa: PTH208 - only names
        except OSError:
            return False
        if names - known - below:
            return False
    return True
