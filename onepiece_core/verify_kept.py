"""What the last verify of each package said, kept in the state folder for who asks later, as a dashboard does."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from pydantic import BaseModel, ValidationError

from onepiece_core.errors import StorageError
from onepiece_core.filesystems import make_folders, write_file
from onepiece_core.log import get_logger
from onepiece_core.verify import VerifyReport

log = get_logger(__name__)


class KeptVerify(BaseModel, frozen=True):
    """``at``: seconds since the epoch; ``place``: a path or ``s3://bucket/prefix``."""

    place: str
    at: float
    ok: bool
    files: int
    findings: int


def keep_verify(state_dir: Path, report: VerifyReport) -> None:
    """Replace what is kept of the package; a verify does not fail for it."""
    kept = KeptVerify(
        place=report.place, at=time.time(), ok=report.ok, files=report.files, findings=len(report.findings)
    )
    path = _path(state_dir, report.place)
    try:
        make_folders(path.parent)
        write_file(path, kept.model_dump_json().encode())
    except (OSError, StorageError) as error:
        log.warning("verify.report_not_kept", kind=type(error).__name__)


def find_verify(state_dir: Path, place: str) -> KeptVerify | None:
    """The last of ``place``; None where there is none or it is damaged."""
    try:
        kept = KeptVerify.model_validate_json(_path(state_dir, place).read_bytes())
    except (OSError, ValidationError):
        return None
    return kept if kept.place == place else None


def _path(state_dir: Path, place: str) -> Path:
    name = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return state_dir / "reports" / f"verify-{name}.json"
