"""Workfiles of a context are found by the show's templates and listed newest first."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from onepiece_core.config import Settings
from onepiece_core.context import Context
from onepiece_core.errors import (
    ConfigMissing,
    DccUnknown,
    NameInvalid,
    UsageError,
    WorkfileMissing,
    WorkfileTemplateMissing,
)
from onepiece_core.journal import Owner
from onepiece_core.workfiles import locks
from onepiece_core.workfiles.listing import describe, find_newest, get_newest, list_workfiles
from onepiece_core.workfiles.notes import write_note
from onepiece_core.workfiles.places import WorkfilePlaces
from onepiece_core.workfiles.recent import list_recent, note_opened
from onepiece_core.workfiles.templates import apply_new, plan_new
from tests.support.media import write_png

SHOT = Context(show="FG", episode="ep010", sequence="sc02", shot="0010")
COMP = Context(show="FG", episode="ep010", sequence="sc02", shot="0010", step="comp")
NAME = "FG_ep010_sc02_0010_comp_v"


def settings(root: Path, **tables: object) -> Settings:
    return Settings.model_validate({"roots": {"projects": {"linux": root, "macos": root, "windows": root}}, **tables})


@pytest.fixture
def places(tmp_path: Path) -> WorkfilePlaces:
    return WorkfilePlaces.of(settings(tmp_path), "FG")


@pytest.fixture
def comp(tmp_path: Path) -> Path:
    folder = tmp_path / "FG/ep010/sc02/0010/comp/work"
    folder.mkdir(parents=True)
    return folder


def save(path: Path, when: float, text: str = "x") -> Path:
    path.write_text(text)
    os.utime(path, (when, when))
    return path


def test_the_newest_comes_first_with_what_is_known_of_it(comp: Path, places: WorkfilePlaces):
    save(comp / f"{NAME}001.nk", 1000)
    save(comp / f"{NAME}002.nk", 3000)
    save(comp / f"{NAME}003.blend", 2000)
    write_png(comp / f"{NAME}002.png")
    write_note(comp / f"{NAME}002.nk", "sky replaced", user="nami")
    locks.take(comp / f"{NAME}002.nk", owner=Owner("elsewhere", 12, 1.0), user="zoro")
    for other in ("notes.txt", ".hidden.nk", f"{NAME}004.nk~"):
        (comp / other).touch()
    (comp / "folder.nk").mkdir()

    listed = list_workfiles(COMP, places)

    assert [one.name for one in listed] == [f"{NAME}002.nk", f"{NAME}003.blend", f"{NAME}001.nk"]
    newest = listed[0]
    assert (newest.version, newest.step, newest.task, newest.dcc) == (2, "comp", "comp", "nuke")
    assert (newest.user, newest.comment) == ("nami", "sky replaced")
    assert newest.thumbnail == comp / f"{NAME}002.png"
    assert newest.lock is not None
    assert newest.lock.user == "zoro"
    assert (listed[1].lock, listed[1].thumbnail, listed[1].comment) == (None, None, None)


def test_what_a_context_leaves_open_is_any(tmp_path: Path, places: WorkfilePlaces):
    for number, part in enumerate(("ep010/sc02/0010/comp", "ep010/sc02/0010/anim", "ep010/sc03/0020/comp", "x/y/z/w")):
        folder = tmp_path / "FG" / part / "work"
        folder.mkdir(parents=True)
        save(folder / f"scene_v{number + 1:03}.nk", 1000 + number)
    assert [one.name for one in list_workfiles(SHOT, places)] == ["scene_v002.nk", "scene_v001.nk"]
    assert {one.step for one in list_workfiles(SHOT, places)} == {"comp", "anim"}
    assert len(list_workfiles(Context(show="FG"), places)) == 3
    assert list_workfiles(Context(show="OP"), places) == []


def test_every_root_is_looked_at_and_optional_parts_too(tmp_path: Path):
    roots = {name: {"linux": tmp_path / name, "macos": tmp_path / name} for name in ("old", "new")}
    naming = {"work": "{show}[/{episode}]/{shot}/{step}/work/{dcc}"}
    places = WorkfilePlaces.of(Settings.model_validate({"roots": roots, "naming": naming}), "FG")
    for path in ("old/FG/ep010/0010/comp/work/nuke/a_v001.nk", "new/FG/0010/comp/work/blender/b_v001.blend"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("x")
    found = list_workfiles(Context(show="FG", shot="0010"), places)
    assert {one.name for one in found} == {"a_v001.nk", "b_v001.blend"}


def test_the_newest_is_the_highest_version_of_what_was_saved_last(comp: Path, places: WorkfilePlaces):
    save(comp / f"{NAME}002.nk", 2000)
    save(comp / f"{NAME}003.nk", 1000)
    save(comp / "old_v009.nk", 500)
    save(comp / f"{NAME}004.nk", 3000, text="")  # a name that was only claimed
    save(comp / "render_v001.blend", 1500)
    newest = find_newest(COMP, places)
    assert newest is not None
    assert newest.name == f"{NAME}003.nk"
    assert get_newest(COMP, places, "blender").name == "render_v001.blend"
    with pytest.raises(WorkfileMissing) as caught:
        get_newest(COMP, places, "maya")
    assert str(comp) in caught.value.report.context["folders"]
    with pytest.raises(DccUnknown):
        find_newest(COMP, places, "paint")


def test_a_workfile_that_vanishes_meanwhile_is_no_error(comp: Path, places: WorkfilePlaces):
    stop = threading.Event()

    def flicker() -> None:
        while not stop.is_set():
            for number in range(50):
                (comp / f"{NAME}{number + 1:03}.nk").write_text("x")
                locks.lock_path(comp / f"{NAME}{number + 1:03}.nk").write_text("{}")
            for path in comp.iterdir():
                path.unlink()

    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        found = [len(list_workfiles(COMP, places)) for _ in range(60)]
    finally:
        stop.set()
        thread.join()
    assert max(found) <= 50
    assert describe(comp / "gone.nk", places.convention) is None


def test_ten_thousand_workfiles_are_listed(comp: Path, places: WorkfilePlaces):
    for number in range(1, 5001):
        (comp / f"{NAME}{number:04}.nk").touch()
        (comp / f"ünï cödé {number}.ma").touch()
    listed = list_workfiles(COMP, places)
    assert len(listed) == 10_000
    assert {one.version for one in listed if one.dcc == "nuke"} == set(range(1, 5001))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("FG ep010 sc02 0010 comp", COMP),
        ("FG sc02 0010", Context(show="FG", sequence="sc02", shot="0010")),
        ("FG ep010 comp", Context(show="FG", episode="ep010", step="comp")),
        ("FG", Context(show="FG")),
        ("FG ep010 sc02 0010 comp precomp", Context(**{**COMP.values(), "asset": "precomp"})),
    ],
)
def test_words_are_a_context(places: WorkfilePlaces, words: str, wanted: Context):
    assert places.context_of(words.split()) == wanted


@pytest.mark.parametrize("words", ["FG 0010 EP010_", "FG ../..", "FG ep010 sc02 0010 comp a b c", "FG ''"])
def test_words_that_are_no_context_are_told(places: WorkfilePlaces, words: str):
    with pytest.raises(UsageError):
        places.context_of(words.split())


def test_without_roots_nothing_can_be_found():
    with pytest.raises(ConfigMissing) as caught:
        WorkfilePlaces.of(Settings(), "FG")
    assert "roots" in str(caught.value.report.hint)


def test_a_new_workfile_is_a_copy_of_the_steps_template(tmp_path: Path, comp: Path):
    for name in ("comp.nk", "any.nk", "any.blend"):
        (tmp_path / name).write_text(name)
    nuke = {"comp": tmp_path / "comp.nk", "*": tmp_path / "any.nk"}
    templates = {"nuke": nuke, "blender": {"*": tmp_path / "any.blend"}}
    places = WorkfilePlaces.of(settings(tmp_path, workfiles={"templates": templates}), "FG")

    plan = plan_new(COMP, places, dcc="nuke")
    assert (plan.template, plan.path) == (tmp_path / "comp.nk", comp / f"{NAME}001.nk")
    assert not plan.path.exists()
    assert apply_new(plan).read_text() == "comp.nk"
    assert plan_new(COMP, places, dcc="nuke").path == comp / f"{NAME}002.nk"
    anim = plan_new(Context(**{**SHOT.values(), "step": "anim"}), places, dcc="nuke")
    assert anim.template == tmp_path / "any.nk"
    assert apply_new(anim).parent == tmp_path / "FG/ep010/sc02/0010/anim/work"
    with pytest.raises(WorkfileTemplateMissing, match="blender and nuke"):
        plan_new(COMP, places, dcc=None)
    with pytest.raises(WorkfileTemplateMissing):
        plan_new(COMP, places, dcc="maya")
    with pytest.raises(WorkfileTemplateMissing):
        plan_new(COMP, places, dcc="nuke", template=tmp_path / "gone.nk")
    with pytest.raises(DccUnknown):
        plan_new(COMP, places, dcc="maya", template=tmp_path / "any.nk")
    with pytest.raises(NameInvalid):
        plan_new(SHOT, places, dcc="nuke")


def test_recent_workfiles_are_kept_newest_first_and_only_while_they_are_there(tmp_path: Path):
    assert list_recent(tmp_path) == ()
    files = [save(tmp_path / f"{number}.nk", 1) for number in range(60)]
    for file in (*files, files[30]):
        note_opened(tmp_path / "state", file, "nuke")
    found = list_recent(tmp_path / "state")
    assert [one.path for one in found[:2]] == [files[30], files[59]]
    assert len(found) == 50
    files[59].unlink()
    assert files[59] not in [one.path for one in list_recent(tmp_path / "state")]
    (tmp_path / "state" / "recent-workfiles.json").write_bytes(b"\xff{")
    assert list_recent(tmp_path / "state") == ()
    note_opened(tmp_path / "state", files[0], "nuke")
    assert [one.path for one in list_recent(tmp_path / "state")] == [files[0]]
