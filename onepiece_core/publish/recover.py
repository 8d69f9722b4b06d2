"""Go on with publishes whose process is gone: from the journal, or from the places where they were working."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from onepiece_core.errors import (
    EditorialError,
    ErrorReport,
    ManifestError,
    MediaError,
    NameInvalid,
    NotAdoptable,
    ObjectMissing,
    OnePieceError,
    OperationBusy,
    OperationUnknown,
    PublishError,
    SequenceError,
    StorageError,
    StorageUnavailable,
    TrackerDenied,
    TrackerUnanswered,
    TrackerUnavailable,
    VersionExists,
)
from onepiece_core.journal import Operation
from onepiece_core.log import get_logger
from onepiece_core.manifest.package import MANIFEST_NAME
from onepiece_core.publish.claims import DiskClaims, Standing, StoreClaims
from onepiece_core.publish.lease import Lease
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.plan import plan_publish
from onepiece_core.publish.record import ONEPIECE_FOLDER, RECORD_NAME, OperationRecord, load_record, restore_request
from onepiece_core.publish.request import PublishResult, TrackerResult
from onepiece_core.publish.restore import is_sent, sent_manifest, stage_from_store
from onepiece_core.publish.steps import commit_restored, complete, discard, reserve
from onepiece_core.publish.work import Work, work_of_plan, work_of_record
from onepiece_core.storage.bounded import run_bounded
from onepiece_core.storage.places import parse_s3_uri
from onepiece_core.storage.store import Store

log = get_logger(__name__)
Outcome = Literal["completed", "discarded", "waiting", "busy", "failed"]
# How many parked registrations a publish tries beside its own.
_DRAINED_BY_A_PUBLISH = 5
# Codes after which the next registration would not get through either.
_AWAY = (TrackerUnavailable.code, TrackerUnanswered.code, TrackerDenied.code, StorageUnavailable.code)
_AT_ONCE = 8


class Recovered(BaseModel, frozen=True):
    """What became of one operation.

    ``completed``: whole on disk, in the store and in the tracker. ``discarded``: nothing of it is left.
    ``waiting``: whole on disk and in the store, the tracker has still to take it. ``busy``: its process lives, or
    another machine has adopted it. ``failed``: see ``error``; it stays as it is.
    """

    operation: str
    scene_name: str
    outcome: Outcome
    tracker: TrackerResult | None = None
    error: ErrorReport | None = None


class Unfinished(BaseModel, frozen=True):
    """A line of ``recover --list``. ``adoptable``: its lease is over (or its process on this machine is gone)."""

    operation: str
    scene_name: str
    state: str
    step: str | None = None
    user: str
    host: str
    since: str
    place: str
    adoptable: bool


def recover_all(parts: PublishParts) -> Iterator[Recovered]:
    """Complete or discard every unfinished publish of this journal; the oldest begin first, several run at once.

    What takes time is waiting for unanswered writes to settle, and that they can do together.
    """
    unfinished = parts.journal.list_unfinished("publish")
    for _, recovered in run_bounded(lambda operation: recover_one(operation, parts), unfinished, jobs=_AT_ONCE):
        yield recovered


def recover_one(operation: Operation, parts: PublishParts, *, wait: bool = True) -> Recovered:
    if not parts.journal.take(operation.id):
        return Recovered(operation=operation.id, scene_name=operation.name, outcome="busy")
    try:
        record = OperationRecord.model_validate(operation.request)
        work = work_of_record(record, parts)
        if work is None:
            raise NotAdoptable(
                f"The disk of {operation.name} ({record.package}) has no path on this machine.",
                hint="Name its root under [roots] in onepiece.toml.",
            )
        _refuse_lost_disk(work, parts)
        return _go_on(_with_sources(work, parts), parts, owner_is_dead=True, wait=wait)
    except OnePieceError as error:
        parts.journal.settle(operation.id, "parked", error=error.report)
        outcome: Outcome = "busy" if isinstance(error, OperationBusy) else "failed"
        return Recovered(operation=operation.id, scene_name=operation.name, outcome=outcome, error=error.report)


def _refuse_lost_disk(work: Work, parts: PublishParts) -> None:
    """A share that is not mounted must not look like a publish of which nothing is left."""
    places = work.places
    if "record" in parts.journal.closed_steps(work.operation) and not places.work_folder.exists():
        raise StorageError(
            f"{places.destination} is not there, or has lost what {places.scene_name} had written.",
            hint=f"Mount it. If it is gone for good: onepiece recover --adopt {work.operation} --at {places.s3_uri}",
            path=str(places.destination),
        )


def drain_parked(parts: PublishParts, *, but: str) -> None:
    """Register what earlier publishes had to leave in the outbox, without waiting for anything.

    What was tried longest ago comes first: one that can never be registered must not hold up the others.
    """
    if parts.tracker is None:
        return
    parked = [o for o in parts.journal.list_unfinished("publish") if o.state == "parked" and o.id != but]
    sent = [o for o in parked if "push" in parts.journal.closed_steps(o.id)]
    for operation in sorted(sent, key=lambda o: o.updated_at)[:_DRAINED_BY_A_PUBLISH]:
        recovered = recover_one(operation, parts, wait=False)
        log.info("publish.outbox_drained", operation=operation.id, outcome=recovered.outcome)
        if recovered.error is not None and recovered.error.code in _AWAY:
            return


def _go_on(work: Work, parts: PublishParts, *, owner_is_dead: bool, wait: bool) -> Recovered:
    """Claim the operation again, then complete it, or discard it when its inputs are gone."""
    try:
        lease = reserve(work, parts, owner_is_dead=owner_is_dead)
    except VersionExists as error:
        # Somebody discarded this operation and took the name: nothing but our own stage can be left.
        work.stage.remove()
        return _discarded(work, parts, error)
    with lease:
        whole = work.committed() is not None or work.is_staged() or _restored(work, parts, lease)
        try:
            ready = work if whole else _planned_again(work, parts)
        except _INPUTS_GONE as error:
            discard(work, parts, lease)
            return _discarded(work, parts, error)
        try:
            result = complete(ready, parts, lease, wait=wait, may_discard=not whole)
        except OnePieceError as error:
            if parts.journal.get(work.operation).state == "failed":
                return _discarded(work, parts, error)
            raise
    return _completed(result)


def _restored(work: Work, parts: PublishParts, lease: Lease) -> bool:
    """Bring the package back from the store when all of it is there and its disk has lost it."""
    jobs = parts.options.threads
    manifest = sent_manifest(work.places, work.operation)
    if manifest is None or not is_sent(work.places, manifest, jobs=jobs):
        return False
    stage_from_store(work, manifest, jobs=jobs, guard=lease.guard)
    commit_restored(replace(work, draft=manifest.model_copy(update={"files": ()})), manifest, parts, lease)
    return True


# What says that a publish cannot be completed any more; everything else may pass.
_INPUTS_GONE = (PublishError, MediaError, SequenceError, EditorialError, NameInvalid)


def _planned_again(work: Work, parts: PublishParts) -> Work:
    """The same publish of what lies at its inputs now: its stage was not whole."""
    request = restore_request(work.record.request, parts.roots)
    if request is None:
        raise NotAdoptable(f"The sources of {work.places.scene_name} cannot be reached from here.")
    # The number is settled; and the places are claimed by this very operation.
    again = request.model_copy(update={"operation": work.operation, "scene_name": work.places.scene_name})
    return work_of_plan(plan_publish(again, parts), work.operation, parts)


def _completed(result: PublishResult) -> Recovered:
    done = result.tracker.version_id is not None
    reason = None if done else next((w for w in reversed(result.warnings)), None)
    return Recovered(
        operation=result.operation,
        scene_name=result.scene_name,
        outcome="completed" if done else "waiting",
        tracker=result.tracker,
        error=ErrorReport(**reason.model_dump()) if reason else None,
    )


def _discarded(work: Work, parts: PublishParts, error: OnePieceError) -> Recovered:
    parts.journal.settle(work.operation, "discarded", error=error.report)
    return Recovered(
        operation=work.operation, scene_name=work.places.scene_name, outcome="discarded", error=error.report
    )


def _with_sources(work: Work, parts: PublishParts) -> Work:
    """The record on disk has the list of sources; the journal's copy has not."""
    path = work.places.work_folder / RECORD_NAME
    if not path.exists():
        return work
    record = load_record(path.read_bytes(), where=str(path))
    if record.operation != work.operation:
        return work
    return work_of_record(record, parts, package=work.places.package) or work


def adopt(operation: str, at: str, parts: PublishParts) -> Recovered:
    """Complete or discard a publish whose machine does not come back, found by its record at a folder or s3:// URI.

    Raises:
        OperationUnknown: no record of that id lies there.
        OperationBusy: its lease is not over.
        NotAdoptable: what is needed cannot be reached from here.
    """
    found = next((f for f in _find_records(at, parts) if f.record.operation == operation), None)
    if found is None:
        raise OperationUnknown(
            f"No operation {operation} lies at {at}.", hint=f"`onepiece recover --list {at}` names those that do."
        )
    work = work_of_record(found.record, parts, package=found.package)
    if work is None:
        raise NotAdoptable(
            f"The disk of {found.record.scene_name} ({found.record.package}) has no path on this machine.",
            hint="Name its root under [roots] in onepiece.toml, or adopt it from the folder it was published to.",
        )
    work = _with_sources(work, parts)
    mine = parts.journal.find(operation)
    if mine is None:
        told = work.record.model_dump(mode="json", by_alias=True, exclude={"sources"})
        parts.journal.begin(
            operation, kind="publish", fingerprint=f"adopted:{operation}", name=work.places.scene_name, request=told
        )
    elif not parts.journal.take(operation):
        return Recovered(operation=operation, scene_name=mine.name, outcome="busy")
    # Nothing is registered before the manifest is in the store.
    is_adopted = mine is None and work.places.stored_manifest() is not None
    try:
        return _go_on(replace(work, is_adopted=is_adopted), parts, owner_is_dead=mine is not None, wait=True)
    except OnePieceError as error:
        parts.journal.settle(operation, "parked" if mine else "failed", error=error.report)
        raise


@dataclass(frozen=True)
class _Found:
    record: OperationRecord
    package: Path | None  # where its package is, when the record was found on a disk
    claim: Standing | None


def _find_records(at: str, parts: PublishParts) -> Iterator[_Found]:
    return _stored_records(at, parts) if at.startswith("s3://") else _disk_records(Path(at).absolute())


def _disk_records(folder: Path) -> Iterator[_Found]:
    """The records under a destination, or of one package's folder."""
    if not folder.is_dir():
        raise StorageError(f"There is no folder {folder}.", path=str(folder))
    if (folder / MANIFEST_NAME).exists() and not (folder / ONEPIECE_FOLDER).is_dir():
        places = [(folder.parent, folder.parent / ONEPIECE_FOLDER / folder.name)]
    else:
        places = [(folder, path) for path in sorted((folder / ONEPIECE_FOLDER).glob("*"))]
    for destination, path in places:
        record = _load((path / RECORD_NAME).read_bytes, str(path / RECORD_NAME))
        if record is not None:
            claims = DiskClaims(path, destination)
            yield _Found(record, destination / record.scene_name, claims.look())


def _stored_records(uri: str, parts: PublishParts) -> Iterator[_Found]:
    """The records under a prefix. Every key below it is listed: name the show or the version."""
    place = parse_s3_uri(uri)
    store = parts.open_store(place.bucket)
    suffix = f"/{ONEPIECE_FOLDER}/{RECORD_NAME}"
    for info in store.iter_objects(place.prefix):
        if info.key.endswith(suffix):
            record = _load(partial(_content, store, info.key), f"{store.uri}/{info.key}")
            if record is not None:
                yield _Found(record, None, StoreClaims(store, info.key.removesuffix(suffix)).look())


def _content(store: Store, key: str) -> bytes:
    return store.read(key)[0]


def _load(read: Callable[[], bytes], where: str) -> OperationRecord | None:
    try:
        return load_record(read(), where=where)
    except (OSError, ManifestError, ObjectMissing) as error:
        log.warning("publish.record_skipped", place=where, reason=str(error))
        return None


def list_journal(parts: PublishParts) -> Iterator[Unfinished]:
    """What ``recover`` would go on with."""
    for operation in parts.journal.list_unfinished("publish"):
        record = OperationRecord.model_validate(operation.request)
        alive = operation.state == "running" and operation.owner.is_alive()
        yield Unfinished(
            operation=operation.id,
            scene_name=operation.name,
            state=operation.state if alive or operation.state == "parked" else "interrupted",
            step=parts.journal.open_step(operation.id),
            user=record.draft.created_by.partition("@")[0],
            host=operation.owner.host,
            since=record.draft.created_at,
            place=f"s3://{record.bucket}/{record.prefix}",
            adoptable=not alive,
        )


def list_place(at: str, parts: PublishParts) -> Iterator[Unfinished]:
    """The unfinished publishes whose records lie at a folder or s3:// URI."""
    for found in _find_records(at, parts):
        standing, record = found.claim, found.record
        claim = standing.claim if standing else None
        if claim is not None and (claim.state in ("finished", "discarded") or claim.operation != record.operation):
            continue
        yield Unfinished(
            operation=record.operation,
            scene_name=record.scene_name,
            state=claim.state if claim else "unclaimed",
            user=claim.user if claim else record.draft.created_by.partition("@")[0],
            host=claim.host if claim else record.draft.created_by.partition("@")[2],
            since=record.draft.created_at,
            place=at,
            adoptable=standing is None or standing.lease_is_over,
        )
