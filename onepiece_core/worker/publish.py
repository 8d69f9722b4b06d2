"""Requests about publishes: plan one, start one, look on, list them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from onepiece_core.errors import ErrorReport, OnePieceError, OperationUnknown, UsageError
from onepiece_core.filesystems import write_file
from onepiece_core.journal import Operation
from onepiece_core.publish.apply import apply_publish
from onepiece_core.publish.build import build_roots
from onepiece_core.publish.plan import plan_publish
from onepiece_core.publish.progress_file import ProgressFile, RecordedReporter
from onepiece_core.publish.saved import SavedRequest, parse_saved
from onepiece_core.worker.loop import Call, Method
from onepiece_core.worker.session import Session

_LOOK_SECONDS = 0.2
_LISTED = 50


def plan(session: Session, call: Call) -> Any:
    """What a publish would do; nothing is changed."""
    asked = _asked(session, call.params)
    return plan_publish(asked.request, session.parts(call.reporter, asked.request.show_code), asked.facts).as_json()


def start(session: Session, call: Call) -> Any:
    """Publish. The first ``step`` tells the operation, by which any worker finds it again."""
    asked = _asked(session, call.params)
    recorded = RecordedReporter(call.reporter)
    parts = session.parts(recorded, asked.request.show_code)
    planned = plan_publish(asked.request, parts, asked.facts)
    for warning in planned.warnings:
        call.warn(warning)

    def tell(checkpoint: str) -> None:
        if checkpoint == "journaled":
            operation = parts.journal.find_by_fingerprint(planned.request.fingerprint())
            if operation is not None:
                recorded.file = ProgressFile(parts.journal.folder, operation.id)
                call.step({"operation": operation.id, "scene_name": operation.name})

    try:
        result = apply_publish(planned, replace(parts, checkpoint=tell))
    finally:
        if recorded.file is not None:
            recorded.file.remove()
    return {**result.as_json(), "links": links(session, result.as_json())}


def save(session: Session, call: Call) -> Any:
    """Write what ``start`` would get to a file, for another time or machine."""
    path = call.params.get("path")
    if not isinstance(path, str) or not Path(path).is_absolute():
        raise UsageError("A request is saved to a whole path.")
    asked = _asked(session, {name: value for name, value in call.params.items() if name != "path"})
    write_file(Path(path), asked.to_bytes(build_roots(session.settings)))
    return {"path": path}


def attach(session: Session, call: Call) -> Any:
    """Look on at an operation that any process of this machine works on, until it ends.

    Raises:
        OperationUnknown: the journal has none of that name.
        OnePieceError: what it ended with.
    """
    journal = session.journal
    name, told = call.params.get("operation"), None
    while True:
        call.reporter.check("publish", "attach")
        operation = journal.find(name) if isinstance(name, str) else None
        if operation is None:
            raise OperationUnknown(f"There is no operation {name!r} on this machine.")
        if operation.state != "running" or not operation.owner.is_alive():
            return _ended(session, operation)
        seen = ProgressFile(journal.folder, operation.id).read()
        if seen is not None and seen != told:
            call.reporter.step(seen)
            told = seen
        time.sleep(_LOOK_SECONDS)


def publishes(session: Session, call: Call) -> Any:
    """What runs, and what ended lately, the newest first."""
    limit = call.params.get("limit", _LISTED)
    found = session.journal.list_newest("publish", limit if isinstance(limit, int) else _LISTED)
    return {"items": [_listed(session, operation) for operation in found]}


def links(session: Session, result: Mapping[str, Any]) -> dict[str, str | None]:
    """Where to look at a publish: its folder, its Version on the site, its package in S3."""
    version = result["tracker"]["version_id"]
    site = session.tracker.url.rstrip("/") if session.tracker else None
    return {
        "folder": result["package"],
        "shotgrid": f"{site}/detail/Version/{version}" if site and version else None,
        "s3": result["s3_uri"],
    }


def _asked(session: Session, params: Mapping[str, Any]) -> SavedRequest:
    return parse_saved(params).here(build_roots(session.settings))


def _listed(session: Session, operation: Operation) -> dict[str, Any]:
    runs = operation.state == "running" and operation.owner.is_alive()
    progress = ProgressFile(session.journal.folder, operation.id).read() if runs else None
    return {
        "operation": operation.id,
        "name": operation.name,
        "state": operation.state if runs or operation.state != "running" else "interrupted",
        "started_at": operation.created_at,
        "progress": progress.model_dump() if progress else None,
        "result": operation.result and _here(session, operation.result),
        "error": operation.error,
    }


def _ended(session: Session, operation: Operation) -> dict[str, Any]:
    if operation.error is not None:
        raise _Reported(ErrorReport.model_validate(operation.error))
    if operation.result is None:
        return {"operation": operation.id, "scene_name": operation.name, "state": "interrupted"}
    result = _here(session, operation.result)
    return {**result, "links": links(session, result)}


def _here(session: Session, result: Mapping[str, Any]) -> dict[str, Any]:
    """A result of the journal with its folder as this machine sees it; as it was kept where no root leads there."""
    package = build_roots(session.settings).resolve(result["package"])
    return {**result, "package": str(package or result["package"])}


class _Reported(OnePieceError):
    """An error that another process met."""

    def __init__(self, report: ErrorReport) -> None:
        super().__init__(report.message)
        self.report = report


METHODS: dict[str, Method[Session]] = {
    "publish.plan": plan,
    "publish.start": start,
    "publish.save": save,
    "publish.attach": attach,
    "publish.list": publishes,
}
