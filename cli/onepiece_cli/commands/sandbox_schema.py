"""``onepiece sandbox schema``: a real site's schema as a file, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import Session, session_of
from onepiece_cli.settings import sandbox_dir

if TYPE_CHECKING:
    from onepiece_core.tracker.shotgrid import ShotgridTracker
    from onepiece_server.sandbox.shotgrid.model import Raw, Schema
    from onepiece_server.sandbox.shotgrid.schema_diff import Change, SchemaDiff

app = typer.Typer(
    help="Read a site's entity types and fields; open a sandbox with them.", no_args_is_help=True, add_completion=False
)

PULL_EPILOG = """Examples:

onepiece sandbox schema pull --output site.json --dry-run

onepiece --config-profile studio sandbox schema pull --output site.json"""

DIFF_EPILOG = """Examples:

onepiece sandbox schema diff

onepiece sandbox schema diff stock site.json

onepiece sandbox schema diff site.json site --json"""

_PLACES = "stock, site (the configured ShotGrid), sandbox (the running one) or a file"


@app.command(epilog=PULL_EPILOG)
def pull(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write to this file instead of stdout.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file when it is there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read the site and check, write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Read the schema of the configured ShotGrid site into a file that `sandbox up --schema FILE` opens.

    It holds types, fields and their settings, no rows. Which fields are two sides of one relation is not told by a
    site: it is known for stock fields and inferred for the others.
    """
    from onepiece_core.errors import UsageError
    from onepiece_server.sandbox.shotgrid.schema_file import schema_text

    if output is not None and output.exists() and not overwrite:
        raise UsageError(f"{output} is there already.", hint="Name another file, or add --overwrite.")
    session = session_of(ctx)
    url, raw = _pulled(session)
    text = schema_text(raw)
    if output is not None and not dry_run:
        _write(output, text)
    if output is None and not dry_run:
        typer.echo(text, nl=False)
        return
    report = _pull_report(url, raw, output, written=output is not None and not dry_run)
    if as_json:
        import json

        typer.echo(json.dumps(report))
        return
    verb = "Wrote" if report["written"] else "Would write"
    counts = f"{report['types']} types, {report['fields']} fields ({report['custom_fields']} custom)"
    typer.echo(printable(f"{verb} {report['output'] or 'to stdout'}: {counts} of {url}"))


@app.command(epilog=DIFF_EPILOG)
def diff(
    ctx: typer.Context,
    a: Annotated[str, typer.Argument(metavar="[A]", help=f"What to compare from: {_PLACES}.")] = "stock",
    b: Annotated[str, typer.Argument(metavar="[B]", help=f"What to compare with: {_PLACES}.")] = "sandbox",
    folder: Annotated[
        Path | None, typer.Option("--dir", metavar="FOLDER", help="The folder of the sandbox that is meant.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what differs between two schemas: types, fields, data types, valid values, valid types and the rest.

    Ends with status 0 also when they differ: read "same" under --json.
    """
    from onepiece_server.sandbox.shotgrid.schema_diff import compare

    session = session_of(ctx)
    found = compare(a, _schema(session, a, folder), b, _schema(session, b, folder))
    if as_json:
        typer.echo(found.model_dump_json())
        return
    for line in _lines(found):
        typer.echo(printable(line))


def _schema(session: Session, place: str, folder: Path | None) -> Schema:
    from onepiece_server.sandbox.shotgrid.model import build_schema, load_schema
    from onepiece_server.sandbox.shotgrid.schema_file import read_schema_file

    if place == "stock":
        return load_schema()
    if place == "site":
        return build_schema(_pulled(session)[1])
    if place == "sandbox":
        return build_schema(_read(_sandbox(session, folder)))
    return build_schema(read_schema_file(Path(place).expanduser()))


def _pulled(session: Session) -> tuple[str, Raw]:
    """The configured site's address and schema."""
    tracker = _site(session)
    session.say(f"Reading the schema of {tracker.url} ...")
    return tracker.url, _read(tracker)


def _read(tracker: ShotgridTracker) -> Raw:
    """A site's schema, checked: what is written can be opened."""
    from onepiece_server.sandbox.shotgrid.schema_file import checked, schema_text
    from onepiece_server.sandbox.shotgrid.schema_pull import to_raw

    try:
        entities, fields = tracker.read_schema()
    finally:
        tracker.close()
    return checked(schema_text(to_raw(entities, fields)).encode(), tracker.url)


def _site(session: Session) -> ShotgridTracker:
    from onepiece_core.errors import TrackerNotConfigured
    from onepiece_core.tracker.opening import open_tracker
    from onepiece_core.tracker.shotgrid import ShotgridTracker

    settings = session.settings()
    tracker = open_tracker(settings.shotgrid, settings.tracker)
    if not isinstance(tracker, ShotgridTracker):
        raise TrackerNotConfigured("No ShotGrid site is configured")
    return tracker


def _sandbox(session: Session, folder: Path | None) -> ShotgridTracker:
    from onepiece_core.tracker.shotgrid import ShotgridTracker
    from onepiece_server.sandbox import studio

    env = studio.env((folder or sandbox_dir(session)).expanduser().absolute()).env
    return ShotgridTracker(env["ONEPIECE_SHOTGRID_URL"], env["ONEPIECE_SHOTGRID_SCRIPT"], env["ONEPIECE_SHOTGRID_KEY"])


def _write(path: Path, text: str) -> None:
    from onepiece_core.errors import SandboxError

    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as cause:
        partial.unlink(missing_ok=True)
        raise SandboxError(f"cannot write {path}: {cause.strerror}", file=str(path)) from cause


def _pull_report(url: str, raw: Raw, output: Path | None, *, written: bool) -> dict[str, Any]:
    fields = [field for entity in raw.values() for field in entity["fields"].values()]
    return {
        "schema": "onepiece.schema-pull.1",
        "site": url,
        "output": None if output is None else str(output),
        "written": written,
        "types": len(raw),
        "fields": len(fields),
        "custom_fields": sum(field.get("custom", False) for field in fields),
    }


def _lines(found: SchemaDiff) -> Iterator[str]:
    marks = {"added": "+", "removed": "-", "changed": "~"}
    for change in found.changes:
        path = change.type if change.field is None else f"{change.type}.{change.field}"
        yield f"{marks[change.kind]} {path:44} {_said(change)}".rstrip()
    counts = ", ".join(f"{sum(one.kind == kind for one in found.changes)} {kind}" for kind in marks)
    yield f"{found.b} is the same as {found.a}." if found.same else f"{found.b} against {found.a}: {counts}"


def _said(change: Change) -> str:
    if change.property is None:
        return change.data_type or "(the whole type)"
    before, after = change.a, change.b
    if isinstance(before, dict) and isinstance(after, dict):
        before, after = ([f"{key}={value}" for key, value in one.items()] for one in (before, after))
    if isinstance(before, list) and isinstance(after, list):
        words = [f"-{one}" for one in before if one not in after] + [f"+{one}" for one in after if one not in before]
        return f"{change.property}: {' '.join(words) or 'in another order'}"
    return f"{change.property}: {_word(before)} -> {_word(after)}"


def _word(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
