"""Where in the tracker a publish belongs, and whether it is there already."""

from __future__ import annotations

from typing import Any

from onepiece_core.context import Context, Convention
from onepiece_core.errors import (
    OnePieceError,
    ProjectMissing,
    ShotMissing,
    TrackerDenied,
    TrackerNotConfigured,
    TrackerUnavailable,
    VersionExists,
)
from onepiece_core.naming import split_version, with_version
from onepiece_core.progress import Warned
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.registration import RegistrationTarget, wanted_of
from onepiece_core.publish.request import PublishRequest
from onepiece_core.tracker.placing import Place, find_place, list_choices
from onepiece_core.tracker.tracker import Entity, Filter, Tracker


def find_target(request: PublishRequest, metadata: dict[str, Any], parts: PublishParts) -> RegistrationTarget:
    """Where the publish belongs as its options, its metadata and its name tell; the tracker is not asked."""
    guessed = guess_context(request.scene_name, parts.convention)
    told = metadata.get("shot")
    path = guessed.shot_path
    return RegistrationTarget(
        project={"name": request.project} if request.project is not None else {"code": request.show_code},
        named=request.project is not None,
        shot=request.shot or (told if isinstance(told, str) and told else path and path.replace("/", "_")),
        shot_hint=path,
        shot_named=request.shot is not None,
        task=request.task or guessed.task or guessed.asset,
        task_named=request.task is not None,
        package_root="",
        s3_uri="",
        comment=request.comment,
        user=parts.user,
    )


def find_place_of(
    target: RegistrationTarget, request: PublishRequest, parts: PublishParts
) -> tuple[Place | None, list[Warned]]:
    """The tracker's project and shot; None with a warning when the registration will have to wait."""
    if parts.tracker is None:
        missing = TrackerNotConfigured("No ShotGrid site is configured: the registration waits in the outbox.")
        return None, _waits(missing, request)
    try:
        place = find_place(parts.tracker, wanted_of(target))
        return place, [] if place["entity"] else _undecided(list_choices(parts.tracker, wanted_of(target)))
    except (TrackerUnavailable, TrackerDenied) as error:
        return None, _waits(error, request)
    except ProjectMissing as error:
        # A project that no option named may come later: the registration waits for it.
        if target.named:
            raise
        return None, _waits(error, request)


def _undecided(choices: list[Entity]) -> list[Warned]:
    """A guess that may mean several shots takes none of them."""
    if not choices:
        return []
    names = ", ".join(str(each["name"]) for each in choices)
    message = f"The scene's name may mean several shots: {names}. The publish is registered without one."
    return [Warned(code=ShotMissing.code, message=message, hint="Say which with --shot.")]


def refuse_registered(tracker: Tracker | None, project: Entity | None, scene_name: str, path: str) -> None:
    """A Version of this code with other frames is somebody else's, whatever disk and store say."""
    if tracker is None or project is None:
        return
    try:
        filters: list[Filter] = [["project", "is", project], ["code", "is", scene_name]]
        versions = tracker.find("Version", filters, ["sg_path_to_frames", "created_at"])
    except TrackerUnavailable:  # the outbox looks again
        return
    if versions and all(version["sg_path_to_frames"] != path for version in versions):
        raise VersionExists(
            f"ShotGrid has a Version {scene_name} of other frames.",
            state="finished",
            place=tracker.url,
            version_id=versions[0]["id"],
            path=versions[0]["sg_path_to_frames"],
        )


def _waits(error: OnePieceError, request: PublishRequest) -> list[Warned]:
    if request.require_tracker:
        raise error
    report = error.report
    return [
        Warned(code=report.code, message=report.message, hint=report.hint or "`onepiece recover` registers it later.")
    ]


def guess_context(scene_name: str, convention: Convention) -> Context:
    """What the scene name tells by the show's convention; an empty Context when it does not follow it."""
    versioned = scene_name if split_version(scene_name).version is not None else with_version(scene_name, 1)
    return convention.parse_scene(versioned) or Context()
