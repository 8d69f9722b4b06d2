"""The plan of repairs: a file that people read before it is applied."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from onepiece_core.errors import InputMissing, ManifestError, OperationUnknown, UsageError
from onepiece_core.manifest.strict_json import strict_loads
from onepiece_core.reconcile.model import ReconcileReport, Repair, RepairPlan
from onepiece_core.reconcile.parts import ReconcileParts
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.tracker import Tracker


def plan_repairs(report: ReconcileReport) -> RepairPlan:
    """What can be repaired without a person, in the order of the findings."""
    some = [each for each in report.findings if each.repair]
    repairs = tuple(
        Repair(number=number, code=each.code, subject=each.subject, message=each.message, actions=each.repair or ())
        for number, each in enumerate(some, 1)
    )
    return new_plan("repair", report.project, report.show_code, report.site, repairs)


def new_plan(kind: str, project: str, show_code: str, site: str, repairs: tuple[Repair, ...]) -> RepairPlan:
    """A plan with an id of its own."""
    return RepairPlan.model_validate(
        {
            "id": f"{kind}-{uuid.uuid4().hex[:20]}",
            "kind": kind,
            "project": project,
            "show_code": show_code,
            "site": site,
            "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "repairs": repairs,
        }
    )


def dump_plan(plan: RepairPlan) -> str:
    """The plan's file."""
    return plan.model_dump_json(by_alias=True, indent=1) + "\n"


def load_plan(path: Path, project: str, tracker: Tracker) -> RepairPlan:
    """Read a plan's file. Raises InputMissing, ManifestError, UsageError when it is another project's or site's."""
    try:
        data = path.read_bytes()
    except OSError as cause:
        raise InputMissing(f"{path} cannot be read: {cause.strerror}", path=str(path)) from cause
    try:
        strict_loads(data)
        plan = RepairPlan.model_validate_json(data)
    except ValidationError as cause:
        first = cause.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ManifestError(f"{path} is no plan of repairs: {where}: {first['msg']}", path=str(path)) from cause
    except ValueError as cause:
        raise ManifestError(f"{path} is no sound JSON: {cause}", path=str(path)) from cause
    return _checked(plan, project, tracker)


def find_plan(told: str, project: str, parts: ReconcileParts) -> RepairPlan:
    """A plan by its file, or by the id of the operation that applied it."""
    operation = parts.journal.find(told)
    if operation is not None and "plan" in operation.request:
        return _checked(RepairPlan.model_validate(operation.request["plan"]), project, parts.tracker)
    if Path(told).is_file():
        return load_plan(Path(told), project, parts.tracker)
    raise OperationUnknown(f"{told} is neither a plan's file nor the id of one that was applied here.")


def _checked(plan: RepairPlan, project: str, tracker: Tracker) -> RepairPlan:
    if plan.site != tracker.url:
        raise UsageError(f"The plan was made for {plan.site}, and this is {tracker.url}.")
    name = find_project(tracker, {"name": project}).get("name")
    if plan.project != name:
        raise UsageError(f"The plan is one of the project {plan.project!r}, not of {name!r}.")
    return plan
