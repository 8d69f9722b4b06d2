"""The report of an ingest: every file of the drop once, as JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.csv_text import csv_text
from onepiece_core.errors import ErrorReport
from onepiece_core.ingest.model import DropFile, DropItem, DropPlan, FileReport, IngestReport, Problem
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.ingest.rows import version_path
from onepiece_core.ingest.upload import Arrived, Missed, Uploaded
from onepiece_core.progress import Warned
from onepiece_core.shown import shown

_COLUMNS = ("path", "verdict", "code", "message", "key", "version_id", "warnings", "also")


@dataclass(slots=True)
class Told:
    """What a report is made of, beside the plan.

    Attributes:
        uploaded: None for a dry run.
        version_ids: by :func:`version_path`.
        not_registered: why, by :func:`version_path`, of what the tracker refused.
        failures: of the registration: rows that the tracker refused.
    """

    operation: str | None = None
    uploaded: Uploaded | None = None
    version_ids: Mapping[str, int] = field(default_factory=dict)
    not_registered: Mapping[str, ErrorReport] = field(default_factory=dict)
    waiting: int = 0
    failures: int = 0
    warnings: list[Warned] = field(default_factory=list)
    seconds: float = 0.0


def build_report(plan: DropPlan, request: IngestRequest, told: Told) -> IngestReport:
    """Files in the order of their paths."""
    files = [*_left(plan.left)]
    for item in plan.items:
        files.extend(_item_files(item, request, told))
    files.sort(key=lambda file: file.path)
    return IngestReport(summary=_summary(plan, request, told, files), files=tuple(files))


def report_json(report: IngestReport) -> bytes:
    return report.model_dump_json(by_alias=True, indent=1).encode() + b"\n"


def report_csv(report: IngestReport) -> bytes:
    rows = (
        (
            file.path,
            file.verdict,
            file.code,
            file.message,
            file.key,
            file.version_id,
            "; ".join(file.warnings),
            "; ".join(file.also),
        )
        for file in report.files
    )
    return csv_text(_COLUMNS, rows).encode()


def _left(left: Mapping[str, Problem]) -> Iterator[FileReport]:
    for relative, problem in left.items():
        verdict = "skipped" if problem.severity == "skipped" else "refused"
        yield FileReport(
            path=shown(relative),
            verdict=verdict,
            code=problem.code,
            message=_text(problem.message),
        )


def _item_files(item: DropItem, request: IngestRequest, told: Told) -> Iterator[FileReport]:
    warnings = tuple(_warnings(item.problems))
    path = version_path(item, request)
    version_id, not_registered = told.version_ids.get(path), told.not_registered.get(path)
    missed = _first_missed(item, told.uploaded)
    for file in item.files:
        every = (*warnings, *_warnings(item.file_problems.get(file.relative, ())))
        if item.is_refused:
            problem, *others = _reasons(item, file)
            # Whoever renames the file for a graver reason gives it a name of the convention.
            others = [each for each in others if each.code not in (problem.code, "name.convention")]
            yield FileReport(
                path=shown(file.relative),
                verdict="refused",
                code=problem.code,
                message=_text(problem.message),
                warnings=every,
                also=tuple(_text(f"{each.code}: {each.message}") for each in others),
            )
        elif not_registered is not None:
            yield _not_registered(file, told, version_id, not_registered, every)
        else:
            yield _sent(file, told, version_id, missed, every)


def _sent(
    file: DropFile, told: Told, version_id: int | None, missed: tuple[str, Missed] | None, warnings: tuple[str, ...]
) -> FileReport:
    path = shown(file.relative)
    if told.uploaded is None:
        return FileReport(path=path, verdict="ok", message="would be uploaded", warnings=warnings)
    outcome = told.uploaded.outcomes.get(file.relative)
    if isinstance(outcome, Missed):
        return FileReport(
            path=path, verdict="refused", code=outcome.code, message=_text(outcome.message), warnings=warnings
        )
    if missed is not None:
        where, why = missed
        key = outcome.key if outcome is not None else None
        state = "uploaded, but not registered" if key else "not uploaded"
        message = _text(f"{state}: {where}: {why.message}")
        return FileReport(
            path=path, verdict="refused", code="item.incomplete", message=message, key=key, warnings=warnings
        )
    assert outcome is not None
    is_there = not outcome.is_new
    return FileReport(
        path=path,
        verdict="skipped" if is_there else "ok",
        code="destination.same" if is_there else None,
        message="the same bytes are there already" if is_there else None,
        key=outcome.key,
        version_id=version_id,
        warnings=warnings,
    )


def _not_registered(
    file: DropFile, told: Told, version_id: int | None, why: ErrorReport, warnings: tuple[str, ...]
) -> FileReport:
    outcome = told.uploaded.outcomes.get(file.relative) if told.uploaded is not None else None
    return FileReport(
        path=shown(file.relative),
        verdict="refused",
        code=why.code,
        message=_text(f"uploaded, but not registered: {why.message}"),
        key=outcome.key if isinstance(outcome, Arrived) else None,
        version_id=version_id,
        warnings=warnings,
    )


def _first_missed(item: DropItem, uploaded: Uploaded | None) -> tuple[str, Missed] | None:
    if uploaded is not None:
        for file in item.files:
            outcome = uploaded.outcomes.get(file.relative)
            if isinstance(outcome, Missed):
                return shown(file.relative.rpartition("/")[2]), outcome
    return None


def _reasons(item: DropItem, file: DropFile) -> list[Problem]:
    """Why ``file`` is refused: for itself, then for the whole item, or for another file of it."""
    own = [each for each in item.file_problems.get(file.relative, ()) if each.severity == "error"]
    whole = [each for each in item.problems if each.severity == "error"]
    if own or whole:
        return [*own, *whole]
    name, problem = next(
        (name, each) for name, some in item.file_problems.items() for each in some if each.severity == "error"
    )
    told = f"the sequence is refused: {shown(name.rpartition('/')[2])}: {problem.message}"
    return [problem.model_copy(update={"message": told})]


def _warnings(problems: Sequence[Problem]) -> Iterator[str]:
    for problem in problems:
        if problem.severity == "warning":
            yield _text(f"{problem.code}: {problem.message}")


def _summary(plan: DropPlan, request: IngestRequest, told: Told, files: Sequence[FileReport]) -> dict[str, Any]:
    uploaded = told.uploaded or Uploaded()
    arrived = [each for each in uploaded.outcomes.values() if isinstance(each, Arrived)]
    failed = sum(isinstance(each, Missed) and each.is_failure for each in uploaded.outcomes.values())
    return {
        "operation": told.operation,
        "dry_run": told.uploaded is None,
        "drop": shown(plan.folder.name),
        "project": request.project,
        "show_code": request.show_code,
        "source": request.source,
        "destination": request.place.uri,
        "files": len(files),
        "ok": sum(file.verdict == "ok" for file in files),
        "skipped": sum(file.verdict == "skipped" for file in files),
        "refused": sum(file.verdict == "refused" for file in files),
        "failed": failed + told.failures,
        "uploaded": sum(each.is_new for each in arrived),
        "bytes_uploaded": uploaded.bytes_sent,
        "items": len(plan.items),
        "items_refused": sum(item.is_refused for item in plan.items),
        "versions": len(told.version_ids),
        "waiting": told.waiting,
        "seconds": round(told.seconds, 3),
        "problems": [_problem(each) for each in plan.problems],
        "warnings": [each.model_dump(mode="json") for each in told.warnings],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    told = {"code": problem.code, "severity": problem.severity, "message": _text(problem.message)}
    return {**told, "hint": problem.hint, "line": problem.line, "frames": problem.frames}


def _text(message: str) -> str:
    """A message may quote a name that is no Unicode."""
    return shown(message)


def problems_refused(report: IngestReport) -> int:
    """How much of the drop itself, beside its files, has to be looked at: rows without a file, unreadable folders."""
    return sum(each["severity"] == "error" for each in report.summary["problems"])
