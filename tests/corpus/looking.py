"""What must hold whatever arrives."""

from __future__ import annotations

import os
from pathlib import Path

from onepiece_core.ingest.model import IngestReport
from onepiece_core.ingest.report import problems_refused, report_csv, report_json
from onepiece_core.rules.ingest_codes import CODES
from onepiece_core.shown import shown
from tests.corpus.row import shown_entries
from tests.support.ingests import IngestWorld

Tree = dict[str, tuple[int, int, int, int]]


def tree_of(root: Path) -> Tree:
    """Every entry with what would tell that somebody wrote."""
    found = {}
    for folder, folders, names in os.walk(root):
        for path in (folder, *(os.path.join(folder, name) for name in (*folders, *names))):
            status = os.lstat(path)
            found[path] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino)
    return found


def said(report: IngestReport) -> dict[str, str]:
    """Each code with its severity: of files, of their warnings, of the drop."""
    found = {problem["code"]: problem["severity"] for problem in report.summary["problems"]}
    for file in report.files:
        found |= {warning.partition(":")[0]: "warning" for warning in file.warnings}
        found |= {reason.partition(":")[0]: "error" for reason in file.also}
        if file.code is not None:
            found[file.code] = {"ok": "warning", "skipped": "skipped", "refused": "error"}[file.verdict]
    assert found.keys() <= CODES.keys()
    return found


def check_always(world: IngestWorld, report: IngestReport, before: Tree) -> None:
    """The drop is as it was; every file stands once; what is there is whole, and nothing else is there."""
    assert tree_of(world.drop) == before
    assert sorted(file.path for file in report.files) == shown_entries(world.drop)
    taken = {file.path: file for file in report.files if file.verdict == "ok"}
    for file in report.files:
        assert (file.verdict == "ok") == (file.key is not None), file
        assert file.verdict == "ok" or (file.code and file.message), file
    by_key = {file.key: (world.drop / path).read_bytes() for path, file in taken.items()}
    assert world.objects() == by_key
    for text in (report_json(report).decode(), report_csv(report).decode()):
        assert all(line.isprintable() for line in text.splitlines())
    assert len(report_csv(report).decode().splitlines()) == len(report.files) + 1


def status_of(report: IngestReport) -> int:
    """What the command would end with."""
    if report.summary["failed"]:
        return 1
    return 2 if report.summary["refused"] + problems_refused(report) else 0


def shown_set(paths: set[str]) -> set[str]:
    return {shown(path) for path in paths}
