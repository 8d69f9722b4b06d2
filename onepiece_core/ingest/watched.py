"""One drop of a watched folder, and what the journal knows of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from onepiece_core.config import Settings
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.ingest.run import Outputs, Ran, run_ingest
from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.shown import shown

_SIGNATURE = "signature"


def request_of_drop(watched: IngestRequest, drop: Path) -> IngestRequest:
    """The request for ``drop``; a manifest is looked for in it, by its name."""
    manifest = drop / watched.manifest.name if watched.manifest is not None else None
    if manifest is not None and not manifest.is_file():
        manifest = None
    return watched.model_copy(update={"folder": drop, "manifest": manifest})


def is_taken_in(request: IngestRequest, signature: str, journal: Journal) -> bool:
    """Whether this very state of the drop has been through, whatever became of its files."""
    found = journal.find_by_fingerprint(request.fingerprint)
    return found is not None and found.state == "finished" and (found.result or {}).get(_SIGNATURE) == signature


def take_in(
    request: IngestRequest,
    signature: str,
    settings: Settings,
    state_dir: Path,
    reporter: Reporter,
    outputs: Outputs,
    journal: Journal,
) -> Ran:
    """Ingest one drop; its report lies in the folder ``outputs.report``. Raises what ``run_ingest`` raises."""
    name = f"{shown(request.folder.name)}.{outputs.form}"
    report = outputs.report / name if outputs.report is not None else None
    ran = run_ingest(request, settings, state_dir, reporter, replace(outputs, report=report))
    summary = ran.report.summary
    # What failed on its way, or waits for the tracker, is tried again.
    if not summary["waiting"] and not summary["failed"]:
        journal.settle(summary["operation"], "finished", result={_SIGNATURE: signature})
    return ran
