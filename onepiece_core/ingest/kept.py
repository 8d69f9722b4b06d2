"""What of an ingest has to be looked at, kept by its operation: a dashboard shows it long after the report is gone."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from onepiece_core.errors import StorageError
from onepiece_core.filesystems import make_folders, write_file
from onepiece_core.ingest.model import FileReport, IngestReport
from onepiece_core.log import get_logger

# Somebody who sees so many stops reading, and a drop may have a million.
_MOST = 5000

log = get_logger(__name__)


class KeptProblems(BaseModel, frozen=True):
    """``refused``, ``warned``: how many files there were; ``files``: the first of them, refused ones first."""

    refused: int = 0
    warned: int = 0
    files: tuple[FileReport, ...] = ()
    problems: tuple[dict[str, object], ...] = ()


def keep_bad(state_dir: Path, operation: str, report: IngestReport) -> None:
    """Write it into the state folder; an ingest does not fail for it."""
    refused = [file for file in report.files if file.verdict == "refused"]
    warned = [file for file in report.files if file.warnings and file.verdict != "refused"]
    kept = KeptProblems(
        refused=len(refused),
        warned=sum(bool(file.warnings) for file in report.files),
        files=(*refused, *warned)[:_MOST],
        problems=tuple(report.summary["problems"][:_MOST]),
    )
    path = _path(state_dir, operation)
    try:
        make_folders(path.parent)
        write_file(path, kept.model_dump_json().encode())
    except (OSError, StorageError) as error:
        log.warning("ingest.report_not_kept", kind=type(error).__name__)


def read_kept(state_dir: Path, operation: str) -> KeptProblems | None:
    """None where nothing was kept, or it cannot be read."""
    try:
        return KeptProblems.model_validate_json(_path(state_dir, operation).read_bytes())
    except (OSError, ValidationError):
        return None


def _path(state_dir: Path, operation: str) -> Path:
    return state_dir / "reports" / f"{operation}.json"
