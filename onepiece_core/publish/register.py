"""Register a complete package in the tracker, now or later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import ErrorReport, ExtraMissing, MediaError, TrackerNotConfigured
from onepiece_core.log import get_logger
from onepiece_core.manifest.package import PackageManifest
from onepiece_core.media.probe import kind_of
from onepiece_core.progress import Warned
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.registration import RegistrationTarget, registration_writes
from onepiece_core.publish.request import TrackerResult
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import DrainOutcome, drain, registered

log = get_logger(__name__)
_IMAGES = ("exr", "png", "jpeg", "tiff", "dpx")


@dataclass(frozen=True, slots=True)
class Registration:
    """How far a registration came. ``failed``: the tracker said no, so waiting does not help."""

    tracker: TrackerResult
    is_done: bool
    failed: bool
    reason: ErrorReport | None
    warnings: tuple[Warned, ...]


def register_package(
    operation: str,
    manifest: PackageManifest,
    target: RegistrationTarget,
    parts: PublishParts,
    *,
    wait: bool,
    guard: Callable[[], None],
    journal_is_new: bool = False,
) -> Registration:
    """Write the outbox, then carry out as much of it as the tracker takes.

    ``wait``: look unanswered writes up until they have settled; else they stay in the outbox.
    ``journal_is_new``: another machine may have sent any of them already, and its journal is not here.
    """
    outbox = JournalOutbox(parts.journal, operation)
    thumbnail, warnings = _thumbnail(operation, manifest, Path(target.package_root), parts)
    writes = registration_writes(manifest, target.model_copy(update={"thumbnail": thumbnail}))
    outbox.fill(writes, sent_until=parts.clock.now() if journal_is_new else None)
    parts.checkpoint("register.outbox")
    outcome = _drain(outbox, parts, wait=wait, guard=guard)
    found = registered(outbox.rows())
    complete = TrackerResult(
        version_id=found["version_id"] if outcome.done else None,
        published_file_ids=tuple(found["published_file_ids"]) if outcome.done else (),
    )
    if outcome.done and thumbnail is not None:
        Path(thumbnail).unlink(missing_ok=True)
    if outcome.reason is not None:
        warnings.append(_waiting(outcome))
    return Registration(complete, outcome.done, outcome.failed, outcome.reason, tuple(warnings))


def _drain(outbox: JournalOutbox, parts: PublishParts, *, wait: bool, guard: Callable[[], None]) -> DrainOutcome:
    if parts.tracker is None:
        missing = TrackerNotConfigured("No ShotGrid site is configured: the registration waits in the outbox.")
        return DrainOutcome(done=False, waiting=len(outbox.rows()), reason=missing.report)
    return drain(
        outbox,
        parts.tracker,
        clock=parts.clock,
        settle_seconds=parts.options.settle_seconds,
        timeout_seconds=parts.options.timeout_seconds,
        wait=wait,
        reporter=parts.reporter,
        guard=guard,
    )


def _waiting(outcome: DrainOutcome) -> Warned:
    reason = outcome.reason
    assert reason is not None
    hint = reason.hint if outcome.failed else "`onepiece recover` registers it as soon as the tracker answers."
    return Warned(
        code=reason.code,
        message=f"The package is complete, its registration is not ({outcome.waiting} steps wait): {reason.message}",
        hint=hint,
    )


def _thumbnail(
    operation: str, manifest: PackageManifest, package: Path, parts: PublishParts
) -> tuple[str | None, list[Warned]]:
    """A small picture of the package, made once; a warning where it cannot be made."""
    path = parts.thumbnails / f"{operation}.jpg"
    if path.exists():
        return str(path), []
    source = _picture_source(manifest, package)
    if source is None:
        return None, []
    from onepiece_core.media.thumbnail import write_thumbnail

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_thumbnail(source, path)
    except (ExtraMissing, MediaError, OSError) as error:
        report = error.report if isinstance(error, ExtraMissing | MediaError) else None
        log.warning("publish.no_thumbnail", source=source.name, reason=str(error))
        code = report.code if report else "media.invalid"
        return None, [
            Warned(
                code=code,
                message=f"{source.name} gave no thumbnail: {str(error).splitlines()[0]}",
                hint=report.hint if report else None,
            )
        ]
    return str(path), []


def _picture_source(manifest: PackageManifest, package: Path) -> Path | None:
    """The middle frame of the first sequence, else the movie."""
    for role, kinds in (("render", _IMAGES), ("preview", (*_IMAGES, "movie"))):
        paths = [file.path for file in manifest.files if file.role == role and kind_of(file.path) in kinds]
        if paths:
            return package / paths[len(paths) // 2]
    return None
