"""``onepiece aws ingest``: take in a drop of a vendor or a client."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from onepiece_cli.options import AwsProfile, Events, Json, aws_overrides
from onepiece_cli.session import session_of

EPILOG = """Examples:

onepiece aws ingest /deliveries/vendor_drop --project "Frost Giant" --show-code FG --source vendor --dry-run

onepiece aws ingest /deliveries/vendor_drop --project "Frost Giant" --show-code FG --manifest delivery_manifest.json

onepiece aws ingest /deliveries/client_drop --project "Frost Giant" --show-code FG --source client --report-path r.html

onepiece aws ingest /deliveries --project "Frost Giant" --show-code FG --watch --quarantine /deliveries_refused"""


class SourceChoice(StrEnum):
    """Whose drop it is."""

    VENDOR = "vendor"
    CLIENT = "client"


class FormChoice(StrEnum):
    """How a report is written."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The drop; with --watch, the folder that drops come to.")
]
Project = Annotated[str, typer.Option("--project", help="The project's name in ShotGrid.")]
ShowCode = Annotated[str, typer.Option("--show-code", help="The show's short code (FG).")]
Source = Annotated[SourceChoice, typer.Option("--source", help="Whose drop it is: which bucket it goes to.")]
VendorBucket = Annotated[str, typer.Option("--vendor-bucket", help="Bucket or context of what vendors deliver.")]
ClientBucket = Annotated[str, typer.Option("--client-bucket", help="Bucket or context of what clients deliver.")]
Manifest = Annotated[
    Path | None, typer.Option("--manifest", metavar="FILE", help="What is in the drop, .csv or .json; see --mapping.")
]
Preset = Annotated[str, typer.Option("--preset", help="Delivery rules: studio, netflix, or a TOML file.")]
Mapping = Annotated[
    str | None, typer.Option("--mapping", help="How the manifest's columns are called: a preset's name or TOML file.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, send and register nothing.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="With --dry-run: of each file look at the first bytes only; no checksums.")
]
ReportFormat = Annotated[FormChoice | None, typer.Option("--report-format", help="Else the ending of --report-path.")]
ReportPath = Annotated[
    Path | None,
    typer.Option("--report-path", metavar="FILE", help="Where the report goes; its ASC MHL lies beside it."),
]
Resume = Annotated[
    bool, typer.Option("--resume/--no-resume", help="Trust what earlier runs noted, or compare all contents again.")
]
MaxWorkers = Annotated[
    int, typer.Option("--max-workers", metavar="N", min=0, max=256, help="Files at the same time; 0: as many as serve.")
]
Quarantine = Annotated[
    Path | None, typer.Option("--quarantine", metavar="DIR", help="Copy refused files there; the drop stays as it is.")
]
AllowMissing = Annotated[bool, typer.Option("--allow-missing", help="Take in sequences that lack frames.")]
Thumbnails = Annotated[bool, typer.Option("--thumbnails/--no-thumbnails", help="Give each Version a picture.")]
ReviewMovies = Annotated[
    bool, typer.Option("--review-movies", help="Give each Version a movie to look at in ShotGrid (slow).")
]
Watch = Annotated[bool, typer.Option("--watch", help="Take in each folder below FOLDER once it has stopped growing.")]
QuietSeconds = Annotated[
    float, typer.Option("--quiet-seconds", min=0.0, help="With --watch: how long nothing may change.")
]
EndpointUrl = Annotated[str | None, typer.Option("--endpoint-url", metavar="URL", help="An S3 server other than AWS.")]


def ingest(
    ctx: typer.Context,
    folder: Folder,
    project: Project,
    show_code: ShowCode,
    source: Source = SourceChoice.VENDOR,
    vendor_bucket: VendorBucket = "vendor_in",
    client_bucket: ClientBucket = "client_in",
    manifest: Manifest = None,
    preset: Preset = "studio",
    mapping: Mapping = None,
    dry_run: DryRun = False,
    quick: Quick = False,
    report_format: ReportFormat = None,
    report_path: ReportPath = None,
    profile: AwsProfile = None,
    resume: Resume = True,
    max_workers: MaxWorkers = 0,
    quarantine: Quarantine = None,
    allow_missing: AllowMissing = False,
    thumbnails: Thumbnails = True,
    review_movies: ReviewMovies = False,
    watch: Watch = False,
    quiet_seconds: QuietSeconds = 60.0,
    endpoint_url: EndpointUrl = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Check a drop, upload it to its place, register it in ShotGrid, and report on every file."""
    _run(ctx, locals())


def _run(ctx: typer.Context, options: dict[str, Any]) -> None:
    from onepiece_cli.commands.aws_ingest_run import Asked, run_asked
    from onepiece_cli.outcome import run_failures_are

    bucket = options["vendor_bucket" if options["source"] is SourceChoice.VENDOR else "client_bucket"]
    asked = Asked(
        bucket=bucket,
        overrides=aws_overrides(options["profile"], options["endpoint_url"]),
        source=str(options["source"]),
        report_format=str(options["report_format"]) if options["report_format"] else None,
        has_events=options["events"] is not None,
        **{name: options[name] for name in _PASSED},
    )
    with run_failures_are():
        run_asked(session_of(ctx), asked)


_PASSED = (
    "folder",
    "project",
    "show_code",
    "manifest",
    "preset",
    "mapping",
    "dry_run",
    "quick",
    "report_path",
    "resume",
    "max_workers",
    "quarantine",
    "allow_missing",
    "thumbnails",
    "review_movies",
    "watch",
    "quiet_seconds",
    "as_json",
)
