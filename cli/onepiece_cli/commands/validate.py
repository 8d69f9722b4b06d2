"""``onepiece validate``: checks that write nothing but their report. 0: all is well, or warnings; 2: errors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.commands import validate_hosts, validate_media, validate_reconcile
from onepiece_cli.commands.validate_show import Report, ShowCode, finish, write_check
from onepiece_cli.options import Json
from onepiece_cli.outcome import run_failures_are
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_core.validate.names import Named

app = typer.Typer(
    help="Check names, paths, media, manifests, hosts; nothing is changed.", no_args_is_help=True, add_completion=False
)

NAMES_EPILOG = """Examples:

onepiece validate names FG_ep010_sc02_0010_comp_v004

onepiece validate names --show-code FG FG_ep010_sc02_0010_comp_v004.1001.exr --json"""


@app.command("names", epilog=NAMES_EPILOG)
def names(
    ctx: typer.Context,
    name: Annotated[list[str], typer.Argument(metavar="NAME...", help="Scenes or files, with or without a frame.")],
    show_code: ShowCode = None,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """Check names: can every system hold them, do they follow the show's naming?"""
    from onepiece_core.validate.names import check_names

    session = session_of(ctx)
    with run_failures_are():
        write_check(report)
        convention = session.settings().naming.convention(show_code)
        finish(session, check_names([(each, None) for each in name], convention, show_code, "names"), report, as_json)


BATCH_EPILOG = """Examples:

onepiece validate names-batch /deliveries/vendor_drop --show-code FG --report names.html

onepiece validate names-batch names.csv --column filename --json

ls /renders | onepiece validate names-batch -"""


@app.command("names-batch", epilog=BATCH_EPILOG)
def names_batch(
    ctx: typer.Context,
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER|FILE", help="A folder, a list with one name a line, a .csv; - is stdin.")
    ],
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="Of the .csv.")] = "name",
    show_code: ShowCode = None,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """Check many names: every file below a folder, a sequence once, or a list of names."""
    from onepiece_core.validate.names import check_folder_names, check_names, lines_of, read_list

    session = session_of(ctx)
    with run_failures_are():
        write_check(report)
        convention = session.settings(near=source if source.is_dir() else None).naming.convention(show_code)
        if source.is_dir():
            found = check_folder_names(source, convention, show_code)
        else:
            listed = list(lines_of(sys.stdin.read())) if str(source) == "-" else read_list(source, column)
            found = check_names(listed, convention, show_code, "names-batch")
        finish(session, found, report, as_json)


PATHS_EPILOG = """Examples:

onepiece validate paths renders/FG_ep010_sc02_0010_comp_v004.1001.exr --root /deliveries/drop

onepiece validate paths --from paths.txt --root /deliveries/drop --no-exists --client-root 'D:\\shows\\FG' --json"""


@app.command("paths", epilog=PATHS_EPILOG)
def paths(
    ctx: typer.Context,
    path: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Absolute, or relative to --root.")
    ] = None,
    listed: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A list with one path a line; - is stdin.")
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="FOLDER", help="Relative paths must stay below it; by default here."),
    ] = None,
    exists: Annotated[bool, typer.Option("--exists/--no-exists", help="Each must be there.")] = True,
    client_root: Annotated[
        str, typer.Option("--client-root", metavar="PATH", help="The folder at the client, for the length on Windows.")
    ] = "",
    max_path: Annotated[int, typer.Option("--max-path", min=1, help="Characters that a whole path may have.")] = 260,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """Check paths: do they stay below their root, can every system hold them, are they there?"""
    from onepiece_core.system import this_system
    from onepiece_core.validate.paths import PathRules, check_paths

    session = session_of(ctx)
    with run_failures_are():
        write_check(report)
        every = _paths(path or [], listed)
        roots = tuple(session.settings().roots_for(this_system()).values())
        rules = PathRules((root or session.cwd).absolute(), roots, exists, client_root, max_path)
        finish(session, check_paths(every, rules), report, as_json)


def _paths(given: list[str], listed: Path | None) -> list[Named]:
    from onepiece_core.errors import UsageError
    from onepiece_core.validate.names import lines_of, read_list

    every: list[Named] = [(each, None) for each in given]
    if listed is not None:
        every += lines_of(sys.stdin.read()) if str(listed) == "-" else read_list(listed, "path")
    if not every:
        raise UsageError("There is no path to check.", hint="Name paths, or a list of them with --from.")
    return every


app.command("media", epilog=validate_media.MEDIA_EPILOG)(validate_media.media)
app.command("manifest", epilog=validate_media.MANIFEST_EPILOG)(validate_media.manifest)
app.command("asset-consistency", epilog=validate_media.ASSETS_EPILOG)(validate_media.asset_consistency)
app.command("dcc-environment", epilog=validate_hosts.EPILOG)(validate_hosts.dcc_environment)
app.command("reconcile", epilog=validate_reconcile.EPILOG)(validate_reconcile.reconcile)
