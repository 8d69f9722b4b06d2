"""``onepiece sandbox``: a whole studio on this machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.commands import sandbox_calls, sandbox_content, sandbox_faults, sandbox_open, sandbox_schema
from onepiece_cli.commands.sandbox_folder import Dir, command_text, examples, folder_of
from onepiece_cli.options import Json
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_server.sandbox.report import SandboxReport

app = typer.Typer(
    help="Run a whole studio (ShotGrid and S3) on this machine.", no_args_is_help=True, add_completion=False
)
app.add_typer(sandbox_content.app)
app.add_typer(sandbox_faults.app, name="faults")
app.add_typer(sandbox_schema.app, name="schema")
app.command("calls", epilog=sandbox_calls.EPILOG)(sandbox_calls.calls)
app.command("open", epilog=sandbox_open.EPILOG)(sandbox_open.open_page)


class Shell(StrEnum):
    """How to spell a variable."""

    POSIX = "posix"
    POWERSHELL = "powershell"


class Uploads(StrEnum):
    """How clients send files."""

    DIRECT = "direct"
    FORM = "form"


@app.command(
    epilog=examples(
        "onepiece sandbox up",
        "onepiece sandbox up --dir /tmp/studio --json",
        "onepiece sandbox up --faults plan.json",
        "onepiece sandbox up --schema site.json --time-zone Europe/Paris --thumbnail-seconds 5 --uploads form",
    )
)
def up(
    ctx: typer.Context,
    folder: Dir = None,
    schema: Annotated[
        Path | None,
        typer.Option("--schema", metavar="FILE", help="Take the site's schema from a file; `stock` for its own again."),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", metavar="ZONE", help="The site's time zone: an IANA name.")
    ] = None,
    thumbnail_seconds: Annotated[
        float | None,
        typer.Option("--thumbnail-seconds", metavar="S", help="How long a new picture is shown as pending."),
    ] = None,
    uploads: Annotated[
        Uploads | None, typer.Option("--uploads", help="How clients send files: to an address, or in a form.")
    ] = None,
    empty: Annotated[
        bool | None, typer.Option("--empty/--no-empty", help="Whether a new site is without a show.")
    ] = None,
    faults: Annotated[
        Path | None, typer.Option("--faults", metavar="FILE", help="What goes wrong on purpose: a plan, JSON or TOML.")
    ] = None,
    s3_faults: Annotated[
        bool, typer.Option("--s3-faults", help="Reach S3 through a proxy that a plan of faults can spoil.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start the studio and return when both servers answer; they run until `sandbox down`.

    Options of the site are remembered: a plain `sandbox up` starts the same studio again.
    """
    from onepiece_server.sandbox import studio
    from onepiece_server.sandbox.faults.control import plan_of_file

    session = session_of(ctx)
    plan = plan_of_file(faults) if faults else None
    options = {
        "schema_file": str(session.cwd / schema) if schema and str(schema) != "stock" else schema and "stock",
        "time_zone": time_zone,
        "thumbnail_seconds": thumbnail_seconds,
        "uploads": uploads and uploads.value,
        "empty": empty,
    }
    session.say("Starting the sandbox ...")
    report = studio.up(folder_of(session, folder), s3_faults=s3_faults, faults=plan, options=options)
    if as_json:
        typer.echo(report.model_dump_json())
        return
    _show(report)
    profile = "onepiece --config-profile sandbox info   or   " if folder is None else ""
    typer.echo(f'\nUse it:    {profile}eval "$({command_text("env", folder)})"')
    typer.echo(f"Stop it:   {command_text('down', folder)}")


@app.command(epilog=examples("onepiece sandbox down", "onepiece sandbox down --dir /tmp/studio"))
def down(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """Stop the studio; its content stays for the next `sandbox up`."""
    from onepiece_server.sandbox import studio

    place = folder_of(session_of(ctx), folder)
    ended = studio.down(place)
    if as_json:
        import json

        typer.echo(json.dumps({"schema": "onepiece.sandbox-down.1", "dir": str(place), "ended": ended}))
        return
    typer.echo(f"The sandbox in {place} is stopped." if ended else f"No sandbox was running in {place}.")


@app.command(epilog=examples("onepiece sandbox status", "onepiece sandbox status --json"))
def status(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """Show whether the studio runs and where."""
    from onepiece_server.sandbox import studio

    report = studio.status(folder_of(session_of(ctx), folder))
    typer.echo(report.model_dump_json()) if as_json else _show(report)


@app.command(epilog=examples("onepiece sandbox reset --dir /tmp/studio"))
def reset(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """Throw the studio's content away and start it fresh, with the same addresses and keys."""
    from onepiece_server.sandbox import studio

    session = session_of(ctx)
    session.say("Starting the sandbox afresh ...")
    report = studio.reset(folder_of(session, folder))
    typer.echo(report.model_dump_json()) if as_json else _show(report)


@app.command(
    epilog=examples(
        'eval "$(onepiece sandbox env)"',
        "onepiece sandbox env --shell powershell | Invoke-Expression",
        "onepiece sandbox env --json",
    )
)
def env(
    ctx: typer.Context,
    folder: Dir = None,
    shell: Annotated[Shell, typer.Option("--shell", help="The shell that reads the lines.")] = Shell.POSIX,
    as_json: Json = False,
) -> None:
    """Print what to export so that OnePiece, boto3 and shotgun_api3 use the running studio."""
    from onepiece_server.sandbox import studio

    report = studio.env(folder_of(session_of(ctx), folder))
    typer.echo(report.model_dump_json() if as_json else "\n".join(_lines(report, shell)))


def _lines(report: SandboxReport, shell: Shell) -> list[str]:
    """Values are quoted although ours are plain: a line of a shell is code."""
    import shlex

    if shell is Shell.POWERSHELL:
        gone = [f"Remove-Item Env:{name} -ErrorAction SilentlyContinue" for name in report.unset]
        return [
            *gone,
            *(f"$env:{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in report.env.items()),
        ]
    gone = [f"unset {' '.join(report.unset)}"]
    return [*gone, *(f"export {name}={shlex.quote(value)}" for name, value in report.env.items())]


def _show(report: SandboxReport) -> None:
    names = {"objects": "S3", "shotgrid": "ShotGrid", "s3-faults": "S3 proxy"}
    typer.echo(f"The sandbox in {report.dir} is {'running' if report.running else 'stopped'}.")
    for server in report.servers:
        state = "answers" if server.answers else ("is silent" if server.pid else "is stopped")
        memory = f", {server.memory_bytes >> 20} MB" if server.memory_bytes else ""
        process = f" (process {server.pid}{memory})" if server.pid else ""
        typer.echo(f"  {names.get(server.name, server.name):9} {server.url} {state}{process}")
    if not report.options.get("empty"):
        typer.echo(f"  show      {report.project} ({report.show_code})")
    typer.echo(f"  buckets   {', '.join(report.buckets)}")
    if report.fault_rules:
        rules = "1 rule" if report.fault_rules == 1 else f"{report.fault_rules} rules"
        hint = "`onepiece sandbox faults show` tells what, `onepiece sandbox faults clear` ends it."
        typer.secho(f"warning: calls go wrong on purpose ({rules}). {hint}", fg="yellow", err=True)
    if report.options:
        typer.echo(f"  options   {', '.join(f'{name} {value}' for name, value in report.options.items())}")
