"""Make everything that the demo publishes: scene, frames, movie, cut and metadata, twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from onepiece_cli.demo.frames import write_frames
from onepiece_cli.demo.plain_exr import write_plain_frame
from onepiece_cli.demo.render import Rendered, render
from onepiece_cli.demo.shot import (
    CHANGED_FROM,
    FIRST,
    FPS,
    FRAMES,
    LAST,
    SHOT,
    TASK,
    Folders,
    VersionMedia,
    scene_name,
)
from onepiece_core.errors import ExtraMissing
from onepiece_core.media.movie import write_movie
from onepiece_core.progress import Reporter, Warned


@dataclass(frozen=True, slots=True)
class DemoMedia:
    """Two versions of one shot. ``made_by``: Blender and OpenImageIO, or what stood in for them."""

    versions: tuple[VersionMedia, VersionMedia]
    made_by: str
    warnings: tuple[Warned, ...]


def make_media(folders: Folders, environ: Mapping[str, str], reporter: Reporter) -> DemoMedia:
    """Make the inputs of both publishes. What is not installed becomes a warning that names what it costs."""
    warnings: list[Warned] = []
    made = render(folders.blender, environ, reporter)
    rendered = made if isinstance(made, Rendered) else None
    if isinstance(made, Warned):
        warnings.append(made)
    first, second = (_version(folders, number, rendered, warnings, reporter) for number in (1, 2))
    made_by = " + ".join(filter(None, ("Blender" if rendered else None, _writer(warnings)))) or "plain Python"
    return DemoMedia((first, second), made_by, tuple({each.message: each for each in warnings}.values()))


def _writer(warnings: list[Warned]) -> str | None:
    return None if any(each.code == ExtraMissing.code for each in warnings) else "OpenImageIO"


def _version(
    folders: Folders, number: int, rendered: Rendered | None, warnings: list[Warned], reporter: Reporter
) -> VersionMedia:
    folder = folders.media / f"v{number:03d}"
    folder.mkdir(parents=True)
    frames, preview = _pictures(folder, number, rendered, warnings, reporter)
    made = VersionMedia(
        name=scene_name(number),
        frames=frames,
        preview=preview,
        otio=_cut(folder / "cut.otio", number, frames[0]),
        metadata=_metadata(folder / "publish.json", number, rendered),
    )
    if rendered is None:
        return made
    scene = folder / f"{made.name}.blend"
    shutil.copyfile(rendered.scene, scene)
    return replace(made, scene=scene)


def _pictures(
    folder: Path, number: int, rendered: Rendered | None, warnings: list[Warned], reporter: Reporter
) -> tuple[tuple[Path, ...], Path | None]:
    """The frames, and the movie that is made from them."""
    renders = folder / "renders"
    try:
        frames = write_frames(renders, number, rendered.frames if rendered else None, reporter)
        movie = folder / f"{scene_name(number)}.mov"
        write_movie(frames, movie, fps=Fraction(FPS), reporter=reporter)
    except ExtraMissing as error:
        cost = "The demo has no weather over its frames, no movie, no thumbnail and no contact sheet."
        warnings.append(Warned(code=error.report.code, message=f"{error} {cost}", hint=error.report.hint))
        return _plain_frames(renders, number, rendered), None
    return frames, movie


def _plain_frames(renders: Path, number: int, rendered: Rendered | None) -> tuple[Path, ...]:
    shutil.rmtree(renders, ignore_errors=True)
    renders.mkdir()
    written = []
    for index, frame in enumerate(FRAMES):
        path = renders / f"{scene_name(number)}.{frame}.exr"
        changed = number > 1 and frame >= CHANGED_FROM
        if rendered and not changed:
            shutil.copyfile(rendered.frames[index], path)
        else:
            write_plain_frame(path, 96, 54, phase=index / len(FRAMES) + 0.3 * changed)
        written.append(path)
    return tuple(written)


def _cut(path: Path, number: int, frame: Path) -> Path:
    """A timeline with the shot's one clip, as editorial would hand it over."""
    import opentimelineio as otio

    seen = otio.opentime.range_from_start_end_time_inclusive(
        otio.opentime.RationalTime(FIRST, FPS), otio.opentime.RationalTime(LAST, FPS)
    )
    media = otio.schema.ImageSequenceReference(
        target_url_base="renders",
        name_prefix=f"{scene_name(number)}.",
        name_suffix=frame.suffix,
        start_frame=FIRST,
        rate=FPS,
        frame_zero_padding=4,
        available_range=seen,
    )
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    track.append(otio.schema.Clip(name=SHOT, media_reference=media, source_range=seen))
    timeline = otio.schema.Timeline(name=f"{SHOT}_cut_v001")
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(path))
    return path


def _metadata(path: Path, number: int, rendered: Rendered | None) -> Path:
    notes = {1: "first light", 2: "northern light over the last frames, as asked for in dailies"}
    told: dict[str, Any] = {
        "shot": SHOT,
        "task": TASK,
        "fps": FPS,
        "first_frame": FIRST,
        "last_frame": LAST,
        "handles": 0,
        "colorspace": "linear Rec.709",
        "renderer": "Cycles" if rendered else None,
        "note": notes[number],
    }
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return path
