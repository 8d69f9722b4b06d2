"""Do a plan of repairs, or take it back: an operation of the journal, a step for each repair, each after another look.

Whatever is killed in the middle goes on with the same command. A repair that fails half-way is taken back at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onepiece_core.errors import (
    OnePieceError,
    OperationBusy,
    OperationCancelled,
    OperationUnknown,
    StorageUnavailable,
    TrackerUnavailable,
    UsageError,
)
from onepiece_core.journal import Journal, Operation
from onepiece_core.progress import Progress
from onepiece_core.reconcile.doing import DONE, TODO, Changed, Job, doing_of, words
from onepiece_core.reconcile.model import Action, ApplyReport, Outcome, ParkFile, ParkObject, Repair, RepairPlan
from onepiece_core.reconcile.model import RepairResult as Result
from onepiece_core.reconcile.parts import ReconcileParts

# A server that is away ends the run, which goes on later.
_AWAY = (StorageUnavailable, TrackerUnavailable, OperationCancelled)


def apply_plan(plan: RepairPlan, parts: ReconcileParts) -> ApplyReport:
    """Carry out what is left of ``plan``.

    Raises:
        OperationBusy: another process is at it.
        UsageError: it has been taken back.
        StorageUnavailable, TrackerUnavailable, OperationCancelled: the same plan again goes on.
    """
    operation = parts.journal.find(plan.id)
    if operation is None:
        told = {
            "project": plan.project,
            "show_code": plan.show_code,
            "plan": plan.model_dump(mode="json", by_alias=True),
        }
        operation = parts.journal.begin(plan.id, kind=plan.kind, fingerprint=plan.id, name=_name(plan), request=told)
    elif operation.state == "discarded":
        raise UsageError("This plan was taken back: make another one.", operation=plan.id)
    elif operation.state != "finished":
        _take(parts.journal, operation)
    return _run(plan, parts, "repair", plan.repairs, _repair)


def undo_plan(plan: RepairPlan, parts: ReconcileParts) -> ApplyReport:
    """Take back what was done of ``plan``, the last repair first.

    Raises: OperationUnknown when it was never applied here; else what :func:`apply_plan` raises.
    """
    operation = parts.journal.find(plan.id)
    if operation is None:
        raise OperationUnknown(f"{plan.id} was not applied on this machine.", operation=plan.id)
    if operation.state != "discarded":
        _take(parts.journal, operation)
    return _run(plan, parts, "undo", tuple(reversed(plan.repairs)), _undo)


def _name(plan: RepairPlan) -> str:
    return plan.repairs[0].subject if plan.kind == "unpublish" and plan.repairs else plan.project


def _take(journal: Journal, operation: Operation) -> None:
    if not journal.take(operation.id):
        owner = operation.owner
        raise OperationBusy(
            f"The process {owner.pid} on {owner.host} is at this plan.", operation=operation.id, pid=owner.pid
        )


_Work = Callable[[Job, Repair], tuple[Outcome, str]]


def _run(plan: RepairPlan, parts: ReconcileParts, phase: str, repairs: tuple[Repair, ...], work: _Work) -> ApplyReport:
    journal = parts.journal
    closed = journal.closed_steps(plan.id)
    results: list[Result] = []
    try:
        for repair in repairs:
            parts.reporter.check("reconcile", phase)
            step = f"{phase}-{repair.number:04d}"
            if phase == "undo" and f"repair-{repair.number:04d}" not in _begun(journal, plan.id):
                continue  # it was never begun
            if step in closed:
                was: dict[str, Any] = closed[step]
                outcome: Outcome = "already" if was["outcome"] in ("done", "undone") else was["outcome"]
                results.append(_result(repair, outcome, was.get("message", "")))
                continue
            with journal.step(plan.id, step) as detail:
                outcome, message = work(Job(plan, repair.number, parts), repair)
                detail.update(outcome=outcome, message=message)
            results.append(_result(repair, outcome, message))
            parts.reporter.step(
                Progress(operation="reconcile", phase=phase, done=len(results), total=len(repairs), unit="steps")
            )
    except _AWAY as error:
        journal.settle(plan.id, "parked", error=error.report)
        raise
    report = ApplyReport(operation=plan.id, results=tuple(results))
    is_undone = phase == "undo" and not report.count("skipped", "failed")
    counts: dict[str, Any] = {each.outcome: report.count(each.outcome) for each in results}
    journal.settle(plan.id, "discarded" if is_undone else "finished", result=counts)
    return report


def _begun(journal: Journal, operation: str) -> set[str]:
    return {row["name"] for row in journal.rows("select name from steps where operation = ?", operation)}


def _result(repair: Repair, outcome: Outcome, message: str) -> Result:
    return Result(number=repair.number, code=repair.code, subject=repair.subject, outcome=outcome, message=message)


def _repair(job: Job, repair: Repair) -> tuple[Outcome, str]:
    """Look at everything, then do everything; a failure takes back what this repair has done."""
    why = _why_not(job, repair.actions)
    if why:
        return "skipped", why
    done: list[Action] = []
    try:
        for index, action in enumerate(repair.actions):
            doing = doing_of(action)
            state = doing.state(job, action)
            if state == TODO:
                done.append(action)
                job.parts.checkpoint(f"before-{action.kind}-{index}")
                doing.do(job, action)
                job.parts.checkpoint(f"after-{action.kind}-{index}")
            elif state != DONE:
                raise Changed(state)
            else:
                done.append(action)
    except _AWAY:
        raise
    except OnePieceError as error:
        for action in reversed(done):
            doing_of(action).undo(job, action)
        return ("skipped" if isinstance(error, Changed) else "failed"), words(error)
    return "done", ""


def _why_not(job: Job, actions: tuple[Action, ...]) -> str:
    """Why the repair is left out; "" when everything is as the plan saw it, or done already."""
    for action in actions:
        try:
            state = doing_of(action).state(job, action)
        except Changed as error:
            return error.report.message
        if state not in (TODO, DONE):
            return state
        if state == TODO:
            _leave(job, action)
    job.leaving.clear()
    return ""


def _leave(job: Job, action: Action) -> None:
    """Note that a place will be empty when a later action fills it."""
    if isinstance(action, ParkFile):
        job.leaving.add(action.path)
    elif isinstance(action, ParkObject):
        job.leaving.add(f"s3://{action.bucket}/{action.key}")


def _undo(job: Job, repair: Repair) -> tuple[Outcome, str]:
    """Take back the actions, the last one first; one that cannot be taken back stops it."""
    for index, action in reversed(list(enumerate(repair.actions))):
        job.parts.checkpoint(f"before-undo-{action.kind}-{index}")
        try:
            why = doing_of(action).undo(job, action)
        except _AWAY:
            raise
        except OnePieceError as error:
            return "failed", words(error)
        if why:
            return "skipped", why
    return "undone", ""
