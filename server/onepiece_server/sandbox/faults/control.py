"""The planned faults of a running studio and its journal of calls, as commands use them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from onepiece_core.errors import FaultPlanInvalid, SandboxError
from onepiece_server.sandbox.faults.asking import NoAnswer, ask
from onepiece_server.sandbox.faults.paths import CALLS, FAULTS
from onepiece_server.sandbox.faults.plan import NO_FAULTS, Plan, PlanInvalid, Target, read_plan

if TYPE_CHECKING:
    from onepiece_server.sandbox.report import SandboxReport

_SHOWN_PROBLEMS = 10

# The server of a studio that does the faults of a target.
_SERVERS: dict[Target, str] = {"shotgrid": "shotgrid", "s3": "s3-faults"}


def plan_of_file(path: Path) -> Plan:
    """The plan in a file, JSON or TOML.

    Raises:
        FaultPlanInvalid: it holds none, or cannot be read.
    """
    try:
        return read_plan(path)
    except PlanInvalid as cause:
        shown = cause.problems[:_SHOWN_PROBLEMS]
        if more := len(cause.problems) - len(shown):
            shown.append(f"and {more} more")
        message = "\n".join([f"{path} is no plan of faults:", *shown])
        raise FaultPlanInvalid(message, file=str(path), problems=cause.problems) from cause


def set_faults(report: SandboxReport, plan: Plan) -> SandboxReport:
    """Let a plan stand from now on, in place of an earlier one; the counters start over.

    Raises:
        FaultPlanInvalid: it has rules for S3, and the studio was started without the proxy for them.
        SandboxError: a server does not answer.
    """
    urls = _urls(report)
    check_reach(report, plan)
    document = plan.model_dump_json(exclude_none=True).encode()
    for url in urls.values():
        _asked(report, url, "PUT", FAULTS, document)
    return report.model_copy(update={"fault_rules": len(plan.rules)})


def clear_faults(report: SandboxReport) -> SandboxReport:
    """Nothing goes wrong on purpose any more."""
    return set_faults(report, NO_FAULTS)


def check_reach(report: SandboxReport, plan: Plan) -> None:
    """Refuse a plan that the running studio cannot carry out.

    Raises:
        FaultPlanInvalid: it has rules for S3, and the studio was started without the proxy for them.
    """
    if plan.of("s3").rules and "s3" not in _urls(report):
        raise FaultPlanInvalid(
            "the plan has rules for S3, and this sandbox reaches S3 directly",
            hint="Start it with `onepiece sandbox up --s3-faults`.",
            dir=report.dir,
        )


def shown_faults(report: SandboxReport) -> dict[Target, dict[str, Any]]:
    """The plan as each server has it, and what its rules have counted."""
    return {target: _asked(report, url, "GET", FAULTS) for target, url in _urls(report).items()}


def with_fault_rules(report: SandboxReport) -> SandboxReport:
    """A report that tells how many rules stand, as far as servers answer."""
    answering = {server.url for server in report.servers if server.answers}
    urls = [url for url in _urls(report).values() if url in answering]
    counts = [len(_asked(report, url, "GET", FAULTS)["counts"]) for url in urls]
    return report.model_copy(update={"fault_rules": sum(counts)})


def calls(report: SandboxReport, since: int, limit: int) -> dict[str, Any]:
    """The journal's calls after number ``since``, oldest first; ``last`` is the number to go on from."""
    return _asked(report, _urls(report)["shotgrid"], "GET", f"{CALLS}?since={since}&limit={limit}")


def _urls(report: SandboxReport) -> dict[Target, str]:
    urls = {server.name: server.url for server in report.servers}
    return {target: urls[name] for target, name in _SERVERS.items() if name in urls}


def _asked(report: SandboxReport, url: str, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    try:
        told = ask(url, report.env["ONEPIECE_SHOTGRID_KEY"], method, path, body)
    except NoAnswer as cause:
        raise SandboxError(f"{url} does not answer: {cause}", url=url) from cause
    if told.status != 200:
        problems = "; ".join(str(each) for each in told.document.get("errors", []))
        raise SandboxError(f"{url} refused: {problems or told.status}", url=url, status=told.status)
    return told.document
