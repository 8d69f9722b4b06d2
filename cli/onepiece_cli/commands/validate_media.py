"""``onepiece validate media, manifest, asset-consistency``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.commands.validate_show import Report, ShowCode, finish, write_check
from onepiece_cli.options import Events, Json
from onepiece_cli.outcome import run_failures_are
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.tracker.tracker import Tracker

Preset = Annotated[
    str, typer.Option("--preset", metavar="NAME|FILE", help="What is asked for: studio, netflix, or a TOML file.")
]

MEDIA_EPILOG = """Examples:

onepiece validate media /deliveries/vendor_drop --preset netflix --report media.html

onepiece validate media FG_ep010_sc02_0010_comp_v004.mov --json"""


def media(
    ctx: typer.Context,
    path: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with all below them.")],
    preset: Preset = "studio",
    allow_missing: Annotated[bool, typer.Option("--allow-missing", help="Gaps in a sequence are warnings.")] = False,
    report: Report = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Check media: is every file whole, is a frame missing, is it what the preset asks for?"""
    from onepiece_core.ingest.presets import load_preset
    from onepiece_core.validate.media import check_media_in

    session = session_of(ctx)
    with run_failures_are(), session.reporter(events=events is not None) as reporter:
        write_check(report)
        rules = load_preset(preset)
        found = check_media_in(path, rules, allow_missing=allow_missing, reporter=reporter)
        finish(session, found, report, as_json)


MANIFEST_EPILOG = """Examples:

onepiece validate manifest delivery_manifest.csv --show-code FG

onepiece validate manifest delivery_manifest.json --drop /deliveries/vendor_drop --show-code FG --report rows.csv"""


def manifest(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The vendor's manifest, .csv or .json.")],
    drop: Annotated[
        Path | None, typer.Option("--drop", metavar="FOLDER", help="Check the rows against its files too.")
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option("--mapping", metavar="NAME|FILE", help="Preset of other columns: netflix, or a TOML file."),
    ] = None,
    show_code: ShowCode = None,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """Check a vendor's manifest row by row, and against its drop."""
    from onepiece_core.manifest.drop_mapping import load_mapping
    from onepiece_core.validate.manifest import check_manifest

    session = session_of(ctx)
    with run_failures_are():
        write_check(report)
        convention = session.settings(near=drop).naming.convention(show_code)
        found = check_manifest(path, load_mapping(mapping), convention, show_code=show_code, drop=drop)
        finish(session, found, report, as_json)


ASSETS_EPILOG = """Examples:

onepiece validate asset-consistency /projects/FG/renders --show-code FG

onepiece validate asset-consistency /projects/FG/renders --project "Frost Giant" --report assets.html"""


def asset_consistency(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Holds several versions of shots and assets.")],
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="Compare with this project in ShotGrid too.")
    ] = None,
    show_code: ShowCode = None,
    report: Report = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Check whether the versions of each asset fit each other, and what ShotGrid has of them."""
    from onepiece_core.validate.assets import check_assets

    session = session_of(ctx)
    with run_failures_are(), session.reporter(events=events is not None) as reporter:
        write_check(report)
        convention = session.settings(near=folder).naming.convention(show_code)
        tracker = _tracker(session, folder) if project is not None else None
        found = check_assets(
            folder, convention, show_code=show_code, tracker=tracker, project=project, reporter=reporter
        )
        finish(session, found, report, as_json)


def _tracker(session: Session, near: Path) -> Tracker:
    from onepiece_core.errors import ConfigMissing
    from onepiece_core.tracker.opening import open_tracker

    settings = session.settings(near=near)
    tracker = open_tracker(settings.shotgrid, settings.tracker)
    if tracker is None:
        raise ConfigMissing(
            "No ShotGrid site is configured.", hint="Set shotgrid.url, script and key, or leave --project out."
        )
    return tracker
