"""Check an open scene by what its host told, before it is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from onepiece_core.context import Convention
from onepiece_core.errors import TrackerError, UsageError
from onepiece_core.naming import split_version
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.registration import wanted_of
from onepiece_core.publish.request import SEVERAL, PublishRequest
from onepiece_core.publish.saved import SavedRequest
from onepiece_core.publish.target import find_place_of, find_target
from onepiece_core.rules.host_facts import SceneFacts
from onepiece_core.rules.host_rule import HostFinding, SceneCheck, ShotValues
from onepiece_core.rules.host_rules import Ignored, check_scene
from onepiece_core.tracker.placing import Place, list_choices
from onepiece_core.tracker.shot_values import read_shot_values, shot_values_of
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

# The key of a manifest's metadata that holds what was ignored. It does not tell two publishes apart.
IGNORED_KEY = "onepiece.ignored"

# (key, entity types it is about, what asks the tracker): the answer, perhaps a kept one.
Ask = Callable[[str, Iterable[str], Callable[[], Any]], Any]


def ask_now(_key: str, _types: Iterable[str], ask: Callable[[], Any]) -> Any:
    """Keeps nothing."""
    return ask()


@dataclass(frozen=True)
class Taken:
    """Where a version is published already, None where it is not; ``unasked``: why the tracker could not be asked."""

    place: str | None = None
    unasked: str | None = None


def gather_scene(
    facts: SceneFacts,
    *,
    project: Entity | None,
    entity: Entity | None,
    scene_name: str | None,
    convention: Convention,
    roots: Iterable[Path],
    tracker: Tracker | None,
    taken: Taken = Taken(),
    lacking: Sequence[str] = (),
    choices: Sequence[Entity] = (),
    request: PublishRequest | None = None,
    ask: Ask = ask_now,
) -> SceneCheck:
    """What the rules look at. ``entity`` with its ``name``; a tracker that does not answer is told by a finding."""
    shot, trouble = _shot(tracker, project, entity, ask)
    return SceneCheck(
        facts=facts,
        shot=shot,
        entity=entity.get("name") if entity else None,
        roots=tuple(root.as_posix() for root in roots),
        convention=convention,
        scene_name=scene_name,
        choices=tuple(choices),
        inputs=_inputs(request) if request else {},
        taken=taken.place,
        unasked=taken.unasked,
        lacking=tuple(lacking),
        trouble=trouble,
    )


def _inputs(request: PublishRequest) -> dict[str, tuple[str, ...]]:
    return {name: tuple(path.as_posix() for path in getattr(request, name)) for name in SEVERAL}


def _shot(
    tracker: Tracker | None, project: Entity | None, entity: Entity | None, ask: Ask
) -> tuple[ShotValues | None, str | None]:
    if tracker is None:
        return None, "no site is configured, or nobody is signed in (`onepiece login`)"
    if project is None:
        return None, None
    site, row = tracker, entity or project
    try:
        told = ask(
            f"values {row['type']} {row['id']}",
            ("Shot", "Asset", "Project"),
            lambda: read_shot_values(site, project, entity),
        )
    except TrackerError as error:
        return None, error.report.message
    return shot_values_of(told, str(row.get("name") or "the shot")), None


def check_request(
    facts: SceneFacts, request: PublishRequest, place: Place | None, parts: PublishParts, *, taken: Taken = Taken()
) -> tuple[HostFinding, ...]:
    """The findings for a request. Whether its version is free, a plan finds out by itself."""
    entity = place["entity"] if place else None
    if entity and request.shot and "/" in request.shot:
        entity = {**entity, "name": request.shot}  # its code alone would fit others
    undecided = bool(place) and entity is None and parts.tracker is not None
    wanted = wanted_of(find_target(request, {}, parts))
    return check_scene(
        gather_scene(
            facts,
            project=place["project"] if place else None,
            entity=entity,
            scene_name=request.scene_name,
            convention=parts.convention,
            roots=parts.roots.folders,
            tracker=parts.tracker,
            taken=taken,
            choices=list_choices(parts.tracker, wanted) if undecided and parts.tracker else (),
            request=request,
        )
    )


def find_taken(
    scene_name: str, destination: PurePath, project: Entity | None, tracker: Tracker | None, ask: Ask = ask_now
) -> Taken:
    """Whether a publish of that name is on the disk, or registered in the project; only the disk is always asked."""
    package = Path(destination) / scene_name
    try:
        if package.exists():
            return Taken(str(package))
    except OSError:  # a name that is too long, a folder that may not be read
        pass
    if tracker is None or project is None or split_version(scene_name).version is None:
        return Taken()
    filters: list[Filter] = [["project", "is", project], ["code", "is", scene_name]]
    site = tracker
    try:
        version = ask(
            f"version {project['id']} {scene_name}",
            ("Version",),
            lambda: site.find_one("Version", filters, ("code",)),
        )
    except TrackerError as error:
        return Taken(unasked=error.report.message)
    return Taken(f"Version {version['id']} in ShotGrid") if version else Taken()


def with_ignored(metadata: Mapping[str, Any], ignored: Sequence[Ignored]) -> dict[str, Any]:
    """The metadata of a manifest that says what was ignored, and why; nobody else may say it there."""
    told = [each.model_dump(mode="json") for each in ignored]
    return {**without_ignored(metadata), **({IGNORED_KEY: told} if told else {})}


def ignored_in(metadata: Mapping[str, Any]) -> tuple[Ignored, ...]:
    """What a manifest says was ignored."""
    told = metadata.get(IGNORED_KEY)
    try:
        return tuple(Ignored.model_validate(each) for each in told) if isinstance(told, list) else ()
    except ValidationError:  # of an earlier version, where the key was free
        return ()


def without_ignored(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name != IGNORED_KEY}


def check_saved(saved: SavedRequest, parts: PublishParts) -> tuple[HostFinding, ...]:
    """The findings of a saved request.

    Raises:
        UsageError: it holds no facts of a scene.
        EntityMissing: it names a project, shot or task that an answering tracker does not have.
    """
    if saved.facts is None:
        raise UsageError(
            "The request holds no facts of a scene, so there is nothing to check.",
            hint="A request that a publish panel has saved holds them.",
        )
    request = saved.request
    place, waits = find_place_of(find_target(request, {}, parts), request, parts)
    project = place["project"] if place else None
    taken = find_taken(request.scene_name, request.destination, project, parts.tracker)
    if place is None and taken.place is None and parts.tracker is not None:
        taken = Taken(unasked=waits[0].message)
    return check_request(saved.facts, request, place, parts, taken=taken)
