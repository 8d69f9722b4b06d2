"""``onepiece shelves``: the tools on menus, shelves and toolbars of the hosts."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_shelves.model import Finding, Shelves

app = typer.Typer(help="The tools on menus, shelves and toolbars.", no_args_is_help=True, add_completion=False)

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="The studio's and the show's, the strongest last; by default [hosts]."),
]


class HostName(StrEnum):
    """A host that shelves can be written for."""

    MAYA = "maya"
    NUKE = "nuke"
    HOUDINI = "houdini"
    BLENDER = "blender"


class Theme(StrEnum):
    """The colour of a host's window."""

    DARK = "dark"
    LIGHT = "light"


VALIDATE_EPILOG = """Examples:

onepiece shelves validate studio_shelves.json

onepiece shelves validate /studio/shelves.json /projects/FG/shelves.json --json"""


@app.command("validate", epilog=VALIDATE_EPILOG)
def validate(ctx: typer.Context, files: Files = None, as_json: Json = False) -> None:
    """Say what is wrong with files of tools, each in the light of those before it."""
    from onepiece_core.errors import ShelvesInvalid

    asked = _files(ctx, files)
    shelves = _load(asked)
    errors = [finding for finding in shelves.findings if finding.severity == "error"]
    if as_json:
        told = [asdict(finding) for finding in shelves.findings]
        typer.echo(json.dumps({"schema": "onepiece.shelves-report.1", "ok": not errors, "findings": told}))
    else:
        for finding in shelves.findings:
            typer.echo(printable(_line(finding)))
        if not errors:
            typer.echo(f"{len(asked)} files and our own give {len(shelves.tools)} tools")
    if errors:
        files_told = list(dict.fromkeys(finding.file for finding in errors))
        raise ShelvesInvalid(
            f"{len(errors)} mistakes in {len(files_told)} files of tools; the rest of them is used", files=files_told
        )


LIST_EPILOG = """Examples:

onepiece shelves list

onepiece shelves list studio_shelves.json --host nuke --json"""


@app.command("list", epilog=LIST_EPILOG)
def list_(
    ctx: typer.Context,
    files: Files = None,
    host: Annotated[HostName | None, typer.Option("--host", help="Only the tools of this host.")] = None,
    as_json: Json = False,
) -> None:
    """Show the tools in their order, and which file said so."""
    shelves = _load(_files(ctx, files))
    tools = shelves.tools if host is None else shelves.of(host.value)
    if as_json:
        typer.echo(json.dumps({"schema": "onepiece.shelves-list.1", "tools": [asdict(tool) for tool in tools]}))
        return
    for tool in tools:
        place = ", ".join(dict.fromkeys(name for name in (tool.menu, tool.shelf) if name)) or "on no menu"
        typer.echo(printable(f"{tool.id:16} {tool.label:24} {place:16} {' '.join(tool.hosts)}"))
    _caution(shelves)


EXPORT_EPILOG = """Examples:

onepiece shelves export --host maya --to /studio/maya/shelves

onepiece shelves export studio_shelves.json --host houdini --to /studio/houdini --dry-run"""


@app.command("export", epilog=EXPORT_EPILOG)
def export(
    ctx: typer.Context,
    host: Annotated[HostName, typer.Option("--host", help="Whose native form to write.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the files go.")],
    files: Files = None,
    theme: Annotated[Theme, typer.Option("--theme", help="Of the host's window: which pictures.")] = Theme.DARK,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written.")] = False,
    as_json: Json = False,
) -> None:
    """Write the tools in a host's own form, for a studio that lays its shelves out itself."""
    from onepiece_core.filesystems import make_folders, write_file
    from onepiece_shelves.export import export_for
    from onepiece_shelves.pictures import Look

    shelves = _load(_files(ctx, files))
    folder = session_of(ctx).cwd / to.expanduser()
    made = {folder / name: text for name, text in export_for(host.value, shelves, Look(theme.value)).items()}
    if not dry_run:
        for path, text in made.items():
            make_folders(path.parent)
            write_file(path, text.encode())
    if as_json:
        told: dict[str, Any] = {"schema": "onepiece.shelves-export.1", "host": host.value}
        typer.echo(json.dumps({**told, "files": [str(path) for path in made], "is_dry_run": dry_run}))
        return
    for path in made:
        typer.echo(printable(f"{'Would write' if dry_run else 'Wrote'} {path}"))
    _caution(shelves)


def _files(ctx: typer.Context, files: list[Path] | None) -> list[str]:
    session = session_of(ctx)
    if files:
        return [str(session.cwd / file.expanduser()) for file in files]
    return [str(file) for file in session.settings().hosts.shelves]


def _load(files: list[str]) -> Shelves:
    from onepiece_shelves.load import load_tools

    return load_tools(files)


def _caution(shelves: Shelves) -> None:
    for finding in shelves.findings:
        typer.secho(printable(f"warning: {_line(finding)}"), fg="yellow", err=True)


def _line(finding: Finding) -> str:
    place = f"{finding.path} " if finding.path else ""
    return f"{finding.file}: {finding.severity}: {place}{finding.message}"
