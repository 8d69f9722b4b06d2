"""``onepiece dcc workfiles, new, save-next, lock, unlock``: what the open-shot panel does with workfiles."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_core.journal import Owner
    from onepiece_core.workfiles.model import Lock, Workfile

app = typer.Typer()

DccName = Annotated[str | None, typer.Option("--dcc", help="maya, nuke, houdini or blender.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The workfile.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and show it, change nothing.")]
Words = Annotated[
    list[str],
    typer.Argument(metavar="SHOW [EPISODE SEQUENCE SHOT STEP]", help="FG ep010 sc02 0010 comp; less is more."),
]

WORKFILES_EPILOG = """Examples:

onepiece dcc workfiles FG ep010 sc02 0010

onepiece dcc workfiles FG ep010 sc02 0010 comp --dcc nuke --json

onepiece dcc workfiles --recent"""


@app.command("workfiles", epilog=WORKFILES_EPILOG)
def workfiles(
    ctx: typer.Context,
    context: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SHOW [EPISODE SEQUENCE SHOT STEP]", help="FG ep010 sc02 0010 comp; what is left out is any."
        ),
    ] = None,
    dcc: DccName = None,
    recent: Annotated[bool, typer.Option("--recent", help="Those that were opened last on this machine.")] = False,
    as_json: Json = False,
) -> None:
    """List the workfiles of a show, shot or step, newest first, with who has them open."""
    from onepiece_core.dcc import get_dcc
    from onepiece_core.errors import UsageError
    from onepiece_core.workfiles.listing import list_workfiles
    from onepiece_core.workfiles.places import WorkfilePlaces

    session = session_of(ctx)
    if recent == bool(context):
        raise UsageError("Name a show, or ask for --recent.", hint="`onepiece dcc workfiles --help` shows examples.")
    if context:
        places = WorkfilePlaces.of(session.settings(), context[0])
        found = list_workfiles(places.context_of(context), places)
    else:
        found = _recent(ctx)
    wanted = get_dcc(dcc).name if dcc else None
    _show_list([one for one in found if wanted in (None, one.dcc)], as_json=as_json)


def _recent(ctx: typer.Context) -> list[Workfile]:
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.workfiles.listing import describe
    from onepiece_core.workfiles.recent import list_recent

    session = session_of(ctx)
    settings = session.settings()
    convention = settings.naming.convention()
    told = [
        describe(one.path, convention) for one in list_recent(settings.state_dir or default_state_dir(session.environ))
    ]
    return [one for one in told if one is not None]


def _show_list(found: list[Workfile], *, as_json: bool) -> None:
    if as_json:
        items = [one.model_dump(mode="json") for one in found]
        typer.echo(json.dumps({"schema": "onepiece.workfiles.1", "items": items}))
        return
    for one in found:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.modified_at))
        held = (
            f"  locked by {one.lock.user}@{one.lock.host}{' (stale)' if one.lock.is_stale else ''}" if one.lock else ""
        )
        comment = f"  {one.comment}" if one.comment else ""
        version = f"v{one.version:03}" if one.version is not None else "-"
        typer.echo(printable(f"{version:5} {when}  {one.user or '-':12} {one.path}{comment}{held}"))
    if not found:
        typer.echo("There are none.", err=True)


NEW_EPILOG = """Examples:

onepiece dcc new FG ep010 sc02 0010 comp --dcc nuke

onepiece dcc new FG ep010 sc02 0010 comp --template /studio/templates/comp.nk --dry-run --json"""


@app.command("new", epilog=NEW_EPILOG)
def new(
    ctx: typer.Context,
    context: Words,
    dcc: DccName = None,
    template: Annotated[
        Path | None,
        typer.Option("--template", metavar="FILE", help="Copy this file instead of the settings' template."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Start a step's first workfile from the template that the settings name for it."""
    from onepiece_core.workfiles.places import WorkfilePlaces
    from onepiece_core.workfiles.templates import apply_new, plan_new

    session = session_of(ctx)
    places = WorkfilePlaces.of(session.settings(), context[0])
    plan = plan_new(places.context_of(context), places, dcc=dcc, template=template)
    if not dry_run:
        apply_new(plan)
    typer.echo(plan.model_dump_json() if as_json else printable(str(plan.path)))


SAVE_EPILOG = """Examples:

onepiece dcc save-next FG_ep010_sc02_0010_comp_v004.nk

onepiece dcc save-next comp_v004.nk --copy --comment "sky replaced" --json"""


@app.command("save-next", epilog=SAVE_EPILOG)
def save_next(
    file: File,
    copy: Annotated[bool, typer.Option("--copy", help="Copy the file there; nothing is ever overwritten.")] = False,
    comment: Annotated[str | None, typer.Option("--comment", help="What is new, kept beside the copy.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Print the next version's path that no file has."""
    from onepiece_core.errors import UsageError
    from onepiece_core.naming import split_version
    from onepiece_core.workfiles.notes import write_note
    from onepiece_core.workfiles.versions import next_version, save_next_copy

    if comment is not None and not copy:
        raise UsageError("A comment belongs to a copy.", hint="Add --copy.")
    is_made = copy and not dry_run
    path = save_next_copy(file.absolute()) if is_made else next_version(file.absolute())
    if is_made and comment:
        write_note(path, comment)
    told = {"schema": "onepiece.next-version.1", "path": str(path), "version": split_version(path.stem).version}
    typer.echo(json.dumps({**told, "is_copied": is_made}) if as_json else printable(str(path)))


LOCK_EPILOG = """Examples:

onepiece dcc lock comp_v004.nk --hold

onepiece dcc lock comp_v004.nk --steal --pid 4711 --json"""


@app.command("lock", epilog=LOCK_EPILOG)
def lock(
    file: File,
    steal: Annotated[
        bool, typer.Option("--steal", help="Take over a lock whose owner is dead or silent for two minutes.")
    ] = False,
    pid: Annotated[
        int | None, typer.Option("--pid", help="The process it is held for; by default the one that runs this command.")
    ] = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="Keep it alive until Ctrl-C, or until that process ends.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Lock a workfile; without --hold somebody must renew the lock within two minutes, by the same command."""
    from onepiece_core.errors import WorkfileMissing
    from onepiece_core.shown import shown
    from onepiece_core.workfiles import locks
    from onepiece_core.workfiles.keeper import LockKeeper

    file = file.absolute()
    if not file.is_file():
        raise WorkfileMissing(f"there is no file {shown(file)}", path=shown(file))
    owner = _owner(pid)
    if dry_run:
        _show_lock(locks.read(file), as_json=as_json)
        return
    if not hold:
        _show_lock(locks.take(file, steal=steal, owner=owner), as_json=as_json)
        return
    with LockKeeper(owner=owner) as keeper:
        _show_lock(keeper.take(file, steal=steal), as_json=as_json)
        while owner.is_alive() and keeper.held:
            time.sleep(0.5)


@app.command(
    "unlock",
    epilog="""Examples:

onepiece dcc unlock comp_v004.nk

onepiece dcc unlock comp_v004.nk --steal --json""",
)
def unlock(
    file: File,
    steal: Annotated[
        bool, typer.Option("--steal", help="Also a lock whose owner is dead or silent for two minutes.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Remove your own lock on this machine, or with --steal somebody's stale one."""
    import getpass
    import socket

    from onepiece_core.workfiles import locks

    file = file.absolute()
    found = locks.read(file)
    is_yours = found is not None and (found.user, found.host) == (getpass.getuser(), socket.gethostname())
    if dry_run:
        _show_lock(found, as_json=as_json)
        return
    is_removed = locks.release(file, owner=locks.owner_of(file) if is_yours else None, steal=steal)
    if as_json:
        typer.echo(json.dumps({"schema": "onepiece.workfile-unlock.1", "path": str(file), "is_removed": is_removed}))
        return
    typer.echo(printable(f"{file} is not locked" + (" any more" if is_removed else "")))


def _owner(pid: int | None) -> Owner:
    """The process a lock is held for."""
    import os
    import socket

    import psutil

    from onepiece_core.errors import UsageError
    from onepiece_core.journal import Owner

    number = os.getppid() if pid is None else pid
    try:
        return Owner(socket.gethostname(), number, psutil.Process(number).create_time())
    except (psutil.Error, ValueError) as cause:
        raise UsageError(f"There is no process {number}.", hint="Name a running one with --pid.") from cause


def _show_lock(found: Lock | None, *, as_json: bool) -> None:
    if as_json:
        told = found.model_dump(mode="json", exclude={"token"}) if found else None
        typer.echo(json.dumps({"schema": "onepiece.workfile-lock-state.1", "lock": told}))
    elif found is None:
        typer.echo("It is not locked.")
    else:
        typer.echo(
            printable(
                f"locked by {found.user} on {found.host}, process {found.pid}{', stale' if found.is_stale else ''}"
            )
        )
