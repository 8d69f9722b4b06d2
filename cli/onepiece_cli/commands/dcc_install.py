"""``onepiece dcc install, uninstall, list, env``: OnePiece in the DCCs of this machine."""

from __future__ import annotations

import json
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.dcc import Dcc
    from onepiece_core.dcc.install import InstallPlan, UninstallPlan
    from onepiece_core.dcc.listing import FoundProgram, HostReport

app = typer.Typer()

Host = Annotated[str, typer.Argument(metavar="HOST", help="maya, nuke, houdini or blender.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, change nothing.")]
To = Annotated[
    Path | None,
    typer.Option("--to", metavar="FOLDER", help="Folder of the versions, for a studio's central copy."),
]


class ScopeName(StrEnum):
    """How far an installation goes."""

    USER = "user"
    PATH = "path"


class Shell(StrEnum):
    """Whose words ``dcc env`` uses."""

    POSIX = "posix"
    POWERSHELL = "powershell"


INSTALL_EPILOG = """Examples:

onepiece dcc install blender

onepiece dcc install houdini --version 20.5 --dry-run

onepiece dcc install maya --scope path --to /studio/onepiece/hosts"""


@app.command("install", epilog=INSTALL_EPILOG)
def install(
    ctx: typer.Context,
    host: Host,
    version: Annotated[
        str | None, typer.Option("--version", metavar="V", help="Of the host; by default all that are found here.")
    ] = None,
    scope: Annotated[
        ScopeName, typer.Option("--scope", help="user: hook it up for this user; path: only lay the folder out.")
    ] = ScopeName.USER,
    to: To = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put the OnePiece menu into a host. No administrator is needed; a second time does nothing."""
    from onepiece_cli.host_files import host_sources, machine_of
    from onepiece_core.dcc import get_dcc
    from onepiece_core.dcc.install import alone, apply_install, plan_install

    session = session_of(ctx)
    settings = session.settings()
    dcc, machine, root = get_dcc(host), machine_of(session), _root(session, to, scope)
    sources, central = host_sources(settings, root), _central(session, settings, to)
    versions = _host_versions(session, dcc, version) if scope is ScopeName.USER else ()
    with nullcontext() if dry_run else alone(machine):
        plan = plan_install(
            dcc, sources, machine, root=root, scope=scope.value, host_versions=versions, central=central
        )
        if not dry_run:
            apply_install(plan)
    if as_json:
        typer.echo(json.dumps(plan.as_json()))
        return
    _show_install(plan, dry_run=dry_run)


UNINSTALL_EPILOG = """Examples:

onepiece dcc uninstall blender

onepiece dcc uninstall maya --to /studio/onepiece/hosts --dry-run"""


@app.command("uninstall", epilog=UNINSTALL_EPILOG)
def uninstall(
    ctx: typer.Context,
    host: Host,
    scope: Annotated[ScopeName | None, typer.Option("--scope", help="Only what was installed in this way.")] = None,
    to: To = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take OnePiece out of a host: every trace of it, and nothing else."""
    from onepiece_cli.host_files import machine_of
    from onepiece_core.dcc import get_dcc
    from onepiece_core.dcc.install import alone, apply_uninstall, plan_uninstall

    session = session_of(ctx)
    dcc, root = get_dcc(host), _root(session, to, ScopeName.PATH)
    with nullcontext() if dry_run else alone(machine_of(session)):
        plan = plan_uninstall(dcc, root=root, scope=None if scope is None else scope.value)
        if not dry_run:
            apply_uninstall(plan)
    if as_json:
        typer.echo(json.dumps(plan.as_json()))
        return
    _show_uninstall(plan, dry_run=dry_run)


LIST_EPILOG = """Examples:

onepiece dcc list

onepiece dcc list --capabilities

onepiece dcc list --json"""


@app.command("list", epilog=LIST_EPILOG)
def list_(
    ctx: typer.Context,
    capabilities: Annotated[
        bool, typer.Option("--capabilities", help="Show what works in each host, and how that was checked.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the hosts of this machine: where each is, its version and Python, and whether it loads OnePiece."""
    from onepiece_cli.host_files import machine_of
    from onepiece_core.dcc.layout import user_root
    from onepiece_core.dcc.listing import list_hosts
    from onepiece_core.open_shot import dcc_environment

    machine = machine_of(session_of(ctx))
    report = list_hosts(machine, dcc_environment(machine.environ), user_root(machine))
    if as_json:
        typer.echo(report.model_dump_json())
        return
    for host in report.hosts:
        _show_host(host)
    for host in report.hosts if capabilities else ():
        _show_capabilities(host)


ENV_EPILOG = """Examples:

onepiece dcc env maya

eval "$(onepiece dcc env nuke --shell posix)"

onepiece dcc env houdini --shell powershell | Invoke-Expression"""


@app.command("env", epilog=ENV_EPILOG)
def env(
    ctx: typer.Context,
    host: Host,
    shell: Annotated[Shell | None, typer.Option("--shell", help="Write commands of this shell.")] = None,
    as_json: Json = False,
) -> None:
    """Show what a host's environment needs to load OnePiece, as open-shot sets it."""
    from onepiece_cli.host_files import machine_of
    from onepiece_cli.settings import default_state_dir
    from onepiece_cli.shell_words import set_variable
    from onepiece_core.dcc import get_dcc
    from onepiece_core.dcc.host_environment import LISTS, host_environment
    from onepiece_core.errors import HostFilesMissing

    session = session_of(ctx)
    settings = session.settings()
    dcc = get_dcc(host)
    told = host_environment(dcc, settings, default_state_dir(session.environ), machine_of(session))
    if not told:
        raise HostFilesMissing(
            f"{dcc.label} cannot load OnePiece: nothing of it is installed here",
            hint=f"`onepiece dcc install {dcc.name}` does that.",
            host=dcc.name,
        )
    lists = [LISTS[dcc.name][0]] if dcc.name in LISTS else []
    if as_json:
        typer.echo(json.dumps({"schema": "onepiece.dcc-env.1", "host": dcc.name, "set": told, "prepend": lists}))
        return
    for name, value in told.items():
        if shell is None:
            typer.echo(printable(f"{name}={value}"))
        else:
            typer.echo(set_variable(name, value, shell.value, prepends=name in lists))


def _root(session: Session, to: Path | None, scope: ScopeName) -> Path:
    from onepiece_cli.host_files import machine_of
    from onepiece_core.dcc.layout import user_root
    from onepiece_core.errors import UsageError

    if to is None:
        return user_root(machine_of(session))
    if scope is not ScopeName.PATH:
        raise UsageError(
            "--to needs --scope path.",
            hint="A central copy is laid out once; users find it by [hosts] central of onepiece.toml.",
        )
    return (session.cwd / to.expanduser()).absolute()


def _central(session: Session, settings: Settings, to: Path | None) -> Path | None:
    """The version folder of the studio's that the settings lead to, or an older one of the user's that they pin."""
    from onepiece_cli.host_files import machine_of
    from onepiece_core import __version__
    from onepiece_core.dcc.layout import find_hosts_folder

    is_own = settings.hosts.central is None and settings.hosts.version in (None, __version__)
    return None if to is not None or is_own else find_hosts_folder(settings, machine_of(session), __version__)


def _host_versions(session: Session, dcc: Dcc, asked: str | None) -> tuple[str, ...]:
    """Of the hosts whose users' folders are named after it."""
    from onepiece_cli.host_files import machine_of
    from onepiece_core.dcc.listing import list_host_versions
    from onepiece_core.dcc.versions import numbers
    from onepiece_core.errors import DccMissing, UsageError
    from onepiece_core.open_shot import dcc_environment

    if dcc.name in ("maya", "nuke"):
        return ()
    if asked is not None:
        if len(numbers(asked)) < 2:
            raise UsageError(f"{asked!r} is no version of {dcc.label}.", hint="Name it as in 4.2 or 20.5.")
        return (asked,)
    machine = machine_of(session)
    found = list_host_versions(dcc, machine, dcc_environment(machine.environ))
    if not found:
        raise DccMissing(
            f"{dcc.label} is not found here, or does not tell its version",
            hint="Name the version with --version: the user's folders are named after it.",
            dcc=dcc.name,
        )
    return found


def _show_install(plan: InstallPlan, *, dry_run: bool) -> None:
    if plan.is_done:
        typer.echo(printable(f"Nothing to do: OnePiece is in {plan.host} ({plan.folder})"))
    else:
        typer.echo(printable(f"{'Would put' if dry_run else 'Put'} OnePiece into {plan.host}"))
        if plan.files is not None:
            typer.echo(printable(f"  lays out  {plan.folder} ({len(plan.files)} files)"))
        for hook in plan.hooks:
            typer.echo(printable(f"  writes    {hook.path}"))
        if plan.scope == "path":
            typer.echo(printable(f"  Start {plan.host} with what `onepiece dcc env {plan.host}` shows."))
    for caution in plan.cautions:
        typer.secho(printable(f"warning: {caution}"), fg="yellow", err=True)


def _show_uninstall(plan: UninstallPlan, *, dry_run: bool) -> None:
    if plan.is_done:
        typer.echo(printable(f"Nothing to do: {plan.host} has nothing of OnePiece"))
        return
    typer.echo(printable(f"{'Would take' if dry_run else 'Took'} OnePiece out of {plan.host}"))
    for path in (*plan.files, *plan.versions):
        typer.echo(printable(f"  removes   {path}"))
    for path in plan.blocks:
        typer.echo(printable(f"  cleans    {path}"))
    for caution in plan.cautions:
        typer.secho(printable(f"warning: {caution}"), fg="yellow", err=True)


def _show_host(host: HostReport) -> None:
    if not host.found:
        typer.echo(f"{host.label:9} not found")
    for found in host.found:
        typer.echo(printable(f"{host.label:9} {_program(found)}"))
    for entry in host.installs:
        how = "for this user" if entry.scope == "user" else "by its environment (`onepiece dcc env`)"
        typer.echo(printable(f"{'':9} loads OnePiece {entry.version} {how}"))
    typer.echo(f"{'':9} checked: {host.checked.how} ({host.checked.against})")


def _show_capabilities(host: HostReport) -> None:
    """One row for each capability: where it works, and how that was checked."""
    typer.echo(f"\n{host.label}: {host.checked.behaviours} behaviours, {host.checked.how} ({host.checked.against})")
    words = {(True, True): "yes", (True, False): "with a window", (False, True): "in background"}
    for one in host.checked.capabilities:
        typer.echo(f"  {one.name:14} {words.get((one.window, one.background), 'no'):14} {one.checked}")


def _program(found: FoundProgram) -> str:
    python = f"Python {found.python}" if found.python else "Python unknown"
    if found.is_python_too_old:
        python += ", too old for OnePiece"
    return f"{found.version or 'version unknown':16} {python:14} {found.executable} (by {found.found_by})"
