"""``onepiece editorial``: what a new cut changes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.editorial.report import CutReport

app = typer.Typer(add_completion=False, no_args_is_help=True)

EPILOG = """Examples:

onepiece editorial diff reel1_v003.edl reel1_v004.edl --rate 23.976 --handles 8

onepiece editorial diff old.otio new.otio --project "Frost Giant" --html changes.html --csv changes.csv"""


@app.callback()
def editorial() -> None:
    """Cuts: what changed from one to the next."""


@app.command(epilog=EPILOG)
def diff(
    ctx: typer.Context,
    old: Annotated[Path, typer.Argument(help="The cut as it was: .otio or .edl.")],
    new: Annotated[Path, typer.Argument(help="The cut as it is now.")],
    project: Annotated[
        str | None, typer.Option(help="Ask ShotGrid which published Versions no longer cover the cut.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="FPS", help="Rate of an EDL: 24, 23.976, 29.97, ... (24 when left out).")
    ] = None,
    handles: Annotated[int, typer.Option(min=0, help="Frames that each shot needs at both ends.")] = 0,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the changes as CSV.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the changes as a page.")] = None,
    as_json: Json = False,
) -> None:
    """Tell each shot that is new, omitted, slipped, longer, shorter, retimed, renamed, re-ordered, short of handles."""
    session = session_of(ctx)
    report = _compared(session, old, new, project, rate, handles)
    _write(report, csv, html)
    if as_json:
        typer.echo(session.told(report.as_json()))
    else:
        _show(report)


def _compared(session: Session, old: Path, new: Path, project: str | None, rate: str | None, handles: int) -> CutReport:
    from onepiece_core.editorial import covers
    from onepiece_core.editorial.diff import diff_cuts
    from onepiece_core.editorial.otio import read_cut
    from onepiece_core.editorial.report import report_of
    from onepiece_core.frames import exact_rate

    exact: Fraction | None = exact_rate(rate) if rate is not None else None
    cuts = [read_cut(path, exact) for path in (old, new)]
    if cuts[0].name == cuts[1].name:  # an editing system gives each version of a reel the same title
        cuts = [replace(cut, name=path.name) for cut, path in zip(cuts, (old, new), strict=True)]
    found = diff_cuts(*cuts, handles=handles)
    if project is None:
        return report_of(found, None)
    from onepiece_core.tracker.opening import get_tracker
    from onepiece_core.tracker.placing import find_project

    settings = session.settings(near=new)
    tracker = get_tracker(settings.shotgrid, settings.tracker)
    shots = covers.read_shots(tracker, find_project(tracker, {"name": project}))
    covers.mark_reinstated(found, shots)
    covers.mark_short_handles(found, shots, handles)
    return report_of(found, covers.find_uncovered(tracker, found, shots))


def _write(report: CutReport, csv: Path | None, html: Path | None) -> None:
    from onepiece_core import __version__
    from onepiece_core.editorial.report import as_csv, as_html
    from onepiece_core.errors import DestinationReadOnly

    wanted = [(csv, as_csv(report))] if csv else []
    wanted += [(html, as_html(report, footer=f"Made by onepiece {__version__}"))] if html else []
    for path, text in wanted:
        try:
            path.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise DestinationReadOnly(f"{path} cannot be written: {error.strerror}", path=str(path)) from error


def _show(report: CutReport) -> None:
    from onepiece_core.editorial.report import detail, words

    width = max((len(shot.shot) for shot in report.shots), default=0)
    for shot in report.shots:
        kinds = ", ".join(map(words, shot.kinds))
        typer.echo(printable(f"{shot.shot:{width}}  {kinds}  {detail(shot)}".rstrip()))
    for each in report.uncovered:
        needed = f"the cut shows {each.needed_first}-{each.needed_last}"
        typer.echo(printable(f"{each.version} holds {each.first}-{each.last}, {needed} ({each.status or 'no status'})"))
    told = ", ".join(f"{count} {words(kind).replace('_', ' ')}" for kind, count in report.summary.items() if count)
    typer.echo(f"{printable(report.old)} -> {printable(report.new)}: {told or 'nothing changed'}")
