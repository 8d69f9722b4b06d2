"""Drops that were taken in, from the journal and from what each ingest kept of its report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onepiece_core.dashboard.board import MAX_PAGE
from onepiece_core.dashboard.keyset import page_size, place_of
from onepiece_core.dashboard.model import Found, IngestDetail, IngestSummary, Page, RefusedFile
from onepiece_core.dashboard.operations import error_of, iter_operations, place, taken
from onepiece_core.errors import DashboardMissing
from onepiece_core.ingest.claim import KIND
from onepiece_core.ingest.kept import KeptProblems, read_kept
from onepiece_core.journal import Journal, Operation


def list_page(journal: Journal, names: frozenset[str] | None, limit: int, cursor: str | None) -> Page[IngestSummary]:
    """``names``: what its project may be called, casefolded; None for any."""
    size, before = page_size(limit, MAX_PAGE), place_of(cursor)
    wanted = (each for each in iter_operations(journal, KIND, before) if names is None or names & _names(each))
    found, more = taken(wanted, size, place)
    total = None
    if names is None:
        total = int(journal.rows("select count(*) from operations where kind = ?", KIND)[0][0])
    return Page(items=[_summary(each) for each in found], next_cursor=more, total=total)


def get(journal: Journal, ingest: str) -> IngestDetail:
    operation = journal.find(ingest)
    if operation is None or operation.kind != KIND:
        raise DashboardMissing("There is no such ingest", ingest=ingest[:200])
    kept = read_kept(journal.folder, operation.id) or KeptProblems()
    refused = [
        RefusedFile(path=file.path, code=file.code or "", message=file.message or "", hint="; ".join(file.also))
        for file in kept.files
        if file.verdict == "refused"
    ]
    return IngestDetail(
        summary=_summary(operation),
        refused=[*refused, *_of_drop(kept, "error")],
        warned=[*_warned(kept), *_of_drop(kept, "warning")],
    )


def search(journal: Journal, text: str, limit: int) -> list[Found]:
    wanted = text.casefold()
    found = (each for each in iter_operations(journal, KIND, None) if wanted in each.name.casefold())
    return [
        Found(kind="ingest", project=_project(each), key=each.id, label=each.name, hint=each.state)
        for each in taken(found, limit, place)[0]
    ]


def _summary(operation: Operation) -> IngestSummary:
    result: dict[str, Any] = operation.result or {}
    return IngestSummary(
        id=operation.id,
        name=operation.name,
        project=_project(operation),
        source=str(operation.request.get("source") or ""),
        status=operation.state,
        created_at=operation.created_at,
        updated_at=operation.updated_at,
        files=result.get("files", 0),
        registered=result.get("versions", 0),
        refused=result.get("refused", 0),
        warnings=result.get("warned", 0),
        size_bytes=result.get("bytes_uploaded"),
        error=error_of(operation),
    )


def _project(operation: Operation) -> str:
    return str(operation.request.get("show_code") or operation.request.get("project") or "")


def _names(operation: Operation) -> frozenset[str]:
    told = (operation.request.get(name) for name in ("show_code", "project"))
    return frozenset(str(name).casefold() for name in told if name)


def _warned(kept: KeptProblems) -> Iterator[RefusedFile]:
    for file in kept.files:
        for warning in file.warnings:
            code, _, message = warning.partition(": ")
            yield RefusedFile(path=file.path, code=code, message=message)


def _of_drop(kept: KeptProblems, severity: str) -> Iterator[RefusedFile]:
    """Of the drop as a whole: rows of its manifest without a file, folders that cannot be read."""
    for each in kept.problems:
        if each.get("severity") == severity:
            told = {name: str(each.get(name) or "") for name in ("code", "message", "hint")}
            line = each.get("line")
            yield RefusedFile(path=f"line {line} of the manifest" if line else "", **told)
