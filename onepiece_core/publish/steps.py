"""The steps of a publish: reserve, stage, commit, push, register, finish.

Each is a row of the journal, written before and closed after, and each can be done again. A process that dies
anywhere leaves either nothing that a reader sees, or a package that anybody can complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from onepiece_core.errors import (
    DestinationExists,
    DiskFull,
    LeaseLost,
    NotAdoptable,
    OnePieceError,
    StorageUnavailable,
    VersionExists,
)
from onepiece_core.filesystems import create_file, free_bytes, make_folders, rename_into_place, storage_error
from onepiece_core.log import get_logger
from onepiece_core.manifest.mhl import package_mhl
from onepiece_core.manifest.package import MANIFEST_NAME, PackageFile, PackageManifest, dump_manifest
from onepiece_core.progress import Progress, Warned
from onepiece_core.publish.claims import Claim
from onepiece_core.publish.lease import Lease
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.push import Pushed, push_package
from onepiece_core.publish.record import write_record
from onepiece_core.publish.register import Registration, register_package
from onepiece_core.publish.request import PublishResult
from onepiece_core.publish.restore import forget_sent, sent_manifest
from onepiece_core.publish.scene_check import ignored_in
from onepiece_core.publish.work import Work, utc_now

log = get_logger(__name__)
_STEPS = ("reserve", "stage", "commit", "push", "register", "finish")


def reserve(work: Work, parts: PublishParts, *, owner_is_dead: bool) -> Lease:
    """Claim the version in the store and on the disk. Raises VersionExists or OperationBusy without a trace."""
    options = parts.options
    claim = Claim.mine(
        work.operation,
        work.places.scene_name,
        user=parts.user,
        since=work.draft.created_at or utc_now(),
        lease_seconds=options.lease_seconds,
    )
    lease = Lease(list(work.places.claims()), claim, renew_seconds=options.renew_seconds)
    _tell(parts, "reserve")
    with parts.journal.step(work.operation, "reserve"):
        lease.acquire(owner_is_dead=owner_is_dead, has_record=work.places.has_records())
        parts.checkpoint("reserve.claimed")
    return lease


def complete(
    work: Work,
    parts: PublishParts,
    lease: Lease,
    *,
    wait: bool,
    may_discard: bool = True,
    warnings: Iterable[Warned] = (),
) -> PublishResult:
    """Do what is left of the work, inside the lease's ``with`` block, and record how far it came.

    ``wait``: settle unanswered tracker writes; else they stay in the outbox. ``may_discard``: after an error the stage
    of an uncommitted publish is removed; not where its sources may be gone.
    """
    try:
        return _complete(work, parts, lease, wait=wait, warnings=tuple(warnings))
    except OnePieceError as error:
        _stop(work, parts, lease, error, may_discard=may_discard)
        raise


def _complete(
    work: Work, parts: PublishParts, lease: Lease, *, wait: bool, warnings: tuple[Warned, ...]
) -> PublishResult:
    journal, operation = parts.journal, work.operation
    manifest = work.committed()
    if manifest is None:
        with journal.step(operation, "record"):
            write_record(work.record, work.places.work_folder, work.places.store, work.places.prefix)
            parts.checkpoint("reserve.recorded")
        with journal.step(operation, "stage"):
            manifest = _stage(work, parts, lease)
            parts.checkpoint("stage.done")
        with journal.step(operation, "commit"):
            _commit(work, lease, parts)
            parts.checkpoint("commit.done")
    with journal.step(operation, "push") as detail:
        pushed = _push(work, manifest, parts, lease)
        detail.update(bytes_sent=pushed.bytes_sent, files_sent=pushed.files_sent, files_copied=pushed.files_copied)
        parts.checkpoint("push.done")
    _tell(parts, "register")
    with journal.step(operation, "register"):
        # A request may take effect for that long after it was sent: nobody may take over before.
        needed = parts.options.timeout_seconds + parts.options.settle_seconds
        registration = register_package(
            operation,
            manifest,
            work.target,
            parts,
            wait=wait,
            guard=partial(lease.guard, needed),
            journal_is_new=work.is_adopted,
        )
        parts.checkpoint("register.done")
    return _finish(work, manifest, pushed, registration, parts, lease, warnings)


def _tell(parts: PublishParts, phase: str) -> None:
    done = _STEPS.index(phase)
    parts.reporter.step(Progress(operation="publish", phase=phase, done=done, total=len(_STEPS), unit="steps"))


def _stage(work: Work, parts: PublishParts, lease: Lease) -> PackageManifest:
    """Copy the sources, then write the manifest and the MHL that cover them."""
    if work.sources is None:
        raise NotAdoptable(f"The sources of {work.places.scene_name} cannot be reached from here.")
    stage = work.stage
    _check_space(work)
    make_folders(work.places.work_folder)
    files = stage.fill(
        work.sources,
        algorithms=("xxh128", *parts.options.hashes),
        jobs=parts.options.threads,
        reporter=parts.reporter,
        guard=lease.guard,
    )
    return _write_documents(work, files)


def _check_space(work: Work) -> None:
    assert work.sources is not None
    need = sum(source.size_bytes for source in work.stage.missing(work.sources))
    free = free_bytes(work.places.destination)
    if free is not None and free < need:
        raise DiskFull(
            f"{work.places.destination} has {free:,} bytes free, the package needs {need:,}.",
            path=str(work.places.destination),
            need_bytes=need,
            free_bytes=free,
        )


def _write_documents(work: Work, files: tuple[PackageFile, ...]) -> PackageManifest:
    """The same files and draft give the same bytes."""
    manifest = PackageManifest.model_validate({**dict(work.draft), "files": files})
    data = dump_manifest(manifest)
    for path, content in {**package_mhl(manifest, data), MANIFEST_NAME: data}.items():
        target = work.stage.folder / path
        make_folders(target.parent)
        try:
            target.unlink(missing_ok=True)
            create_file(target, content)
        except OSError as error:
            raise storage_error(error, target) from error
    return manifest


def commit_restored(work: Work, manifest: PackageManifest, parts: PublishParts, lease: Lease) -> None:
    """Commit a stage that was filled from the store."""
    with parts.journal.step(work.operation, "commit"):
        _write_documents(work, manifest.files)
        _commit(work, lease, parts)


def _commit(work: Work, lease: Lease, parts: PublishParts) -> None:
    """One rename makes the complete folder visible, and is made durable before the step is closed."""
    work.stage.sync()
    lease.guard()
    parts.checkpoint("commit.synced")
    places = work.places
    try:
        rename_into_place(work.stage.folder, places.package)
    except FileExistsError as error:
        found = places.disk_manifest()
        if found is not None:
            raise VersionExists(
                f"{places.scene_name} is published already by {found.created_by}.",
                state="finished",
                place=str(places.package),
            ) from error
        raise DestinationExists(f"{places.package} is there already.", path=str(places.package)) from error
    except OSError as error:
        raise storage_error(error, places.package) from error


def _push(work: Work, manifest: PackageManifest, parts: PublishParts, lease: Lease) -> Pushed:
    stored = work.places.stored_manifest()
    if stored is not None and stored == manifest and "push" in parts.journal.closed_steps(work.operation):
        return Pushed(0, 0, 0)
    return push_package(
        work.places,
        manifest,
        jobs=parts.options.threads,
        reporter=parts.reporter,
        guard=lease.guard,
        checkpoint=parts.checkpoint,
    )


def _finish(
    work: Work,
    manifest: PackageManifest,
    pushed: Pushed,
    registration: Registration,
    parts: PublishParts,
    lease: Lease,
    warnings: tuple[Warned, ...],
) -> PublishResult:
    result = PublishResult(
        operation=work.operation,
        scene_name=work.places.scene_name,
        version=manifest.version,
        package=str(work.places.package),
        s3_uri=work.places.s3_uri,
        manifest=MANIFEST_NAME,
        tracker=registration.tracker,
        files=len(manifest.files),
        bytes_total=manifest.size_bytes,
        bytes_sent=pushed.bytes_sent,
        warnings=_once((*warnings, *registration.warnings)),
        ignored=ignored_in(manifest.metadata),
    )
    work.stage.remove()
    told = {**result.as_json(), "package": parts.roots.persist(work.places.package)}
    if registration.is_done:
        lease.finish()
        parts.checkpoint("finish.claims")
        parts.journal.settle(work.operation, "finished", result=told)
    else:
        lease.park()
        parts.journal.settle(work.operation, "parked", result=told, error=registration.reason)
    _tell(parts, "finish")
    return result


def _once(warnings: tuple[Warned, ...]) -> tuple[Warned, ...]:
    """One warning a code: the later one knows more."""
    return tuple({warning.code: warning for warning in warnings}.values())


def _stop(work: Work, parts: PublishParts, lease: Lease, error: OnePieceError, *, may_discard: bool) -> None:
    """After an error: leave nothing of a publish that was not committed; leave a committed one to be completed."""
    try:
        passing = isinstance(error, LeaseLost | StorageUnavailable)
        if passing or not may_discard or work.committed() is not None:
            parts.journal.settle(work.operation, "parked", error=error.report)
            return
        discard(work, parts, lease)
        parts.journal.settle(work.operation, "failed", error=error.report)
    except OnePieceError as problem:
        # What could not be undone now is for the next run of the same publish, or for ``recover``.
        log.warning("publish.left_unfinished", operation=work.operation, reason=problem.report.code)
        parts.journal.settle(work.operation, "parked", error=error.report)


def discard(work: Work, parts: PublishParts, lease: Lease) -> None:
    """Remove what an uncommitted publish left; its record stays, and its name may be claimed again."""
    lease.guard()
    work.stage.remove()
    parts.checkpoint("discard.stage")
    sent = sent_manifest(work.places, work.operation)
    if sent is not None:
        forget_sent(work.places, sent)
    lease.discard()
