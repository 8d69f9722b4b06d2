"""Look at everything a publish needs, and change nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_core.dcc import get_dcc
from onepiece_core.errors import NameInvalid, UsageError
from onepiece_core.journal import Operation
from onepiece_core.manifest.package import PackageFrames
from onepiece_core.naming import check_scene_name, check_show_code, split_version
from onepiece_core.progress import Warned
from onepiece_core.publish.check import check_inputs
from onepiece_core.publish.claims import may_take
from onepiece_core.publish.collect import Collected, collect_inputs
from onepiece_core.publish.dependencies import list_dependencies
from onepiece_core.publish.identity import is_very_publish
from onepiece_core.publish.metadata import load_metadata
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.places import VersionPlaces
from onepiece_core.publish.registration import RegistrationTarget, path_to_frames
from onepiece_core.publish.request import PublishRequest
from onepiece_core.publish.scene_check import check_request, with_ignored
from onepiece_core.publish.target import find_place_of, find_target, refuse_registered
from onepiece_core.publish.versions import next_free_version
from onepiece_core.rules.facts import Dependency
from onepiece_core.rules.host_facts import SceneFacts
from onepiece_core.rules.host_rule import HostFinding
from onepiece_core.rules.host_rules import judge
from onepiece_core.shown import is_text, shown
from onepiece_core.storage.places import Place, parse_s3_uri, publish_place, resolve_bucket
from onepiece_core.tracker.placing import Place as TrackerPlace


@dataclass(frozen=True)
class PublishPlan:
    """What ``apply_publish`` will do, and what ``--dry-run`` shows.

    Attributes:
        request: with absolute paths; the scene name as it was asked for.
        scene_name: with its version.
        operation: the unfinished or finished operation that this is, None for a new one.
        warnings: what a person should know; none of it stops the publish.
        findings: what the checks of the open scene found; empty without facts.
    """

    request: PublishRequest
    scene_name: str
    version: int
    operation: Operation | None
    places: VersionPlaces
    collected: Collected
    metadata: dict[str, Any]
    frame_range: PackageFrames | None
    dependencies: tuple[Dependency, ...]
    target: RegistrationTarget
    warnings: tuple[Warned, ...]
    findings: tuple[HostFinding, ...] = ()

    @property
    def version_is_chosen(self) -> bool:
        """By us: the request names none."""
        return split_version(self.request.scene_name).version is None

    def as_json(self) -> dict[str, Any]:
        """The plan for ``--dry-run --json``."""
        return {
            "schema": "onepiece.publish-plan.1",
            "operation": self.operation.id if self.operation else None,
            "scene_name": self.scene_name,
            "version": self.version,
            "package": str(self.places.package),
            "s3_uri": self.places.s3_uri,
            "project": self.target.project,
            "shot": self.target.shot,
            "task": self.target.task,
            "items": [item.model_dump(mode="json") for item in self.collected.items],
            "files": len(self.collected.files),
            "bytes_total": self.collected.size_bytes,
            "frame_range": self.frame_range.model_dump() if self.frame_range else None,
            "dependencies": [{"path": each.path, "is_there": each.is_there} for each in self.dependencies],
            "warnings": [warning.model_dump() for warning in self.warnings],
            "findings": [finding.model_dump(mode="json") for finding in self.findings],
            "ignored": [each.model_dump(mode="json") for each in self.request.ignored],
        }


def plan_publish(request: PublishRequest, parts: PublishParts, facts: SceneFacts | None = None) -> PublishPlan:
    """Check the request, its inputs, the places and the tracker; with ``facts`` also the open scene.

    Raises:
        ChecksFailed: the scene has errors that the request does not ignore.
        UsageError, NameInvalid, DccUnknown: the request makes no sense.
        PublishError, MediaError, SequenceError, EditorialError: the inputs cannot be published.
        VersionExists, DestinationExists: the version is taken.
        StorageError: the store cannot be reached or refuses us.
        EntityMissing: an answering tracker has no such project, shot or task, and an option named it.
        TrackerError: with ``require_tracker``, whatever keeps the publish from being registered.
    """
    request = _absolute(request)
    _check_options(request)
    operation = _known_operation(request, parts)
    collected = _collect(request)
    metadata = load_metadata(request.metadata) if request.metadata else {}
    target = find_target(request, metadata, parts)
    there, tracker_warnings = find_place_of(target, request, parts)
    request, findings = _judged(request, facts, there, parts)
    metadata = with_ignored(metadata, request.ignored)
    used = list_dependencies(request, metadata)
    checked = check_inputs(request, collected, metadata, shot=target.shot, dependencies=used, reporter=parts.reporter)
    chosen = _choose(request, operation, collected, metadata, target, parts)
    target = _free(chosen, request, collected, target, there, parts)
    return PublishPlan(
        request=request,
        scene_name=chosen.scene_name,
        version=chosen.version,
        operation=chosen.operation,
        places=chosen.places,
        collected=collected,
        metadata=metadata,
        frame_range=checked.frame_range,
        dependencies=used,
        target=target,
        warnings=(*checked.warnings, *tracker_warnings),
        findings=findings,
    )


def _absolute(request: PublishRequest) -> PublishRequest:
    return request.with_paths(lambda path: Path(os.path.abspath(path)))  # noqa: PTH100


def _check_options(request: PublishRequest) -> None:
    _check_paths(request)
    get_dcc(request.dcc)
    check_scene_name(request.scene_name)
    check_show_code(request.show_code)
    if request.bucket is None and request.direct_upload_path is None:
        raise UsageError("A publish needs --bucket or --direct-upload-path.")
    if not (request.scene or request.renders or request.previews or request.caches or request.otio):
        raise UsageError(
            "There is nothing to publish.",
            hint="Name at least one of --scene, --renders, --previews, --caches, --otio.",
        )


def _check_paths(request: PublishRequest) -> None:
    """The journal, the manifest and the tracker hold UTF-8."""
    for name, paths in request.paths().items():
        for path in paths:
            if not is_text(path):
                option = name.replace("_", "-")
                raise NameInvalid(f"--{option}: the path {shown(path)} is not UTF-8", path=shown(path))


def _collect(request: PublishRequest) -> Collected:
    return collect_inputs(
        scene=request.scene,
        renders=request.renders,
        previews=request.previews,
        caches=request.caches,
        otio=request.otio,
    )


def _judged(
    request: PublishRequest, facts: SceneFacts | None, there: TrackerPlace | None, parts: PublishParts
) -> tuple[PublishRequest, tuple[HostFinding, ...]]:
    """The findings of the open scene, and the request with the reasons that cover some of them. Raises ChecksFailed."""
    if facts is None:
        return request, ()
    findings = check_request(facts, request, there, parts)
    return request.model_copy(update={"ignored": judge(findings, request.ignored)}), findings


def _known_operation(request: PublishRequest, parts: PublishParts) -> Operation | None:
    if request.operation is not None:
        return parts.journal.find(request.operation)
    return parts.journal.find_by_fingerprint(request.fingerprint())


def _place(request: PublishRequest, parts: PublishParts) -> Place | None:
    """The whole place named by ``direct_upload_path``; None where it follows from the scene name."""
    if request.direct_upload_path is None:
        return None
    place = parse_s3_uri(request.direct_upload_path, parts.contexts)
    if not place.prefix:
        raise UsageError(
            f"{request.direct_upload_path} names a bucket only.", hint="Add the folder: s3://BUCKET/some/folder/NAME."
        )
    return place


def _places(request: PublishRequest, scene_name: str, place: Place | None, parts: PublishParts) -> VersionPlaces:
    if place is None:
        base = resolve_bucket(request.bucket or "", parts.contexts)
        place = publish_place(request.show_type, request.show_code, scene_name, base)
    return VersionPlaces(scene_name, request.destination, parts.open_store(place.bucket), place.bucket, place.prefix)


def _version(
    request: PublishRequest,
    operation: Operation | None,
    place: Place | None,
    target: RegistrationTarget,
    parts: PublishParts,
) -> tuple[str, int]:
    named = split_version(request.scene_name)
    if named.version is not None:
        return request.scene_name, named.version
    if operation is not None:
        chosen = split_version(operation.name)
        return operation.name, chosen.version or 1
    return next_free_version(
        request.scene_name,
        lambda name: _places(request, name, place, parts),
        is_direct=place is not None,
        tracker=parts.tracker,
        target=target,
    )


@dataclass(frozen=True)
class _Chosen:
    """The version that is published, and the operation that this is, None for a new one."""

    operation: Operation | None
    scene_name: str
    version: int
    places: VersionPlaces


def _choose(
    request: PublishRequest,
    operation: Operation | None,
    collected: Collected,
    metadata: dict[str, Any],
    target: RegistrationTarget,
    parts: PublishParts,
) -> _Chosen:
    place = _place(request, parts)

    def chosen(known: Operation | None) -> _Chosen:
        scene_name, version = _version(request, known, place, target, parts)
        return _Chosen(known, scene_name, version, _places(request, scene_name, place, parts))

    found = chosen(operation)
    if operation is not None and _is_outdated(operation, request, found.places, collected, metadata):
        return chosen(None)
    return found


def _free(
    chosen: _Chosen,
    request: PublishRequest,
    collected: Collected,
    target: RegistrationTarget,
    there: TrackerPlace | None,
    parts: PublishParts,
) -> RegistrationTarget:
    """The target with its places, once nobody else has anything there. Raises VersionExists, DestinationExists."""
    places = chosen.places
    _refuse_taken(places, chosen.operation, request)
    package = str(places.package)
    project = there["project"] if there else None
    refuse_registered(parts.tracker, project, chosen.scene_name, path_to_frames(collected.items, package))
    return target.model_copy(update={"package_root": package, "s3_uri": places.s3_uri})


def _is_outdated(
    operation: Operation, request: PublishRequest, places: VersionPlaces, collected: Collected, metadata: dict[str, Any]
) -> bool:
    """Whether a publish without a number in its name is finished and its inputs have changed: the next version then."""
    if operation.state != "finished" or split_version(request.scene_name).version is not None:
        return False
    manifest = places.disk_manifest() or places.stored_manifest()
    return manifest is not None and not is_very_publish(collected, metadata, manifest)


def _refuse_taken(places: VersionPlaces, operation: Operation | None, request: PublishRequest) -> None:
    """Fail now rather than after the artist has waited: claims and packages of others."""
    mine = operation.id if operation else request.operation
    places.refuse_others(mine)
    for place, has_record in zip(places.claims(), places.has_records(), strict=True):
        standing = place.look()
        if mine is not None and standing and standing.claim and standing.claim.operation == mine:
            continue
        may_take(standing, mine or "", place.where, owner_is_dead=False, has_record=has_record)
