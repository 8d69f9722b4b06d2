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
# The entries of the menu.
PUBLISH, OPEN_SHOT = 0, 1
# Pictures for the documentation are kept in this folder.
PICTURES = os.environ.get("KEEP_PICTURES")

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")


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
    for _ in artist.desk("publish.blocking"):
        ignore_the_first_error(artist)
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


def ignore_the_first_error(artist: Artist) -> None:
    artist.press("onepiece.ignore", at=0.65)
    blocking = len(artist.desk("publish.blocking"))
    artist.until_drawn()
    artist.type("the picture comes later", "Return", "Return")
    artist.until(lambda: len(artist.desk("publish.blocking")) < blocking, "the finding to be ignored")


def open_another(artist: Artist, folder: Path, tmp_path: Path) -> None:
    artist.choose(OPEN_SHOT)
    artist.until(lambda: artist.desk("page") == "open_shot", "the page")
    artist.until(lambda: artist.desk("opening.my_tasks.items"), "my tasks")
    artist.click_tab(1)
    task = "next(str(t['id']) for t in opening.my_tasks.items if t['parent']['name'] == 'ep010_sc02_0010')"
    artist.press(f'row="{artist.desk(task)}"')
    artist.until(lambda: artist.desk("opening.workfiles.items"), "the workfiles")
    artist.press("fold", NEXT)
    artist.until_drawn()
    keep(artist, "open-shot", tmp_path)
    artist.press("onepiece.open", 'way="open"')
    artist.until(lambda: NEXT in artist.ask("bpy.data.filepath"), "the other workfile")
    assert artist.desk("opening.error and opening.error.message") is None
    assert Path(artist.ask("bpy.data.filepath")) == folder / f"{NEXT}.blend"
