"""``onepiece shotgrid templates``: hierarchies that are declared once and applied to any project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.shotgrid_show_setup import DryRun, ShowCode, ShowProject, Update, Variables
from onepiece_cli.errors import printable
from onepiece_cli.options import Events, Json
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onepiece_core.config import Settings
    from onepiece_core.show.diff import Difference
    from onepiece_core.show.template import ShowTemplate
    from onepiece_core.show.template_file import Shelf

app = typer.Typer(
    help="Hierarchy templates: trees of episodes, sequences, shots, assets and tasks, in JSON or YAML.",
    no_args_is_help=True,
    add_completion=False,
)
TemplateName = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="A name, or a file that ends in .yaml, .yml or .json.")
]

SAVE_EPILOG = """Examples:

onepiece shotgrid templates save episodic --project "Frost Giant"

onepiece shotgrid templates save episodic --from show.yaml

onepiece shotgrid templates save show.json --project "Frost Giant" --var show=FG

A name is kept in the folder `templates.dir` of the configuration, else in the state folder."""
APPLY_EPILOG = """Examples:

onepiece shotgrid templates apply episodic --project "Ember Coast" --dry-run

onepiece shotgrid templates apply show.yaml --project "Ember Coast" --var show=EC --show-code EC

What is there is left alone; with --update it gets the template's values. The site's own task templates stay as they
are."""
LIST_EPILOG = """Examples:

onepiece shotgrid templates list --json"""
SHOW_EPILOG = """Examples:

onepiece shotgrid templates show episodic > episodic.yaml"""
DIFF_EPILOG = """Examples:

onepiece shotgrid templates diff episodic --project "Frost Giant"

onepiece shotgrid templates diff old.yaml new.yaml"""


def shelf_of(session: Session, settings: Settings) -> Shelf:
    """The folder of named templates."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.show.template_file import Shelf

    state = settings.state_dir or default_state_dir(session.environ)
    return Shelf(settings.templates.dir or state / "templates")


@app.command(epilog=SAVE_EPILOG)
def save(
    ctx: typer.Context,
    name: TemplateName,
    project: Annotated[str | None, typer.Option(help="Save this project; name or code.")] = None,
    source: Annotated[str | None, typer.Option("--from", metavar="NAME|FILE", help="Save this template.")] = None,
    variable: Variables = None,
    tree_only: Annotated[bool, typer.Option("--tree-only", help="Leave out values and statuses.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a template that is there.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Save a project, or a file, as a template. With --var, what holds the value holds the variable instead."""
    from onepiece_core.errors import DestinationExists, UsageError
    from onepiece_core.show.template_file import write_template

    if (project is None) == (source is None):
        raise UsageError("Name one source: --project or --from")
    session = session_of(ctx)
    settings = session.settings()
    shelf = shelf_of(session, settings)
    path = shelf.place(name)
    template = _source(session, settings, path.stem, project, source, variable, tree_only=tree_only)
    is_there = path.exists()
    if is_there and not replace and shelf.read(name) != template:
        raise DestinationExists(
            f"There is another template {name!r}", hint="--replace takes its place.", path=str(path)
        )
    if not dry_run and (not is_there or shelf.read(name) != template):
        write_template(template, path)
    told = {"schema": "onepiece.show-template-saved.1", "name": template.name, "path": str(path), "dry_run": dry_run}
    _tell(session, told | _counted(template), f"{'would save' if dry_run else 'saved'} {path}", as_json=as_json)


def _source(
    session: Session,
    settings: Settings,
    name: str,
    project: str | None,
    source: str | None,
    variable: list[str] | None,
    *,
    tree_only: bool,
) -> ShowTemplate:
    from onepiece_cli.commands.shotgrid_show_setup import variables_of
    from onepiece_core.errors import UsageError

    if source is not None:
        if variable or tree_only:
            raise UsageError("--var and --tree-only belong to --project")
        return shelf_of(session, settings).read(source)
    from onepiece_core.show.save import save_project
    from onepiece_core.tracker.opening import get_tracker

    assert project is not None
    tracker = get_tracker(settings.shotgrid, settings.tracker)
    return save_project(tracker, project, name, variables=variables_of(variable), with_values=not tree_only)


@app.command(epilog=APPLY_EPILOG)
def apply(
    ctx: typer.Context,
    name: TemplateName,
    project: ShowProject,
    variable: Variables = None,
    show_code: ShowCode = None,
    update: Update = False,
    dry_run: DryRun = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Make what a template declares and a project lacks; never anything twice."""
    from onepiece_cli.commands.shotgrid_show_setup import make, variables_of
    from onepiece_core.show.tree import grow

    session = session_of(ctx)
    settings = session.settings()
    show = grow(shelf_of(session, settings).read(name), project, variables_of(variable))
    make(
        session, settings, project, show, show_code=show_code, update=update, dry_run=dry_run,
        events=events is not None, as_json=as_json, is_strict=True,
    )  # fmt: skip


@app.command("list", epilog=LIST_EPILOG)
def list_templates(ctx: typer.Context, as_json: Json = False) -> None:
    """List the templates that have names."""
    from onepiece_core.errors import OnePieceError
    from onepiece_core.show.template_file import read_template

    session = session_of(ctx)
    shelf = shelf_of(session, session.settings())
    rows: list[dict[str, Any]] = []
    for path in shelf.paths():
        try:
            template = read_template(path)
            rows.append({"name": path.stem, "path": str(path), "description": template.description})
        except OnePieceError as error:
            rows.append({"name": path.stem, "path": str(path), "error": error.report.model_dump(mode="json")})
    if as_json:
        typer.echo(
            session.told({"schema": "onepiece.show-templates.1", "folder": str(shelf.folder), "templates": rows})
        )
        return
    for row in rows:
        told = row["error"]["message"] if "error" in row else row["description"]
        typer.echo(printable(f"{row['name']:24} {told}".rstrip()))
    if not rows:
        typer.echo(f"no templates in {printable(str(shelf.folder))}")


@app.command(epilog=SHOW_EPILOG)
def show(ctx: typer.Context, name: TemplateName, as_json: Json = False) -> None:
    """Print a template."""
    import json

    from onepiece_core.show.template_file import template_text

    session = session_of(ctx)
    template = shelf_of(session, session.settings()).read(name)
    if as_json:
        typer.echo(session.told(json.loads(template_text(template, as_json=True))))
    else:
        typer.echo(template_text(template, as_json=False), nl=False)


@app.command(epilog=DIFF_EPILOG)
def diff(
    ctx: typer.Context,
    name: TemplateName,
    other: Annotated[str | None, typer.Argument(metavar="[OTHER]", help="Another template.")] = None,
    project: Annotated[str | None, typer.Option(help="A project instead of a template; name or code.")] = None,
    variable: Variables = None,
    as_json: Json = False,
) -> None:
    """Tell what a template has and another, or a project, has not, and the other way round."""
    from onepiece_core.errors import UsageError

    if (other is None) == (project is None):
        raise UsageError("Compare with one other template, or with --project")
    session = session_of(ctx)
    found = _differences(session, name, other, project, variable)
    counts = {state: sum(each.state == state for each in found) for state in ("added", "removed", "changed")}
    if as_json:
        rows = [
            {"type": each.type, "path": each.path, "state": each.state}
            | {"changes": {field: [str(was), str(value)] for field, (was, value) in each.changes.items()}}
            for each in found
        ]
        typer.echo(session.told({"schema": "onepiece.show-diff.1", "summary": counts, "rows": rows}))
        return
    marks = {"added": "+", "removed": "-", "changed": "~"}
    for each in found:
        told = ", ".join(f"{field}: {was} -> {value}" for field, (was, value) in each.changes.items())
        typer.echo(printable(f"{marks[each.state]} {each.type} {each.path}  {told}".rstrip()))
    typer.echo(", ".join(f"{count} {state}" for state, count in counts.items() if count) or "no difference")


def _differences(
    session: Session, name: str, other: str | None, project: str | None, variable: list[str] | None
) -> Sequence[Difference]:
    from onepiece_cli.commands.shotgrid_show_setup import variables_of
    from onepiece_core.show.diff import diff_plan, diff_shows
    from onepiece_core.show.plan import plan_show
    from onepiece_core.show.tree import grow
    from onepiece_core.tracker.opening import get_tracker

    settings = session.settings()
    shelf, told = shelf_of(session, settings), variables_of(variable)

    def grown(template: ShowTemplate) -> Any:
        known = {name: value for name, value in told.items() if name in template.variables}
        return grow(template, project or "Project", known)

    one = grown(shelf.read(name))
    if other is not None:
        return diff_shows(one, grown(shelf.read(other)))
    assert project is not None
    tracker = get_tracker(settings.shotgrid, settings.tracker)
    return diff_plan(plan_show(tracker, project, one, is_strict=True, whole=True))


def _counted(template: ShowTemplate) -> dict[str, Any]:
    return {"entities": len(template.entities), "task_sets": len(template.tasks)}


def _tell(session: Session, answer: dict[str, Any], line: str, *, as_json: bool) -> None:
    typer.echo(session.told(answer) if as_json else printable(line))
