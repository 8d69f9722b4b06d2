"""Blender with its window: an artist clicks OnePiece > Publish, looks on, then opens another workfile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.worker.methods import METHODS
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.gui.artist import Artist, blender, install, missing, worker_command
from tests.hosts.gui.shot import artists_environment, make_scene
from tests.support.studio import shotgrid_of

NAME = "FG_ep010_sc02_0010_comp_v031"
NEXT = NAME.replace("v031", "v032")
FRAMES = 240
SHOT_ENDS = 1108  # as the sandbox has it
# The entries of the menu.
PUBLISH, OPEN_SHOT = 0, 1
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
        found.picture(tmp_path / "last.jpg")  # what a failure looked like


def keep(artist: Artist, name: str, tmp_path: Path) -> None:
    """A picture for the documentation; without a folder for those it is taken all the same, and looked at."""
    path = Path(PICTURES or tmp_path) / f"blender-{name}.jpg"
    artist.picture(path)
    assert path.stat().st_size > 10_000


def test_an_artist_publishes_with_the_mouse_and_goes_on_with_another_workfile(
    artist: Artist, studio: SandboxReport, folder: Path, tmp_path: Path
) -> None:
    artist.open_menu()
    keep(artist, "menu", tmp_path)
    artist.close_menu()

    artist.choose(PUBLISH)
    artist.show_sidebar()
    artist.until(lambda: artist.desk("publish.state") in ("ready", "failed"), "the checks")
    assert artist.desk("publish.error and publish.error.message") is None
    keep(artist, "checks", tmp_path)
    fix_the_range(artist)
    save_the_scene(artist)
    ignore_what_is_left(artist)
    keep(artist, "publish-0", tmp_path)
    artist.press('button="publish"')
    artist.until(lambda: artist.desk("publish.steps.share()") > 0.4, "the middle of the publish")
    keep(artist, "publish-50", tmp_path)
    artist.until(lambda: artist.desk("publish.state") != "publishing", "the end of the publish", 120)
    assert artist.desk("publish.error and publish.error.message") is None
    artist.until_drawn()
    keep(artist, "publish-100", tmp_path)
    assert shotgrid_of(studio).find_one("Version", [["code", "is", NAME]]) is not None

    if "workfiles.list" in METHODS:
        open_another(artist, folder, tmp_path)


def rules(artist: Artist, kind: str) -> list[str]:
    return [one["rule"] for one in artist.desk(f"publish.{kind}")]


def fix_the_range(artist: Artist) -> None:
    """The shot has another range than the scene: its finding's button sets it."""
    assert artist.ask("bpy.context.scene.frame_end") == 1000 + FRAMES
    artist.press("onepiece.fix", "scene.range")
    artist.until(lambda: artist.ask("bpy.context.scene.frame_end") == SHOT_ENDS, "the shot's range")
    artist.until(lambda: artist.desk("publish.state") == "ready", "the checks")
    assert "scene.range" not in rules(artist, "findings")


def save_the_scene(artist: Artist) -> None:
    """What was repaired is not saved yet: the next finding says so."""
    artist.press("onepiece.fix", "scene.unsaved")
    artist.until(lambda: "scene.unsaved" not in rules(artist, "findings"), "the saved scene")
    artist.until(lambda: artist.desk("publish.state") == "ready", "the checks")


def ignore_what_is_left(artist: Artist) -> None:
    """A picture that is not there yet: ignored for a reason, in a dialog."""
    assert rules(artist, "blocking") == ["scene.missing_files"]
    artist.press("onepiece.ignore", "scene.missing_files", at=0.65)
    artist.until_drawn()
    artist.type("the picture comes later", "Return", "Return")
    artist.until(lambda: not artist.desk("publish.blocking"), "the finding to be ignored")
    artist.until_drawn()


def open_another(artist: Artist, folder: Path, tmp_path: Path) -> None:
    artist.choose(OPEN_SHOT)
    artist.until(lambda: artist.desk("page") == "open_shot", "the page")
    artist.until(lambda: artist.desk("opening.my_tasks.items"), "my tasks")
    artist.click_tab(1)
    mine = artist.desk("opening.my_tasks.items")
    task = next(one["id"] for one in mine if one["parent"]["name"] == "ep010_sc02_0010")
    artist.press(f'row="{task}"')
    artist.until(lambda: artist.desk("opening.workfiles.items"), "the workfiles")
    artist.press("fold", NEXT)
    artist.until_drawn()
    keep(artist, "open-shot", tmp_path)
    artist.press("onepiece.open", 'way="open"')
    artist.until(lambda: NEXT in artist.ask("bpy.data.filepath"), "the other workfile")
    assert artist.desk("opening.error and opening.error.message") is None
    assert Path(artist.ask("bpy.data.filepath")) == folder / f"{NEXT}.blend"
