"""``onepiece verify``: is a package what its manifest says?"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import AwsProfile, Events, Json, aws_overrides
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.progress import Reporter
    from onepiece_core.verify import VerifyReport

app = typer.Typer(add_completion=False)

EPILOG = """Examples:

onepiece verify /projects/FG/publish/FG_ep010_sc02_0010_comp_v004

onepiece verify s3://studio-prod-data/vfx/FG/FG_ep010_sc02_0010_comp_v004 --json

onepiece verify /deliveries/frost_giant_vendor_out.zip"""


@app.command(epilog=EPILOG)
def verify(
    ctx: typer.Context,
    place: Annotated[
        str,
        typer.Argument(
            metavar="PATH|s3://BUCKET/PREFIX",
            help="The package, on disk or in S3, or a delivery's archive.",
        ),
    ],
    profile: AwsProfile = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Read every byte of a package and name each flipped, missing, added or renamed file."""
    session = session_of(ctx)
    with session.reporter(events=events is not None) as reporter:
        report = _verified(session, place, profile, reporter)
    _keep(session, report)
    if as_json:
        typer.echo(session.told(report.model_dump(mode="json", by_alias=True)))
    else:
        _show(report)
    error = report.error()
    if error is not None:
        raise error


def _verified(session: Session, place: str, profile: str | None, reporter: Reporter) -> VerifyReport:
    from onepiece_core.errors import UsageError
    from onepiece_core.verify import verify_archive, verify_folder, verify_package

    if not place:  # a script's variable that is not set must not stand for the working folder
        raise UsageError("The package's place is empty.")
    if not place.lower().startswith("s3://"):
        path = Path(place).expanduser().absolute()
        return verify_archive(path, reporter) if path.is_file() else verify_folder(path, reporter)
    from onepiece_core.storage.opening import open_store
    from onepiece_core.storage.places import parse_s3_uri

    settings = session.settings(overrides=aws_overrides(profile))
    found = parse_s3_uri(place, settings.contexts)
    return verify_package(open_store(found.bucket, settings.aws), found.prefix, reporter)


def _keep(session: Session, report: VerifyReport) -> None:
    """For the dashboard; a machine without settings that can be read verifies all the same."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.errors import ConfigError
    from onepiece_core.verify_kept import keep_verify

    with suppress(ConfigError):
        keep_verify(session.settings().state_dir or default_state_dir(session.environ), report)


def _show(report: VerifyReport) -> None:
    for finding in report.findings:
        renamed = f" -> {finding.renamed_to}" if finding.renamed_to else ""
        typer.echo(f"{finding.kind:10} {printable(finding.path + renamed)}")
    if report.ok:
        typer.echo(f"ok         {report.files} files, {report.bytes_total:,} bytes, {report.scene_name}")
