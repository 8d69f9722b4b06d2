"""The newest findings of each show, kept in the state folder for who asks later, as a dashboard does."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from onepiece_core.errors import StorageError
from onepiece_core.filesystems import make_folders, write_file
from onepiece_core.log import get_logger
from onepiece_core.reconcile.model import Finding, ReconcileReport
from onepiece_core.reconcile.report import repair_words
from onepiece_core.shown import shown

_MOST = 5000

log = get_logger(__name__)


class KeptFinding(BaseModel, frozen=True):
    code: str
    severity: str
    subject: str
    message: str
    hint: str = ""
    repair: str = ""


class KeptFindings(BaseModel, frozen=True):
    """``counts``: of all findings; ``findings``: the first of them."""

    project: str
    show_code: str
    made_at: float
    scope: str
    counts: dict[str, int]
    findings: tuple[KeptFinding, ...]


def keep_findings(state_dir: Path, report: ReconcileReport) -> None:
    """Replace what is kept of the show; a comparison does not fail for it."""
    kept = KeptFindings(
        project=report.project,
        show_code=report.show_code,
        made_at=time.time(),
        scope=report.scope,
        counts=report.counts,
        findings=tuple(_kept(each) for each in report.findings[:_MOST]),
    )
    show = hashlib.sha256(f"{report.site}\n{report.project}".encode("utf-8", "surrogatepass")).hexdigest()[:20]
    path = _folder(state_dir) / f"reconcile-{show}.json"
    try:
        make_folders(path.parent)
        write_file(path, kept.model_dump_json().encode())
    except (OSError, StorageError) as error:
        log.warning("reconcile.report_not_kept", kind=type(error).__name__)


def iter_kept(state_dir: Path) -> Iterator[KeptFindings]:
    """Of every show; what is damaged is left out."""
    for path in sorted(_folder(state_dir).glob("reconcile-*.json")):
        try:
            yield KeptFindings.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            log.warning("reconcile.kept_unreadable", kind=type(error).__name__, file=path.name)


def _kept(each: Finding) -> KeptFinding:
    return KeptFinding(
        code=each.code,
        severity=each.severity,
        subject=shown(each.subject),
        message=shown(each.message),
        hint=each.hint,
        repair=repair_words(each.repair),
    )


def _folder(state_dir: Path) -> Path:
    return state_dir / "reports"
