"""``onepiece dcc open-shot`` and ``inspect``: scenes and the applications that open them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable, show_warnings
from onepiece_cli.options import Json
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.open_shot import OpenShotPlan
    from onepiece_core.scenes.report import SceneReport

app = typer.Typer()

_MOST_FILES = 50

OPEN_EPILOG = """Examples:

onepiece dcc open-shot --shot /projects/show/sequences/seq010/shot010/lighting_v002.nk

onepiece dcc open-shot FG ep010 sc02 0010 comp --wait

onepiece dcc open-shot --shot layout_v003.blend --version 4.2 --dry-run --json"""

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SHOW EPISODE SEQUENCE SHOT STEP]", help="A context instead of a file: FG ep010 sc02 0010 comp."
    ),
]


@app.command("open-shot", epilog=OPEN_EPILOG)
def open_shot(
    ctx: typer.Context,
    context: Words = None,
    shot: Annotated[
        Path | None, typer.Option("--shot", metavar="FILE", help="The scene file to open; else the context's newest.")
    ] = None,
    dcc: Annotated[str | None, typer.Option("--dcc", help="The application; by default by the extension.")] = None,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="V", help="Its version; by default the one that saved the scene."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the scene is open, however long it takes.")] = False,
    skip_validation: Annotated[
        bool, typer.Option("--skip-validation", help="Open it even if it is empty or of a newer version.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be started.")] = False,
    as_json: Json = False,
) -> None:
    """Open a scene file, or the newest workfile of a shot, in its DCC."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.dcc import Machine
    from onepiece_core.open_shot import apply_open_shot, host_environment_of, plan_open_shot
    from onepiece_core.workfiles.recent import note_opened

    session = session_of(ctx)
    scene = _scene(session, shot, context or [], dcc)
    settings = session.settings(near=scene)
    state_dir = settings.state_dir or default_state_dir(session.environ)
    machine = Machine(session.environ)
    plan = plan_open_shot(
        scene,
        dcc=dcc,
        machine=machine,
        version=version,
        skip_validation=skip_validation,
        ours=host_environment_of(settings, state_dir, machine),
    )
    if not as_json:
        show_warnings(plan.warnings)
    if dry_run:
        _show_plan(plan, as_json=as_json)
        return
    session.say(f"Starting {plan.dcc} {plan.version or ''}".rstrip() + " ...")
    opened = apply_open_shot(
        plan, log=state_dir / "logs" / f"{plan.dcc}.log", launches=state_dir / "launches", wait=wait
    )
    note_opened(state_dir, opened.scene, opened.dcc)
    if as_json:
        typer.echo(opened.model_dump_json())
        return
    show_warnings(opened.warnings[len(plan.warnings) :])
    told = f"{opened.dcc} has opened" if opened.state == "opened" else f"{opened.dcc} is started with"
    typer.echo(printable(f"{told} {opened.scene} (process {opened.pid}, log {opened.log})"))


def _scene(session: Session, shot: Path | None, words: list[str], dcc: str | None) -> Path:
    from onepiece_core.errors import UsageError
    from onepiece_core.workfiles.listing import get_newest
    from onepiece_core.workfiles.places import WorkfilePlaces

    if (shot is None) == (not words):
        raise UsageError(
            "Name a file with --shot, or a context, and not both.",
            hint="`onepiece dcc open-shot --help` shows examples.",
        )
    if shot is not None:
        return shot
    places = WorkfilePlaces.of(session.settings(), words[0])
    return get_newest(places.context_of(words), places, dcc).path


def _show_plan(plan: OpenShotPlan, *, as_json: bool) -> None:
    if as_json:
        typer.echo(plan.model_dump_json())
        return
    version = f" {plan.version}" if plan.version else ""
    typer.echo(printable(f"Would start {plan.dcc}{version}: " + " ".join(plan.argv)))
    _show_report(plan.facts)


INSPECT_EPILOG = """Examples:

onepiece dcc inspect /projects/FG/ep010/sc02/0010/comp/work/FG_ep010_sc02_0010_comp_v004.nk

onepiece dcc inspect layout_v003.ma --json"""


@app.command("inspect", epilog=INSPECT_EPILOG)
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .ma, .mb, .nk, .hip, .blend or .usda file.")],
    as_json: Json = False,
) -> None:
    """Read a scene without its DCC: version, range, rate, the files it uses and those that are missing."""
    from onepiece_core.scenes.report import inspect_scene

    report = inspect_scene(file)
    if as_json:
        typer.echo(report.model_dump_json())
        return
    typer.echo(printable(f"{report.scene}: {report.size_bytes:,} bytes"))
    if not report.is_readable:
        typer.echo("  Only its application can read it, or it is damaged.")
    _show_report(report)


def _show_report(report: SceneReport) -> None:
    if not report.is_readable:
        return
    span = f"{report.first}-{report.last}" if report.first is not None else "not told"
    rows = {
        "saved by": f"{report.application} {report.version or 'of an unknown version'}",
        "range": span,
        "rate": f"{report.fps:g} fps" if report.fps else "not told",
        "uses": f"{len(report.files)} files, {len(report.missing)} missing",
    }
    for name, value in rows.items():
        typer.echo(printable(f"  {name:9} {value}"))
    words = {True: "found", False: "missing", None: "unknown"}
    for used in report.files[:_MOST_FILES]:
        typer.echo(printable(f"    {words[used.is_there]:8} {used.path}"))
    if len(report.files) > _MOST_FILES:
        typer.echo(f"    and {len(report.files) - _MOST_FILES} more: --json lists all")
