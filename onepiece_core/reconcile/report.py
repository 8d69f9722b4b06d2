"""The findings as CSV and as a page."""

from __future__ import annotations

from collections.abc import Iterator

from onepiece_core import __version__
from onepiece_core.csv_text import csv_text
from onepiece_core.html_page import Cell, Html, counts, heading, page, table, toned
from onepiece_core.reconcile.model import CLASSES, Action, Finding, ReconcileReport, RepairPlan
from onepiece_core.shown import shown

_HEADERS = ("code", "severity", "subject", "message", "frames", "rows", "paths", "repair", "hint")
_TONES = {"error": "bad", "warning": "warn"}
_WORDS = {
    "park_file": "park",
    "park_object": "park",
    "download": "download",
    "upload": "upload",
    "update_row": "change",
    "retire_row": "retire",
    "register": "register",
    "recover": "recover",
}


def repair_words(actions: tuple[Action, ...] | None) -> str:
    """``park 2, download 2``; "by hand" where only a person can."""
    if not actions:
        return "by hand"
    told: dict[str, int] = {}
    for action in actions:
        told[_WORDS[action.kind]] = told.get(_WORDS[action.kind], 0) + 1
    return ", ".join(f"{word} {count}" if count > 1 else word for word, count in told.items())


def _line(each: Finding) -> tuple[str, ...]:
    rows = " ".join(f"{row.type}:{row.id}" for row in each.rows)
    return (
        each.code,
        each.severity,
        shown(each.subject),
        shown(each.message),
        each.frames or "",
        rows,
        " ".join(map(shown, each.paths)),
        repair_words(each.repair),
        each.hint,
    )


def to_csv(report: ReconcileReport) -> str:
    """One line a finding."""
    return csv_text(_HEADERS, (_line(each) for each in report.findings))


def plan_csv(plan: RepairPlan) -> str:
    """One line a repair."""
    rows = ((each.number, each.code, shown(each.subject), repair_words(each.actions)) for each in plan.repairs)
    return csv_text(("number", "code", "subject", "repair"), rows)


def to_html(report: ReconcileReport) -> str:
    """One self-contained file."""
    looked = report.looked
    repairable = sum(each.repair is not None for each in report.findings)
    figures: dict[str, tuple[str | int, str]] = {
        "findings": (len(report.findings), "bad" if report.findings else "good"),
        "can be repaired": (repairable, ""),
        "rows": (f"{looked.rows:,}", ""),
        "files": (f"{looked.files:,}", ""),
        "objects": (f"{looked.objects:,}", ""),
        "packages": (f"{looked.packages:,}", ""),
    }
    return page(
        f"{report.project}: tracker, disk and S3",
        f"{report.site} - show {report.show_code} - {report.scope}",
        [counts(figures), *_parts(report)],
        footer=f"onepiece {__version__}, validate reconcile",
    )


def _parts(report: ReconcileReport) -> Iterator[Html]:
    if report.counts:
        yield heading("Classes")
        rows: list[list[Cell]] = [
            [toned(code, _TONES[CLASSES[code][0]]), CLASSES[code][1], count] for code, count in report.counts.items()
        ]
        yield table(("code", "what", "found"), rows)
    for code in report.counts:
        some = [each for each in report.findings if each.code == code]
        yield heading(f"{code} ({len(some)})")
        yield table(("subject", "what", "rows", "repair"), ([*_cells(each)] for each in some))
    if report.unknown:
        yield heading("Could not be looked at")
        yield table(("place", "why", "code"), ([shown(each.place), each.message, each.code] for each in report.unknown))
    yield heading("Looked into")
    yield table(("place",), ([place] for place in (*report.looked.folders, *report.looked.places)))


def _cells(each: Finding) -> Iterator[Cell]:
    yield shown(each.subject)
    yield each.message
    yield ", ".join(f"{row.type} {row.id} {row.code}" for row in each.rows[:10])
    yield repair_words(each.repair) if each.repair else toned("by hand", "warn")
