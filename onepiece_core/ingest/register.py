"""Register what has arrived, exactly once: through the journal's outbox, now or later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onepiece_core.errors import ErrorReport, TrackerNotConfigured
from onepiece_core.ingest.model import DropItem
from onepiece_core.ingest.parts import RegisterParts
from onepiece_core.ingest.pictures import Pictures, write_review_movie
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.ingest.rows import row_writes, version_path
from onepiece_core.progress import Warned
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import DrainOutcome, OutboxRow, Write, drain

_UPLOADS = ("thumbnail", "movie")


@dataclass(frozen=True, slots=True)
class Registration:
    """How far a registration came.

    Attributes:
        version_ids: by path (see :func:`version_path`), of the Versions that are in the tracker.
        waiting: writes that are left.
        failed: the tracker said no: waiting does not help.
        refused: why, by path, of the Versions that the tracker refused; the others were made.
    """

    version_ids: dict[str, int]
    waiting: int = 0
    failed: bool = False
    reason: ErrorReport | None = None
    warnings: tuple[Warned, ...] = ()
    refused: Mapping[str, ErrorReport] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return self.waiting == 0


def register_items(
    operation: str,
    items: Sequence[DropItem],
    request: IngestRequest,
    parts: RegisterParts,
    pictures: Pictures,
    *,
    away: ErrorReport | None = None,
) -> Registration:
    """Write the outbox, then carry out as much of it as the tracker takes.

    Args:
        items: whose files have all arrived; those that an interrupted run has written down stand there already.
        pictures: of the items; only asked for where a Version has none.
        away: why the tracker did not answer a moment ago: it is not asked again.
    """
    outbox = JournalOutbox(parts.journal, operation)
    _add_rows(outbox, items, request)
    parts.checkpoint("outbox")
    if away is not None and (left := [row for row in outbox.rows() if row.state != "done"]):
        return Registration({}, len(left), reason=away, warnings=(_waiting(len(left), away),))
    registration = drain_outbox(operation, parts, wait=True)
    if not registration.is_done:
        return registration
    parts.checkpoint("registered")
    if _add_uploads(outbox, items, request, pictures):
        registration = drain_outbox(operation, parts, wait=True)
    return registration


def drain_outbox(operation: str, parts: RegisterParts, *, wait: bool) -> Registration:
    """What waits in the outbox of ``operation``. A picture that the tracker refuses is left out.

    ``wait``: look unanswered writes up until they have settled; else they stay in the outbox.
    """
    outbox = JournalOutbox(parts.journal, operation)
    warnings: list[Warned] = []
    while True:
        outcome = _drain(outbox, parts, wait=wait)
        rows = outbox.rows()
        refused = next((row for row in rows if row.state == "failed" and row.write.kind in _UPLOADS), None)
        if not outcome.failed or refused is None or outcome.reason is None:
            break
        # For people's eyes: no reason to leave a drop unfinished.
        outbox.done(refused.write.seq, None)
        warnings.append(Warned(code=outcome.reason.code, message=f"A picture was left out: {outcome.reason.message}"))
    if not outcome.done and outcome.reason is not None:
        warnings.append(_waiting(outcome.waiting, outcome.reason, failed=outcome.failed))
    ids = _version_ids(rows)
    waiting = 0 if outcome.done else max(1, outcome.waiting)
    return Registration(ids, waiting, outcome.failed, outcome.reason, tuple(warnings), _refused(rows))


def _drain(outbox: JournalOutbox, parts: RegisterParts, *, wait: bool) -> DrainOutcome:
    if parts.tracker is None:
        left = [row for row in outbox.rows() if row.state != "done"]
        missing = TrackerNotConfigured("No ShotGrid site is configured: the registration waits in the outbox.")
        return DrainOutcome(not left, len(left), missing.report if left else None)
    return drain(
        outbox,
        parts.tracker,
        clock=parts.clock,
        settle_seconds=parts.settle_seconds,
        timeout_seconds=parts.timeout_seconds,
        wait=wait,
        reporter=parts.reporter,
        guard=_no_guard,
        operation="ingest",
    )


def _no_guard() -> None:
    """An ingest holds no lease: its rows are found again by what makes them unique."""


def _waiting(steps: int, reason: ErrorReport, *, failed: bool = False) -> Warned:
    hint = reason.hint if failed else "`onepiece recover`, or the same command, registers it when it answers."
    message = f"Everything is uploaded, not everything registered ({steps} steps wait): {reason.message}"
    return Warned(code=reason.code, message=message, hint=hint)


def _add_rows(outbox: JournalOutbox, items: Sequence[DropItem], request: IngestRequest) -> None:
    rows = outbox.rows()
    written = {data["sg_path_to_frames"] for row in rows if row.write.kind == "versions" for data in _versions(row)}
    new = [item for item in items if version_path(item, request) not in written]
    outbox.fill(row_writes(new, request, _next_seq(rows)))


def _versions(row: OutboxRow) -> list[dict[str, Any]]:
    versions: list[dict[str, Any]] = row.write.payload["versions"]
    return versions


def _next_seq(rows: Sequence[OutboxRow]) -> int:
    return max((row.write.seq for row in rows), default=0) + 1


def _results(rows: Sequence[OutboxRow]) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in rows:
        if row.write.kind == "versions" and row.state == "done" and row.result is not None:
            yield from row.result.items()


def _version_ids(rows: Sequence[OutboxRow]) -> dict[str, int]:
    return {path: version["id"] for path, version in _results(rows) if "id" in version}


def _refused(rows: Sequence[OutboxRow]) -> dict[str, ErrorReport]:
    """By path: a Version's own, or that of its file's row."""
    versions = dict(_results(rows))
    told = {path: each["refused"] for path, each in versions.items() if "refused" in each}
    for row in rows:
        if row.write.kind == "version_files" and row.state == "done" and row.result is not None:
            for file in row.write.payload["files"]:
                version = versions.get(file["path"], {})
                result = row.result.get(f"{version.get('id')}/{file['code']}", {})
                if "refused" in result:
                    told[file["path"]] = result["refused"]
    return {path: ErrorReport.model_validate(report) for path, report in told.items()}


def _add_uploads(outbox: JournalOutbox, items: Sequence[DropItem], request: IngestRequest, pictures: Pictures) -> int:
    """Thumbnails and review movies of Versions that have none; how many."""
    rows = outbox.rows()
    versions = dict(_results(rows))
    written = {(row.write.kind, row.write.payload["row"]["id"]) for row in rows if row.write.kind in _UPLOADS}
    seq, writes = _next_seq(rows), list[Write]()
    for item in items:
        version = versions.get(version_path(item, request))
        if version is None or "id" not in version:
            continue
        link = {"type": version["type"], "id": version["id"]}
        is_wanted = request.thumbnails and not version["has_image"] and ("thumbnail", link["id"]) not in written
        picture = pictures.get(item) if is_wanted else None
        if picture is not None:
            writes.append(Write(seq + len(writes), "thumbnail", {"row": link, "path": str(picture)}))
        if request.review_movies and not version["has_movie"] and ("movie", link["id"]) not in written:
            movie = write_review_movie(item, pictures.folder)
            if movie is not None:
                writes.append(Write(seq + len(writes), "movie", _movie(link, movie, item)))
    outbox.fill(writes)
    return len(writes)


def _movie(link: dict[str, Any], movie: Path, item: DropItem) -> dict[str, Any]:
    size_bytes = movie.stat().st_size
    return {
        "row": link,
        "field": "sg_uploaded_movie",
        "path": str(movie),
        "name": f"{item.name}{movie.suffix}",
        "size_bytes": size_bytes,
    }
