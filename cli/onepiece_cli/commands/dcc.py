"""``onepiece dcc``: publish from a DCC, open a shot in one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands import dcc_check, dcc_install, dcc_open, dcc_render, dcc_workfiles
from onepiece_cli.errors import printable, show_warnings
from onepiece_cli.options import AwsProfile, Events, Json, aws_overrides
from onepiece_cli.render.opening import Server
from onepiece_cli.session import Session, session_of
from onepiece_cli.telling import telling

if TYPE_CHECKING:
    from onepiece_core.publish.plan import PublishPlan
    from onepiece_core.publish.request import PublishRequest, PublishResult

app = typer.Typer(help="Publish from a DCC, open a shot in one.", no_args_is_help=True, add_completion=False)
app.add_typer(dcc_check.app)
app.add_typer(dcc_open.app)
app.add_typer(dcc_workfiles.app)
app.add_typer(dcc_install.app)


class ShowType(StrEnum):
    """The first folder of a publish in its bucket."""

    VFX = "vfx"
    PROD = "prod"


PUBLISH_EPILOG = """Examples:

onepiece dcc publish --dcc maya --scene-name FG_ep010_sc02_0010_comp_v004 --renders renders --previews review.mov
--destination /projects/FG/publish --bucket studio-prod-data --show-code FG --show-type vfx

onepiece dcc publish --dcc nuke --scene-name FG_ep010_sc02_0010_comp --scene comp.nk --destination out
--bucket vendor_out --show-code FG --dry-run --dependency-summary

onepiece dcc publish --dcc blender --scene-name FG_ep010_sc02_0010_comp --scene comp.blend --destination out
--bucket vendor_out --show-code FG --render --render-output renders/comp

onepiece dcc publish --request - --json < request.json"""


@app.command(epilog=PUBLISH_EPILOG)
def publish(
    ctx: typer.Context,
    dcc: Annotated[str | None, typer.Option("--dcc", help="maya, nuke, houdini or blender.")] = None,
    scene_name: Annotated[
        str | None, typer.Option("--scene-name", help="Name of the publish; without _v### the next version is taken.")
    ] = None,
    scene: Annotated[Path | None, typer.Option("--scene", help="The scene file.")] = None,
    renders: Annotated[
        list[Path] | None,
        typer.Option("--renders", help="Folder, file or pattern (x.%04d.exr) of the renders; repeat it for more."),
    ] = None,
    previews: Annotated[
        list[Path] | None, typer.Option("--previews", help="Review movie, or a folder of them; repeat it for more.")
    ] = None,
    caches: Annotated[
        list[Path] | None,
        typer.Option("--caches", help="Folder, file or pattern of geometry and volumes; repeat it for more."),
    ] = None,
    otio: Annotated[Path | None, typer.Option("--otio", help="The cut that the frames belong to.")] = None,
    metadata: Annotated[Path | None, typer.Option("--metadata", help="JSON object or key,value CSV.")] = None,
    destination: Annotated[Path | None, typer.Option("--destination", help="Folder that gets SCENE_NAME/.")] = None,
    bucket: Annotated[str | None, typer.Option("--bucket", help="S3 bucket, or a context's name.")] = None,
    show_code: Annotated[str | None, typer.Option("--show-code", help="The show's short code (FG).")] = None,
    show_type: Annotated[ShowType, typer.Option("--show-type", help="vfx or prod.")] = ShowType.VFX,
    direct_upload_path: Annotated[
        str | None, typer.Option("--direct-upload-path", help="Whole s3:// URI instead of BUCKET/TYPE/SHOW/NAME.")
    ] = None,
    project: Annotated[str | None, typer.Option("--project", help="ShotGrid project by name or code.")] = None,
    shot: Annotated[str | None, typer.Option("--shot", help="Shot or asset by code.")] = None,
    task: Annotated[str | None, typer.Option("--task", help="Task by name.")] = None,
    comment: Annotated[str, typer.Option("--comment", help="What is new.")] = "",
    require_tracker: Annotated[
        bool, typer.Option("--require-tracker", help="Fail when ShotGrid cannot register the publish now.")
    ] = False,
    operation: Annotated[str | None, typer.Option("--operation", metavar="ID", help="Go on with this publish.")] = None,
    request: Annotated[
        Path | None, typer.Option("--request", help="Take everything from a JSON request; - is stdin.", allow_dash=True)
    ] = None,
    render: dcc_render.Render = False,
    render_frames: dcc_render.Frames = None,
    render_output: dcc_render.Output = None,
    render_farm: dcc_render.Farm = None,
    render_preset: dcc_render.Preset = None,
    server: Server = None,
    profile: AwsProfile = None,
    dependency_summary: Annotated[
        bool, typer.Option("--dependency-summary", help="Show what the scene uses and what is missing.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Freeze a version: package it, send it to S3 and register it in ShotGrid, without losing anything."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.publish.apply import apply_publish
    from onepiece_core.publish.build import build_parts
    from onepiece_core.publish.plan import plan_publish
    from onepiece_core.publish.saved import SavedRequest

    session = session_of(ctx)
    saved = SavedRequest(_request(locals())) if request is None else dcc_check.read_saved(request, session)
    asked = saved.request
    settings = session.settings(near=asked.destination, overrides=aws_overrides(profile))
    frames = dcc_render.RenderOptions(render_frames, render_output, render_farm, render_preset, server)
    if not render:
        dcc_render.refuse_without_render(frames)
    elif dry_run:
        dcc_render.check_render(asked, frames, session, settings)
    with session.reporter(events=events is not None) as reporter:
        if render and not dry_run:
            asked = dcc_render.render_first(asked, frames, session, settings, reporter)
        parts = build_parts(settings, default_state_dir(session.environ), reporter, show_code=asked.show_code)
        plan = plan_publish(asked, parts, saved.facts)
        if dependency_summary and not as_json:
            _show_dependencies(plan)
        if dry_run:
            _show_plan(plan, session, as_json=as_json)
            return
        with telling(session, settings):
            result = apply_publish(plan, parts)
    told = result.as_json()
    if dependency_summary:
        told["dependencies"] = plan.as_json()["dependencies"]
    _show_result(result, told, session, as_json=as_json)


_NEEDED = ("dcc", "scene_name", "destination", "show_code")


def _request(options: dict[str, Any]) -> PublishRequest:
    """The request that the options make. Raises UsageError naming what is missing."""
    from onepiece_core.errors import UsageError
    from onepiece_core.publish.request import PublishRequest

    missing = [f"--{name.replace('_', '-')}" for name in _NEEDED if not options[name]]
    if missing:
        raise UsageError(f"Missing {', '.join(missing)}.", hint="`onepiece dcc publish --help` shows examples.")
    fields = {name: options[name] for name in PublishRequest.model_fields if name in options}
    return PublishRequest(**{**fields, "show_type": str(fields["show_type"])})


def _show_plan(plan: PublishPlan, session: Session, *, as_json: bool) -> None:
    told = plan.as_json()
    if as_json:
        typer.echo(session.told(told))
        return
    typer.echo(printable(f"Would publish {plan.scene_name}: {told['files']} files, {told['bytes_total']:,} bytes"))
    for item in plan.collected.items:
        frames = f"  {item.frames}" if item.frames else ""
        typer.echo(printable(f"  {item.role:8} {item.name}{frames}"))
    typer.echo(printable(f"  to {told['package']}"))
    typer.echo(printable(f"  and {told['s3_uri']}"))
    show_warnings(plan.warnings)


def _show_dependencies(plan: PublishPlan) -> None:
    words = {True: "found", False: "missing", None: "unknown"}
    typer.echo(f"The scene uses {len(plan.dependencies)} files:")
    for dependency in plan.dependencies:
        typer.echo(printable(f"  {words[dependency.is_there]:8} {dependency.path}"))


def _show_result(result: PublishResult, told: dict[str, Any], session: Session, *, as_json: bool) -> None:
    if as_json:
        typer.echo(session.told(told))
        return
    version = result.tracker.version_id
    rows = {
        "published": result.scene_name,
        "package": result.package,
        "S3": result.s3_uri,
        "ShotGrid": f"Version {version}" if version is not None else "waits in the outbox (`onepiece recover`)",
        "files": f"{result.files}, {result.bytes_total:,} bytes, {result.bytes_sent:,} sent",
        "operation": result.operation,
    }
    for name, value in rows.items():
        typer.echo(printable(f"{name:10} {value}"))
    show_warnings(result.warnings)
