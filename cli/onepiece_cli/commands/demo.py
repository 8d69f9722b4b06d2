"""``onepiece demo``: a small show, published on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Events, Json
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_cli.demo.report import DemoReport

app = typer.Typer(add_completion=False)

EPILOG = """Examples:

onepiece demo

onepiece demo --dir demo --keep"""


@app.command(epilog=EPILOG)
def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("--dir", metavar="FOLDER", help="The demo's folder; its own, emptied each time.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the studio running.")] = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Publish two versions of a shot in a studio on this machine, verify them, break a copy and find the damage."""
    from onepiece_cli.demo.shot import Folders
    from onepiece_cli.demo.story import Demo

    session = session_of(ctx)
    root = (folder or _default_folder()).expanduser().absolute()
    with session.reporter(events=events is not None) as reporter:
        report = Demo(Folders(root), session.environ, reporter, session.say, keep).run()
    if as_json:
        typer.echo(report.model_dump_json(by_alias=True))
        return
    _show(report, session)


def _default_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("onepiece", appauthor=False)) / "demo"


def _show(report: DemoReport, session: Session) -> None:
    from rich.console import Console

    for warning in report.warnings:
        session.say(printable(f"warning: {warning.message}"))
        if warning.hint:
            session.say(printable(f"hint:    {warning.hint}"))
    Console(highlight=False).print(_table(report))
    found = ", ".join(report.broken.found)
    rows = {
        "damage": f"{found} (one bit was flipped in a copy)",
        "picture": report.picture or "none",
        "packages": str(Path(report.versions[0].package).parent),
        "made by": f"{report.made_by}, in {report.seconds:.0f} s",
    }
    for name, value in rows.items():
        typer.echo(printable(f"{name:12}{value}"))
    typer.echo("\nLook further:")
    for command in report.commands:
        typer.echo(printable(f"  {command}"))


def _table(report: DemoReport) -> object:
    from rich import box
    from rich.filesize import decimal
    from rich.table import Table

    versions = report.versions
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"\n{versions[0].scene_name} and its next version")
    table.add_column("", min_width=11)
    for version in versions:
        table.add_column(f"v{version.version:03d}")
    rows = {
        "files": [str(version.files) for version in versions],
        "size": [decimal(version.bytes_total) for version in versions],
        "sent to S3": [decimal(version.bytes_sent) for version in versions],
        "ShotGrid": [
            f"Version {version.tracker.version_id}, {len(version.tracker.published_file_ids)} PublishedFiles"
            for version in versions
        ],
        "on disk": [_proof(report, version.package) for version in versions],
        "in S3": [_proof(report, version.s3_uri) for version in versions],
    }
    for name, values in rows.items():
        table.add_row(name, *values)
    return table


def _proof(report: DemoReport, place: str) -> str:
    """What ``verify`` said of the package at ``place``."""
    seen = next(seen for seen in report.verified if seen.place == place)
    return ", ".join(seen.found) or f"verified, {seen.files} files"
