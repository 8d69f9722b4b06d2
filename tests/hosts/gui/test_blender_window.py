"""Blender with its window: an artist publishes, cancels, recovers, opens, locks and quits, all with the mouse."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.journal import Owner
from onepiece_core.workfiles import locks
from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.faults.control import clear_faults, set_faults
from onepiece_server.sandbox.faults.plan import Plan, Rule
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.gui.artist import DESK, SECONDS, Artist, blender, install, missing, worker_command
from tests.hosts.gui.shot import artists_environment, make_scene
from tests.support.processes import runs
from tests.support.studio import shotgrid_of

NAME = "FG_ep010_sc02_0010_comp_v031"
LONGER, SHOT_ENDS = 140, 1108  # a scene's frames, and where the sandbox has the shot's end
FRAMES = SHOT_ENDS - 1000
FITS = f"scene.frame_start, scene.frame_end = 1009, {SHOT_ENDS}"  # nothing to fix
WAY = ("Frost Giant", "ep010", "ep010_sc02", "ep010_sc02_0010")
# Pictures for the documentation are kept in this folder.
PICTURES = os.environ.get("KEEP_PICTURES")

pytestmark = [
    pytest.mark.gui,
    pytest.mark.timeout(900),  # a guard for machines with much else to do
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}"),
]

Start = Callable[..., AbstractContextManager[Artist]]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxReport]:
    """One whose S3 can be slow."""
    folder = tmp_path_factory.mktemp("studio")
    yield sandbox.up(folder, s3_faults=True)
    sandbox.down(folder, grace_seconds=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The work folder of the shot, below the root of all projects."""
    return tmp_path / "projects" / "FG" / "ep010" / "sc02" / "0010" / "comp" / "work"


@pytest.fixture
def environ(env: dict[str, str], studio: SandboxReport, tmp_path: Path) -> dict[str, str]:
    return artists_environment(env, studio, root=tmp_path / "projects")


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Start:
    """Starts Blender with a scene; a failure tells what there was to see at the end."""
    scripts = install(tmp_path / "installed", worker_command())

    @contextmanager
    def started(scene: Path) -> Iterator[Artist]:
        with blender(tmp_path, scripts, environ, str(scene)) as artist:
            try:
                yield artist
            except BaseException:
                print(artist.saw())
                raise

    return started


@contextmanager
def held(studio: SandboxReport) -> Iterator[None]:
    """Uploads stand nearly still in the block: there is time to look and to click."""
    set_faults(studio, Plan(rules=(Rule(target="s3", method=("PUT",), fault="slow", seconds=5.0),)))
    try:
        yield
    finally:
        clear_faults(studio)


def keep(artist: Artist, name: str, tmp_path: Path) -> None:
    """A picture for the documentation; without a folder for those it is taken all the same, and looked at."""
    path = Path(PICTURES or tmp_path) / f"blender-{name}.jpg"
    artist.picture(path)
    assert path.stat().st_size > 10_000


def test_an_artist_fixes_ignores_and_publishes(
    start: Start, environ: dict[str, str], studio: SandboxReport, folder: Path, tmp_path: Path
) -> None:
    used = "image = bpy.data.images.new('wood', 8, 8); image.filepath_raw = '//wood.png'; image.use_fake_user = True"
    scene = make_scene(folder, NAME, environ, LONGER, extra=used)
    with start(scene) as artist:
        artist.open_menu()
        keep(artist, "menu", tmp_path)
        artist.close_menu()
        look_at_the_scene(artist)
        keep(artist, "checks", tmp_path)
        fix_the_range(artist)
        save_the_scene(artist)
        ignore_what_is_left(artist)
        leave_the_renders_out_and_take_them_in(artist)
        plan_only(artist)
        keep(artist, "publish-0", tmp_path)
        with held(studio):
            begin_the_publish(artist)
            close_the_page_and_open_it_again(artist)
            keep(artist, "publish-50", tmp_path)
        artist.until(lambda: artist.desk("publish.state") != "publishing", "the end of the publish")
        assert trouble(artist, "publish") is None
        artist.until_drawn()
        keep(artist, "publish-100", tmp_path)
        manifest = Path(artist.desk("publish.result")["links"]["folder"], "manifest.json")
    assert versions(studio, NAME) == [NAME]
    assert "the picture comes later" in manifest.read_text()


def test_an_artist_stops_a_publish_then_blender_quits_in_the_middle_of_the_next(
    start: Start, environ: dict[str, str], studio: SandboxReport, folder: Path
) -> None:
    name = NAME.replace("v031", "v041")
    scene = make_scene(folder, name, environ, FRAMES, extra=FITS)
    with start(scene) as artist:
        look_at_the_scene(artist)
        worker = artist.desk("session.worker.hello['pid']")
        with held(studio):
            begin_the_publish(artist)
            is_asked = "publish.is_cancel_asked"
            artist.press('button="ask_cancel"', has_worked=lambda: artist.desk(is_asked))
            artist.press('button="keep_going"', at=0.75, has_worked=lambda: not artist.desk(is_asked))
            assert artist.desk("publish.state") == "publishing"
            artist.press('button="ask_cancel"', has_worked=lambda: artist.desk(is_asked))
            artist.press(
                'button="cancel"', has_worked=lambda: artist.desk("publish.is_stopping or publish.state == 'failed'")
            )
        artist.until(lambda: artist.desk("publish.state") == "failed", "the end of the publish")
        assert artist.desk("publish.error.code") == "operation.cancelled"
        assert versions(studio, name) == []
        with held(studio):
            begin_the_publish(artist)
            artist.quit()
            assert runs(worker)  # it goes on with the publish
    until(lambda: not runs(worker), "the worker's end")
    assert versions(studio, name) == [name]


def test_an_artist_walks_to_a_workfile_steals_a_lock_saves_the_next_version_and_quits(
    start: Start, environ: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    scene, other = make_scene(folder, NAME, environ, 1), folder / f"{NAME.replace('v031', 'v032')}.blend"
    other.write_bytes(scene.read_bytes())
    gone = Owner.me().__class__(Owner.me().host, 2**22 + 1, 1.0)
    locks.take(other, owner=gone, user="ayla")
    with start(scene) as artist:
        artist.choose("open_shot", has_worked=lambda: artist.desk("opening is not None"))
        artist.show_sidebar()
        for level, name in enumerate(WAY):
            go_down(artist, level, name)
        unfold(artist, scene)
        keep(artist, "open", tmp_path)
        open_it(artist, scene, "open")
        worker = artist.desk("session.worker.hello['pid']")
        assert locks.lock_path(scene).is_file()
        unfold(artist, other)
        steal_it(artist, other)
        until(lambda: not locks.lock_path(scene).exists(), "the release of the first lock")
        assert holder(other) == worker

        following = folder / f"{NAME.replace('v031', 'v033')}.blend"
        artist.choose("save_next", has_worked=lambda: artist.ask("bpy.data.filepath") == str(following))
        assert following.is_file()
        until(lambda: holder(following) == worker, "the lock of what was saved")
        artist.quit()
    until(lambda: not runs(worker), "the worker's end")
    assert not [path.name for path in folder.iterdir() if path.name.endswith(".lock")]


def test_an_artist_recovers_what_a_killed_worker_left_and_looks_at_about(
    start: Start, environ: dict[str, str], studio: SandboxReport, folder: Path, tmp_path: Path
) -> None:
    name = NAME.replace("v031", "v051")
    scene = make_scene(folder, name, environ, FRAMES, extra=FITS)
    with start(scene) as artist:
        look_at_the_scene(artist)
        with held(studio):
            begin_the_publish(artist)
            os.kill(artist.desk("session.worker.hello['pid']"), signal.SIGKILL)
            artist.until(lambda: artist.desk("publish.state") == "failed", "the news of the worker's end")
        assert artist.desk("publish.error.code") == "worker.died"
        artist.until_drawn()
        keep(artist, "error", tmp_path)
        artist.choose("recover", has_worked=lambda: artist.desk("page") == "recover")
        artist.until(lambda: artist.desk("recover.items"), "what was interrupted")
        artist.press('button="recover"', has_worked=lambda: artist.desk("recover.recovered"))
        artist.until(lambda: artist.desk("recover.items") == [], "the list without it")
        artist.choose("about", has_worked=lambda: artist.desk("page") == "about")
        artist.until(lambda: artist.desk("about"), "what the worker says of itself")
        assert artist.desk("about")["user"] == "elif"
    assert versions(studio, name) == [name]


# What an artist does


def look_at_the_scene(artist: Artist) -> None:
    artist.choose("publish", has_worked=lambda: artist.desk("publish is not None"))
    artist.show_sidebar()
    until_checked(artist)


def until_checked(artist: Artist) -> None:
    artist.until(lambda: artist.desk("publish.state") in ("ready", "failed"), "the checks")
    assert trouble(artist, "publish") is None
    artist.until_drawn()


def fix_the_range(artist: Artist) -> None:
    """The shot has another range than the scene: its finding's button sets it."""
    assert artist.ask("bpy.context.scene.frame_end") == 1000 + LONGER
    is_fixed = "bpy.context.scene.frame_end"
    artist.press("onepiece.fix", "scene.range", has_worked=lambda: artist.ask(is_fixed) == SHOT_ENDS)
    artist.until(lambda: "scene.range" not in rules(artist, "findings"), "the checks without the range")
    until_checked(artist)


def save_the_scene(artist: Artist) -> None:
    """What was repaired is not saved yet: the next finding says so."""
    artist.until(lambda: "scene.unsaved" in rules(artist, "findings"), "the finding of a scene that is not saved")
    until_checked(artist)

    def is_saved() -> bool:
        return "scene.unsaved" not in rules(artist, "findings")

    artist.press("onepiece.fix", "scene.unsaved", has_worked=is_saved)
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


def leave_the_renders_out_and_take_them_in(artist: Artist) -> None:
    """By the box before them."""
    item = next(one["id"] for one in artist.desk("publish.items") if one["role"] == "render")
    press = partial(artist.press, 'button="toggle"', f'row="{item}"', at=0.22)
    press(has_worked=lambda: artist.desk("publish.excluded"))
    until_checked(artist)
    press(has_worked=lambda: not artist.desk("publish.excluded"))
    until_checked(artist)


def plan_only(artist: Artist) -> None:
    artist.press('button="dry_run"', has_worked=lambda: artist.desk("publish.result"))
    until_checked(artist)
    assert artist.desk("publish.result")["schema"] == "onepiece.publish-plan.1"
    assert artist.desk("publish.operation") is None


def begin_the_publish(artist: Artist) -> None:
    artist.press('button="publish"', has_worked=lambda: artist.desk("publish.state") == "publishing")
    artist.until(lambda: (artist.desk("publish.progress") or {}).get("phase") == "upload", "the upload")
    artist.until_drawn()


def close_the_page_and_open_it_again(artist: Artist) -> None:
    operation, drawn = artist.desk("publish.operation"), artist.desk("draws")
    artist.hide_sidebar()
    artist.choose("publish", has_worked=lambda: artist.desk("draws") > drawn and artist.sidebar()[2] > 100)
    assert (artist.desk("publish.state"), artist.desk("publish.operation")) == ("publishing", operation)
    artist.until_drawn()


def go_down(artist: Artist, level: int, name: str) -> None:
    """Choose ``name`` in the menu of that level."""
    rows = f"opening.levels[{level}].items"
    artist.until(lambda: artist.desk(f"opening.levels[{level}:] and {DESK}.{rows}"), f"the rows of level {level}")
    row = next(one for one in artist.desk(rows) if one["name"] == name)
    entry = f'row="{level} {row["type"]} {row["id"]}"'

    def is_chosen() -> bool:
        return name in [one["name"] for one in artist.desk(f"opening.path[{level}:]")]

    artist.pick(f"ONEPIECE_MT_level_{level}", entry, has_worked=is_chosen)


def unfold(artist: Artist, path: Path) -> None:
    artist.until(lambda: str(path) in listed(artist), "the workfiles")
    artist.until_drawn()
    row = f"file {path}"
    artist.press('button="fold"', path.stem, has_worked=lambda: row in artist.desk("opened_rows"))
    artist.until_drawn()


def listed(artist: Artist) -> list[str]:
    return [one["path"] for one in artist.desk("opening.workfiles.items")]


def open_it(artist: Artist, path: Path, way: str) -> None:
    def is_open() -> bool:
        return bool(artist.desk("opening.recent.asked")) and locks.lock_path(path).is_file() and is_at(artist, path)

    artist.press("onepiece.open", path.stem, f'way="{way}"', has_worked=is_open)
    assert trouble(artist, "opening") is None


def is_at(artist: Artist, path: Path) -> bool:
    return bool(artist.ask("bpy.data.filepath") == str(path))


def steal_it(artist: Artist, path: Path) -> None:
    """A dialog tells whose lock it is; Return answers it."""

    def is_open() -> bool:
        artist.until_drawn()
        artist.key("Return")
        return is_at(artist, path)

    artist.press("onepiece.open", path.stem, 'way="steal"', has_worked=is_open)
    assert trouble(artist, "opening") is None


# What there is then


def trouble(artist: Artist, page: str) -> Any:
    return artist.desk(f"{page}.error and {DESK}.{page}.error.message")


def rules(artist: Artist, kind: str) -> list[str]:
    return [one["rule"] for one in artist.desk(f"publish.{kind}")]


def versions(studio: SandboxReport, name: str) -> list[str]:
    return [row["code"] for row in shotgrid_of(studio).find("Version", [["code", "is", name]], ["code"])]


def holder(path: Path) -> int | None:
    owner = locks.owner_of(path)
    return owner.pid if owner else None


def until(is_there: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not is_there():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.03)
