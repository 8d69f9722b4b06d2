"""Carry a planned publish out."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from onepiece_core.errors import OnePieceError, OperationMismatch, TrackerError, TrackerRefused, VersionExists
from onepiece_core.journal import Operation, State
from onepiece_core.log import get_logger
from onepiece_core.manifest.package import PackageManifest
from onepiece_core.publish.identity import is_very_publish
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.plan import PublishPlan, plan_publish
from onepiece_core.publish.recover import drain_parked
from onepiece_core.publish.request import PublishResult
from onepiece_core.publish.steps import complete, reserve
from onepiece_core.publish.work import Work, work_of_plan

log = get_logger(__name__)
# How often a publish without a number in its name tries the next one when others take it first.
_NUMBER_RACES = 20


def apply_publish(plan: PublishPlan, parts: PublishParts) -> PublishResult:
    """Publish what was planned, or go on with it where an earlier run stopped.

    When it returns, the package is complete on disk and in the store. What could not be registered is told by
    ``warnings`` and waits in the outbox.

    Raises:
        VersionExists: somebody else holds or has published this version; nothing of theirs was touched.
        StorageError, PublishError, ...: nothing is visible, or what is visible will be completed by the next run.
    """
    for attempt in range(_NUMBER_RACES):
        try:
            return _apply(plan, parts)
        except VersionExists:
            if not plan.version_is_chosen or plan.operation is not None or attempt == _NUMBER_RACES - 1:
                raise
            plan = plan_publish(plan.request, parts)
    raise AssertionError("unreachable")


def _apply(plan: PublishPlan, parts: PublishParts) -> PublishResult:
    _refuse_other_options(plan)
    if plan.operation is not None and plan.operation.state == "finished":
        done = _finished(plan, plan.operation)
        if done is not None:
            return done
    work = _begin(plan, parts)
    parts.checkpoint("journaled")
    try:
        lease = reserve(work, parts, owner_is_dead=plan.operation is not None)
    except OnePieceError as error:
        # An operation that went on before may have left something: it stays for ``recover``.
        state: State = "failed" if plan.operation is None else "parked"
        parts.journal.settle(work.operation, state, error=error.report)
        raise
    with lease:
        result = complete(work, parts, lease, wait=False, warnings=plan.warnings)
    _refuse_other_content(plan, work)
    if result.tracker.version_id is not None:
        drain_parked(parts, but=work.operation)
    if plan.request.require_tracker and result.tracker.version_id is None:
        raise _not_registered(result)
    return result


def _refuse_other_options(plan: PublishPlan) -> None:
    known = plan.operation
    if known is not None and known.fingerprint != plan.request.fingerprint():
        raise OperationMismatch(
            f"Operation {known.id} is a publish of {known.name} with other options.",
            hint="Leave --operation out, or repeat the options of the first run.",
            operation=known.id,
        )


def _finished(plan: PublishPlan, operation: Operation) -> PublishResult | None:
    """The earlier run's result when it is this very publish and still whole in both places.

    None when a place lost it: then it is made again. Raises VersionExists when the inputs are others now.
    """
    on_disk, stored = plan.places.refuse_others(operation.id)
    manifest = on_disk or stored
    if manifest is None:
        return None
    if not is_very_publish(plan.collected, plan.metadata, manifest):
        raise _published_otherwise(plan, manifest)
    if on_disk is None or stored is None or operation.result is None:
        return None
    told: dict[str, Any] = {**operation.result, "package": str(plan.places.package), "bytes_sent": 0}
    return PublishResult.model_validate(told)


def _published_otherwise(plan: PublishPlan, manifest: PackageManifest) -> VersionExists:
    return VersionExists(
        f"{plan.scene_name} is published already, with other content.",
        state="finished",
        place=str(plan.places.package),
        operation=manifest.operation,
        user=manifest.created_by,
        since=manifest.created_at,
    )


def _refuse_other_content(plan: PublishPlan, work: Work) -> None:
    """A run that completed what an earlier one had committed must not claim that newer inputs were published."""
    manifest = work.committed()
    if plan.operation is not None and manifest and not is_very_publish(plan.collected, plan.metadata, manifest):
        raise _published_otherwise(plan, manifest)


def _begin(plan: PublishPlan, parts: PublishParts) -> Work:
    """Write the operation to the journal, or take it over from an owner that is gone."""
    journal, known = parts.journal, plan.operation
    if known is None:
        operation = plan.request.operation or f"pub-{uuid.uuid4().hex[:20]}"
        work = work_of_plan(plan, operation, parts)
        journal.begin(
            operation,
            kind="publish",
            fingerprint=plan.request.fingerprint(),
            name=plan.scene_name,
            request=_journaled(work),
        )
        return work
    if not journal.take(known.id):
        raise VersionExists(
            f"{known.name} is being published by process {known.owner.pid} on this machine.",
            state="in_progress",
            operation=known.id,
            host=known.owner.host,
            pid=known.owner.pid,
            since=known.created_at,
        )
    work = work_of_plan(plan, known.id, parts)
    journal.update_request(known.id, _journaled(work))
    return work


def _journaled(work: Work) -> dict[str, Any]:
    """The record without its sources: they lie on the disk, beside the stage."""
    told: dict[str, Any] = work.record.model_dump(mode="json", by_alias=True, exclude={"sources"})
    return told


def _not_registered(result: PublishResult) -> TrackerError:
    reason = next((w for w in result.warnings if w.code.startswith("tracker.")), None)
    return TrackerRefused(
        reason.message if reason else "The package is complete, its registration is not.",
        hint="`onepiece recover` registers it later.",
        operation=result.operation,
        package=Path(result.package).name,
    )
