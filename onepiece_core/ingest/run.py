"""One drop from its folder to its reports: what the command line and a watched folder both do."""

from __future__ import annotations

import shutil
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args

from onepiece_core.config import Settings
from onepiece_core.errors import UsageError
from onepiece_core.filesystems import make_folders, write_file
from onepiece_core.ingest.apply import Ingested, apply_ingest
from onepiece_core.ingest.build import Planned, ingest_parts, plan_drop
from onepiece_core.ingest.claim import refuse_second
from onepiece_core.ingest.destination import check_writable
from onepiece_core.ingest.html import report_html
from onepiece_core.ingest.mhl import has_history, write_mhl
from onepiece_core.ingest.model import DropPlan, IngestReport
from onepiece_core.ingest.parts import IngestParts
from onepiece_core.ingest.pictures import Pictures, pictures_folder
from onepiece_core.ingest.quarantine import Quarantined, check_quarantine, copy_refused, refused_files, require_writable
from onepiece_core.ingest.recover import drain_parked
from onepiece_core.ingest.report import report_csv, report_json
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.manifest.mhl import Creator
from onepiece_core.progress import Reporter
from onepiece_core.shown import shown

Form = Literal["json", "csv", "html"]
FORMS: tuple[str, ...] = get_args(Form)
DISTRIBUTION = "onepiece-pipeline"


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where reports and refused files go.

    Attributes:
        report: the report's file; its ASC MHL lies beside it. None: the state folder.
        form: of the report.
        quarantine: where refused files are copied to; None: they are not.
    """

    report: Path | None = None
    form: Form = "json"
    quarantine: Path | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """What an ingest did, and where it is told.

    Attributes:
        mhl: the folder of the ASC MHL; None where the drop has one, or nothing arrived.
    """

    report: IngestReport
    report_path: Path
    mhl: Path | None = None
    quarantined: Quarantined | None = None


def run_ingest(
    request: IngestRequest, settings: Settings, state_dir: Path, reporter: Reporter, outputs: Outputs
) -> Ran:
    """Plan, apply, report; what earlier runs left in their outboxes is registered on the way.

    Raises:
        OperationBusy: another process is at this drop.
        InputMissing, InputUnreadable, InputRefused, PathEscapes, UsageError: it cannot be begun.
        OperationCancelled, StorageError, TrackerError: it cannot go on; the next run goes on.
    """
    with ingest_parts(request, settings, state_dir, reporter) as parts:
        refuse_second(request, parts.journal)
        report_path = _check_outputs(request, outputs, parts)
        planned = plan_drop(request, settings, reporter, tracker=parts.tracker, memory=parts.memory)
        folder = pictures_folder(parts.journal.folder, request.fingerprint)
        with Pictures(folder) as pictures:
            ingested = apply_ingest(planned.plan, request, parts, pictures, tracker_away=planned.tracker_away)
            if planned.tracker_away is None:
                drain_parked(parts, but=ingested.report.summary["operation"])
            mhl = _write_mhl(planned, ingested, report_path)
            _write_report(ingested.report, planned.plan, report_path, outputs.form, pictures)
        quarantined = _quarantine(planned.plan, ingested, outputs, reporter)
        if not ingested.report.summary["waiting"]:
            shutil.rmtree(folder, ignore_errors=True)
    return Ran(ingested.report, report_path, mhl, quarantined)


def write_dry_report(report: IngestReport, plan: DropPlan, outputs: Outputs, state_dir: Path) -> Path | None:
    """The report of what would be done, where one was asked for."""
    if outputs.report is None:
        return None
    path = _checked(outputs.report, plan.folder)
    with Pictures(state_dir / "thumbnails" / "dry-run") as pictures:
        _write_report(report, plan, path, outputs.form, pictures)
        shutil.rmtree(pictures.folder, ignore_errors=True)
    return path


def form_of(name: str | None, path: Path | None) -> Form:
    """The form that was named, else the one that the report's ending tells. Raises UsageError."""
    told = name or (path.suffix.lstrip(".").lower() if path is not None and path.suffix else "json")
    for form in get_args(Form):
        if form == told:
            return form  # type: ignore[no-any-return]
    raise UsageError(
        f"A report is {', '.join(FORMS)}: {told!r} is none of them.",
        hint="Add --report-format, or give --report-path one of these endings.",
    )


def _check_outputs(request: IngestRequest, outputs: Outputs, parts: IngestParts) -> Path:
    """Whether all can be written, before anything is read or sent."""
    check_writable(parts.store, request.place.prefix)
    if outputs.quarantine is not None:
        check_quarantine(outputs.quarantine, request.folder)
    if outputs.report is not None:
        return _checked(outputs.report, request.folder)
    path = parts.journal.folder / "reports" / f"{request.fingerprint[:20]}.{outputs.form}"
    make_folders(path.parent)
    return path


def _checked(report: Path, drop: Path) -> Path:
    if report.resolve().is_relative_to(drop.resolve()):
        raise UsageError("The report must not lie in the drop: a drop is never written.", path=str(report))
    if report.is_dir():
        raise UsageError(f"{report} is a folder: --report-path is a file's.", path=str(report))
    require_writable(report.absolute().parent)
    return report.absolute()


def _write_report(report: IngestReport, plan: DropPlan, path: Path, form: Form, pictures: Pictures) -> None:
    if form == "csv":
        data = report_csv(report)
    elif form == "html":
        told = report.summary
        lead = f"{told['project']} ({told['show_code']}), from the {told['source']}. {_now():%Y-%m-%d %H:%M} UTC"
        lead += ". Nothing was uploaded yet." if told["dry_run"] else ""
        title, footer = f"Delivery report: {told['drop']}", f"OnePiece {version(DISTRIBUTION)}"
        data = report_html(report, plan, pictures, title=title, lead=lead, footer=footer)
    else:
        data = report_json(report)
    write_file(path, data)


def _write_mhl(planned: Planned, ingested: Ingested, report_path: Path) -> Path | None:
    if has_history(planned.plan):
        return None
    creator = Creator(shown(socket.gethostname()), "onepiece", version(DISTRIBUTION))
    folder = report_path.with_name(f"{report_path.stem}_mhl")
    return write_mhl(planned.plan, ingested.uploaded, folder, at=_now(), creator=creator)


def _quarantine(plan: DropPlan, ingested: Ingested, outputs: Outputs, reporter: Reporter) -> Quarantined | None:
    if outputs.quarantine is None:
        return None
    return copy_refused(plan, refused_files(plan, ingested.uploaded), outputs.quarantine, reporter)


def _now() -> datetime:
    return datetime.now(UTC)
