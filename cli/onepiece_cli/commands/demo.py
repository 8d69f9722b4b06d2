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
        typer.echo(report.model_dump_json())
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
    console = Console(highlight=False, soft_wrap=True)
    console.print()
    console.print(_table(report))
    typer.echo(printable(f"\nDamage found   {', '.join(report.broken.found)} (one bit was flipped in a copy)"))
    typer.echo(printable(f"Picture        {report.picture or 'none'}"))
    typer.echo(printable(f"Packages       {Path(report.versions[0].package).parent}"))
    typer.echo(f"Pictures by    {report.made_by}; all of it took {report.seconds:.0f} s")
    typer.echo("\nLook further:")
    for command in report.commands:
        typer.echo(printable(f"  {command}"))


def _table(report: DemoReport) -> object:
    from rich import box
    from rich.filesize import decimal
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for version in report.versions:
        table.add_column(f"version {version.version}")
    verified = {seen.place: "ok" if not seen.found else ", ".join(seen.found) for seen in report.verified}
    rows = {
        "name": [version.scene_name for version in report.versions],
        "files": [str(version.files) for version in report.versions],
        "size": [decimal(version.bytes_total) for version in report.versions],
        "sent to S3": [decimal(version.bytes_sent) for version in report.versions],
        "ShotGrid": [
            f"Version {version.tracker.version_id}, {len(version.tracker.published_file_ids)} PublishedFiles"
            for version in report.versions
        ],
        "verified": [f"disk {_of(verified, v.package)}, S3 {_of(verified, v.s3_uri)}" for v in report.versions],
    }
    for name, values in rows.items():
        table.add_row(name, *values)
    return table


def _of(verified: dict[str, str], place: str) -> str:
    return next((told for where, told in verified.items() if where.rstrip("/").endswith(place.rstrip("/"))), "?")
