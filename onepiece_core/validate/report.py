"""What a check found, as JSON, as CSV and as a page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from onepiece_core import __version__
from onepiece_core.csv_text import csv_text
from onepiece_core.errors import UsageError
from onepiece_core.ingest.model import DropItem, DropPlan, Problem
from onepiece_core.shown import shown

FORMATS = (".json", ".csv", ".html")
_HEADERS = ("path", "line", "severity", "code", "frames", "message", "hint")
_TONES = {"error": "bad", "warning": "warn", "skipped": ""}


class Finding(BaseModel, frozen=True):
    """One thing that a check has to say.

    Attributes:
        path: what it is about: a file, a name, a host; printable.
        line: of a manifest or a list.
        frames: ranges: ``1003,1010-1012``.
    """

    path: str
    code: str
    severity: Literal["error", "warning", "skipped"]
    message: str
    hint: str | None = None
    line: int | None = None
    frames: str | None = None


class ValidationReport(BaseModel):
    """``checked`` things, and what was found; a check passes when no finding is an error."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    schema_: Literal["onepiece.validation.1"] = Field(default="onepiece.validation.1", alias="schema")
    check: str
    checked: int
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> int:
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        return sum(finding.severity == "warning" for finding in self.findings)

    def told(self) -> dict[str, Any]:
        """The report with its summary first."""
        values = self.model_dump(mode="json")
        summary = {"checked": self.checked, "errors": self.errors, "warnings": self.warnings, "ok": not self.errors}
        return {"schema": values["schema"], "check": self.check, "summary": summary, "findings": values["findings"]}


def finding_of(path: str, problem: Problem) -> Finding:
    fields = {name: getattr(problem, name) for name in ("code", "severity", "message", "hint", "line", "frames")}
    return Finding(path=shown(path), **fields)


def findings_of(plan: DropPlan) -> list[Finding]:
    """Everything that is said in a plan, by path."""
    found = [finding_of(str(problem.context.get("path", ".")), problem) for problem in plan.problems]
    found += [finding_of(path, problem) for path, problem in plan.left.items()]
    found += [finding for item in plan.items for finding in item_findings(item)]
    return found


def item_findings(item: DropItem) -> Iterable[Finding]:
    for problem in item.problems:
        yield finding_of(item.pattern, problem)
    for path, problems in item.file_problems.items():
        yield from (finding_of(path, problem) for problem in problems)


def render(report: ValidationReport, path: Path) -> str:
    """The report in the format that the ending of ``path`` names. Raises UsageError."""
    match path.suffix.lower():
        case ".json":
            import json

            return json.dumps(report.told(), indent=2) + "\n"
        case ".csv":
            return csv_text(_HEADERS, ([getattr(finding, name) for name in _HEADERS] for finding in report.findings))
        case ".html":
            return _page(report)
    raise UsageError(f"{shown(path)} is no report: its name ends with none of {', '.join(FORMATS)}.")


def _page(report: ValidationReport) -> str:
    from onepiece_core.html_page import counts, page, table, toned

    told: dict[str, tuple[str | int, str]] = {
        "checked": (report.checked, ""),
        "errors": (report.errors, "bad" if report.errors else "good"),
        "warnings": (report.warnings, "warn" if report.warnings else "good"),
    }
    rows = (
        (
            finding.path,
            finding.line,
            toned(finding.severity, _TONES[finding.severity]),
            finding.code,
            finding.frames,
            f"{finding.message} {finding.hint or ''}".strip(),
        )
        for finding in report.findings
    )
    headers = ("What", "Line", "", "Code", "Frames", "Message")
    parts = [counts(told), table(headers, rows)] if report.findings else [counts(told)]
    lead = "Everything is as it should be." if not report.findings else f"{len(report.findings)} findings."
    return page(f"Validation: {report.check}", lead, parts, footer=f"OnePiece {__version__}")
