"""``onepiece render submit``: a scene to frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.render_wait import NoSheet, Sheet, Timeout, wait_for
from onepiece_cli.commands.sandbox_folder import examples
from onepiece_cli.errors import printable
from onepiece_cli.options import Events, Json
from onepiece_cli.render.opening import Server, open_jobs, server_of
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.render.model import Job
    from onepiece_core.render.request import RenderRequest

EPILOG = examples(
    "onepiece render submit --dcc blender --scene shots/a.blend --frames 1001-1010 --output renders/a --wait",
    "onepiece render submit --dcc blender --scene show:shots/a.blend --output show:renders/a.####.exr "
    "--farm deadline_cloud --chunk-size 5 --priority 80 --server https://farm.studio:8000",
    "onepiece render submit --template command --param Command='make thumbnails' --dry-run",
    "onepiece render submit --preset night --request job.json --json",
)


def submit(
    ctx: typer.Context,
    dcc: Annotated[
        str | None, typer.Option("--dcc", help="Whose template is taken: blender, maya, nuke, houdini.")
    ] = None,
    template: Annotated[str | None, typer.Option(help="A template by name, instead of --dcc.")] = None,
    scene: Annotated[str | None, typer.Option(metavar="FILE", help="The scene: a path, or root:relative.")] = None,
    frames: Annotated[
        str | None, typer.Option(help="1001-1010, 1-10x2, 1,5,7-9; left out, what the scene says.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="Folder or pattern (a.####.exr) of the frames; or root:relative."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the job; else the scene's.")] = None,
    farm: Annotated[str | None, typer.Option(help="Which farm; else the settings' render.farm.")] = None,
    priority: Annotated[int | None, typer.Option(help="0 to 100, 100 the most urgent.")] = None,
    chunk_size: Annotated[int | None, typer.Option("--chunk-size", help="Frames of one task.")] = None,
    max_attempts: Annotated[int | None, typer.Option("--max-attempts", help="How often a task is tried.")] = None,
    task_timeout: Annotated[
        int | None, typer.Option("--task-timeout", metavar="SECONDS", help="How long one attempt of a task may take.")
    ] = None,
    after: Annotated[
        list[str] | None, typer.Option("--after", metavar="JOB", help="A job that must succeed first; repeat it.")
    ] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Start nothing before `render release`.")] = False,
    show_code: Annotated[str | None, typer.Option("--show-code", help="The show's short code (FG).")] = None,
    user: Annotated[str | None, typer.Option(help="Whose job it is; a server takes its key's name.")] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the template; repeat it.")
    ] = None,
    env: Annotated[
        list[str] | None, typer.Option("--env", metavar="NAME=VALUE", help="A variable of every task; repeat it.")
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="NAME=N", help="What a machine must have: cpus=4, memory_mib=8192, gpus=1."),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Options that the settings keep under a name.")] = None,
    request: Annotated[
        Path | None, typer.Option("--request", help="A request as JSON, - is stdin; options beat it.", allow_dash=True)
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="TEXT", help="The same key again gives the same job, not a second.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, submit nothing.")] = False,
    waits: Annotated[bool, typer.Option("--wait", help="Wait as `render wait` does, with its exit status.")] = False,
    timeout: Timeout = None,
    sheet: Sheet = None,
    no_sheet: NoSheet = False,
    server: Server = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Check a job, record it and hand it to its farm. It is on disk before this returns."""
    from onepiece_cli.render.shape import show_check

    session = session_of(ctx)
    settings = session.settings(near=_near(scene))
    asked = _request(locals(), session, settings)
    with open_jobs(session, settings, server) as jobs:
        if dry_run:
            check = jobs.check(asked)
            typer.echo(session.told(check.model_dump(mode="json"))) if as_json else show_check(check)
            for warning in check.warnings:
                session.say(printable(f"note: {warning}"))
            return
        job = jobs.submit(asked, idempotency_key=key)
        if not waits:
            _show(job, session, as_json=as_json)
            return
        session.say(printable(f"{job.job_id}  {job.tasks} tasks on {job.farm}"))
        told = wait_for(
            jobs,
            [job.job_id],
            session,
            settings,
            events=events is not None,
            seconds=timeout,
            sheet=sheet,
            no_sheet=no_sheet,
            as_json=as_json,
        )
    if as_json:
        typer.echo(session.told(told["jobs"][0]))
    raise typer.Exit(told["exit_status"])


def _near(scene: str | None) -> Path | None:
    """Where onepiece.toml is looked for beside the working folder: a scene that is a path of this machine."""
    return Path(scene) if scene is not None and Path(scene).is_absolute() else None


def _request(given: dict[str, Any], session: Session, settings: Settings) -> RenderRequest:
    """The preset, then the file, then the options."""
    from onepiece_cli.render.asked import build_request, pairs, place_of, preset, read_request, whole_numbers
    from onepiece_core.publish.build import build_roots

    roots = build_roots(settings)
    plain = ("dcc", "template", "name", "frames", "farm", "priority", "chunk_size", "max_attempts", "show_code", "user")
    options = {name: given[name] for name in plain}
    options |= {name: place_of(given[name], roots, session.cwd) for name in ("scene", "output")}
    options |= {
        "timeout_seconds": given["task_timeout"],
        "hold": given["hold"] or None,
        "depends_on": given["after"] or None,
        "parameters": pairs("--param", given["param"]),
        "environment": pairs("--env", given["env"]),
        "requirements": whole_numbers("--require", given["require"]),
    }
    in_file = read_request(given["request"], session.cwd) if given["request"] else {}
    who = {} if server_of(settings, given["server"]) else {"user": _user()}
    return build_request([who, preset(settings, given["preset"]), in_file, options])


def _user() -> str | None:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name on this machine
        return None


def _show(job: Job, session: Session, *, as_json: bool) -> None:
    if as_json:
        typer.echo(session.told(job.model_dump(mode="json")))
        return
    typer.echo(printable(job.job_id))
    session.say(printable(f"{job.tasks} tasks on {job.farm}, {job.status}. {job.message}".rstrip()))
    session.say(f"`onepiece render wait {job.job_id}` waits for it.")
