"""Blender with its window: an artist clicks OnePiece > Publish, looks on, then opens another workfile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.workfiles.locks import lock_path
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.gui.artist import DESK, Artist, blender, install, missing, worker_command
from tests.hosts.gui.shot import artists_environment, make_scene
from tests.support.studio import shotgrid_of

NAME = "FG_ep010_sc02_0010_comp_v031"
NEXT = NAME.replace("v031", "v032")
FRAMES = 240
SHOT_ENDS = 1108  # as the sandbox has it
WAY = ("Frost Giant", "ep010", "ep010_sc02", "ep010_sc02_0010")
# Pictures for the documentation are kept in this folder.
PICTURES = os.environ.get("KEEP_PICTURES")

pytestmark = [
    pytest.mark.gui,
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}"),
]


@pytest.fixture
def folder(tmp_path: Path, env: dict[str, str]) -> Path:
    """The work folder of the shot, below the root of all projects."""
    return tmp_path / "projects" / "FG" / "ep010" / "sc02" / "0010" / "comp" / "work"


@pytest.fixture
def artist(env: dict[str, str], studio: SandboxReport, folder: Path, tmp_path: Path) -> Iterator[Artist]:
    environ = artists_environment(env, studio, root=tmp_path / "projects")
    used = "image = bpy.data.images.new('wood', 8, 8); image.filepath_raw = '//wood.png'; image.use_fake_user = True"
    make_scene(folder, NEXT, environ, 1)
    scene = make_scene(folder, NAME, environ, FRAMES, extra=used)
    scripts = install(tmp_path / "installed", worker_command())
    with blender(tmp_path, scripts, environ, str(scene)) as found:
        yield found


def keep(artist: Artist, name: str, tmp_path: Path) -> None:
    """A picture for the documentation; without a folder for those it is taken all the same, and looked at."""
    path = Path(PICTURES or tmp_path) / f"blender-{name}.jpg"
    artist.picture(path)
    assert path.stat().st_size > 10_000


def test_an_artist_publishes_with_the_mouse(artist: Artist, studio: SandboxReport, tmp_path: Path) -> None:
    artist.open_menu()
    keep(artist, "menu", tmp_path)
    artist.close_menu()

    artist.choose("publish", has_worked=lambda: artist.desk("publish is not None"))
    artist.show_sidebar()
    until_checked(artist)
    keep(artist, "checks", tmp_path)
    fix_the_range(artist)
    save_the_scene(artist)
    ignore_what_is_left(artist)
    keep(artist, "publish-0", tmp_path)
    artist.press('button="publish"', has_worked=lambda: artist.desk("publish.state") != "ready")
    artist.until(lambda: artist.desk("publish.steps.share()") > 0.4, "the middle of the publish")
    keep(artist, "publish-50", tmp_path)
    artist.until(lambda: artist.desk("publish.state") != "publishing", "the end of the publish")
    assert artist.desk("publish.error and publish.error.message") is None
    artist.until_drawn()
    keep(artist, "publish-100", tmp_path)
    assert shotgrid_of(studio).find_one("Version", [["code", "is", NAME]]) is not None


def test_an_artist_opens_another_workfile_with_the_mouse(artist: Artist, folder: Path, tmp_path: Path) -> None:
    artist.choose("open_shot", has_worked=lambda: artist.desk("opening is not None"))
    artist.show_sidebar()
    for level, name in enumerate(WAY):
        go_down(artist, level, name)
    other = folder / f"{NEXT}.blend"
    artist.until(lambda: str(other) in listed(artist), "the workfiles")
    row = f"file {other}"
    artist.press('button="fold"', NEXT, has_worked=lambda: row in artist.desk("opened_rows or ''"))
    artist.until_drawn()
    keep(artist, "open", tmp_path)
    artist.press("onepiece.open", NEXT, 'way="open"', has_worked=lambda: artist.ask("bpy.data.filepath") == str(other))
    assert artist.desk("opening.error and opening.error.message") is None
    assert lock_path(other).is_file()


def go_down(artist: Artist, level: int, name: str) -> None:
    """Choose ``name`` in the menu of that level."""
    rows = f"opening.levels[{level}].items"
    artist.until(lambda: artist.desk(f"opening.levels[{level}:] and {DESK}.{rows}"), f"the rows of level {level}")
    row = next(one for one in artist.desk(rows) if one["name"] == name)
    entry = f'row="{level} {row["type"]} {row["id"]}"'
    artist.pick(
        f"ONEPIECE_MT_level_{level}", entry, lambda: artist.desk(f"opening.path[{level}:]") and name in chosen(artist)
    )


def chosen(artist: Artist) -> list[str]:
    return [one["name"] for one in artist.desk("opening.path")]


def listed(artist: Artist) -> list[str]:
    return [one["path"] for one in artist.desk("opening.workfiles.items")]


def until_checked(artist: Artist) -> None:
    artist.until(lambda: artist.desk("publish.state") in ("ready", "failed"), "the checks")
    assert artist.desk("publish.error and publish.error.message") is None
    artist.until_drawn()


def rules(artist: Artist, kind: str) -> list[str]:
    return [one["rule"] for one in artist.desk(f"publish.{kind}")]


def fix_the_range(artist: Artist) -> None:
    """The shot has another range than the scene: its finding's button sets it."""
    assert artist.ask("bpy.context.scene.frame_end") == 1000 + FRAMES
    artist.press(
        "onepiece.fix", "scene.range", has_worked=lambda: artist.ask("bpy.context.scene.frame_end") == SHOT_ENDS
    )
    artist.until(lambda: "scene.range" not in rules(artist, "findings"), "the checks without the range")
    until_checked(artist)


def save_the_scene(artist: Artist) -> None:
    """What was repaired is not saved yet: the next finding says so."""
    artist.until(lambda: "scene.unsaved" in rules(artist, "findings"), "the finding of a scene that is not saved")
    until_checked(artist)
    artist.press("onepiece.fix", "scene.unsaved", has_worked=lambda: "scene.unsaved" not in rules(artist, "findings"))
    until_checked(artist)


def ignore_what_is_left(artist: Artist) -> None:
    """A picture that is not there yet: ignored for a reason, in a dialog."""
    assert rules(artist, "blocking") == ["scene.missing_files"]

    def is_ignored() -> bool:
        """Typed again when the dialog was not there yet; typing into nothing does nothing."""
        artist.until_drawn()
        artist.type("the picture comes later", "Return", "Return")
        artist.until_drawn()
        return not artist.desk("publish.blocking")

    artist.press("onepiece.ignore", "scene.missing_files", at=0.65, has_worked=is_ignored)
    artist.until_drawn()
