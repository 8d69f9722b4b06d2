"""Collecting the inputs of a publish: everything is taken, refused or listed; nothing hangs."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from onepiece_core.errors import InputMissing, InputRefused, InputUnreadable, MediaEmpty, PaddingsMixed
from onepiece_core.publish.collect import Collected, collect_inputs
from tests.support.permissions import run_as_nobody


def touch(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def frames(folder: Path, *numbers: int, name: str = "comp_v004") -> Path:
    for number in numbers:
        touch(folder / f"{name}.{number:04d}.exr", b"%d" % number)
    return folder


def paths(collected: Collected) -> list[str]:
    return [file.package_path for file in collected.files]


def rules(collected: Collected) -> list[str]:
    return [finding.rule for finding in collected.findings]


def test_each_input_has_its_folder_and_keeps_its_name(tmp_path: Path) -> None:
    collected = collect_inputs(
        scene=touch(tmp_path / "a/lighting_v002.ma", b"scene"),
        renders=(frames(tmp_path / "r", 1001, 1002),),
        previews=(touch(tmp_path / "latest.mov"),),
        otio=touch(tmp_path / "shot.otio"),
    )
    assert paths(collected) == [
        "otio/shot.otio",
        "previews/latest.mov",
        "renders/comp_v004.1001.exr",
        "renders/comp_v004.1002.exr",
        "scene/lighting_v002.ma",
    ]
    assert [(item.role, item.name, item.files) for item in collected.items] == [
        ("scene", "lighting_v002.ma", 1),
        ("render", "comp_v004.%04d.exr", 2),
        ("preview", "latest.mov", 1),
        ("otio", "shot.otio", 1),
    ]
    scene = collected.files[-1]
    facts = (tmp_path / "a/lighting_v002.ma").stat()
    assert (scene.size_bytes, scene.mtime_ns, scene.inode) == (5, facts.st_mtime_ns, facts.st_ino)
    assert collected.size_bytes == 5 + 4 + 4 + 1 + 1
    assert collected.findings == ()


def test_gaps_are_told_as_ranges(tmp_path: Path) -> None:
    collected = collect_inputs(renders=(frames(tmp_path / "r", 1001, 1002, 1004, *range(1005, 1010), 1013),))
    (item,) = collected.items
    assert (item.first, item.last, item.frames, item.missing) == (
        1001,
        1013,
        "1001-1002,1004-1009,1013",
        "1003,1010-1012",
    )
    (finding,) = collected.findings
    assert "missing 1003, 1010-1012 of 1001-1013" in finding.message


def test_a_tree_keeps_its_folders_and_its_items_have_unique_names(tmp_path: Path) -> None:
    frames(tmp_path / "r/left", 1001)
    frames(tmp_path / "r/right", 1001)
    touch(tmp_path / "r/deep/er/notes.txt")
    collected = collect_inputs(renders=(tmp_path / "r",), previews=(touch(tmp_path / "notes.txt"),))
    assert paths(collected) == [
        "previews/notes.txt",
        "renders/deep/er/notes.txt",
        "renders/left/comp_v004.1001.exr",
        "renders/right/comp_v004.1001.exr",
    ]
    assert sorted(item.name for item in collected.items) == [
        "deep/er/notes.txt",
        "left/comp_v004.%04d.exr",
        "notes.txt",
        "right/comp_v004.%04d.exr",
    ]


@pytest.mark.parametrize("pattern", ["c.%04d.exr", "c.####.exr", "c.@@@@.exr", "c.$F4.exr", "c.%d.exr"])
def test_a_pattern_takes_its_frames_and_nothing_else(tmp_path: Path, pattern: str) -> None:
    frames(tmp_path, 9999, 10000, name="c")
    frames(tmp_path, 1, name="other")
    touch(tmp_path / "c.1001.png")
    touch(tmp_path / "sub/c.1001.exr")
    assert paths(collect_inputs(renders=(tmp_path / pattern,))) == ["renders/c.10000.exr", "renders/c.9999.exr"]


def test_one_file_is_enough(tmp_path: Path) -> None:
    assert paths(collect_inputs(renders=(touch(tmp_path / "still.exr"),))) == ["renders/still.exr"]


def test_hidden_and_temporary_files_are_left_and_listed(tmp_path: Path) -> None:
    junk = [".DS_Store", "._a.exr", "Thumbs.db", "a.1002.exr.part", "b.tmp", "c.filepart", ".hidden/a.exr"]
    for name in junk:
        touch(tmp_path / "r" / name)
    frames(tmp_path / "r", 1001)
    collected = collect_inputs(renders=(tmp_path / "r",))
    assert paths(collected) == ["renders/comp_v004.1001.exr"]
    (finding,) = collected.findings
    assert finding.rule == "inputs.skipped"
    assert set(finding.context["paths"]) == {*junk[:-1], ".hidden"}


def test_a_link_in_the_tree_is_the_file_it_leads_to(tmp_path: Path) -> None:
    frames(tmp_path / "r", 1001)
    (tmp_path / "r/comp_v004.1002.exr").symlink_to("comp_v004.1001.exr")
    collected = collect_inputs(renders=(tmp_path / "r",))
    assert [file.path.name for file in collected.files] == ["comp_v004.1001.exr"] * 2
    assert rules(collected) == ["inputs.same_file"]


def test_the_named_input_may_be_a_link(tmp_path: Path) -> None:
    frames(tmp_path / "v002", 1001)
    (tmp_path / "latest").symlink_to("v002")
    touch(tmp_path / "movie_v002.mov")
    (tmp_path / "latest.mov").symlink_to("movie_v002.mov")
    collected = collect_inputs(renders=(tmp_path / "latest",), previews=(tmp_path / "latest.mov",))
    assert paths(collected) == ["previews/latest.mov", "renders/comp_v004.1001.exr"]


def test_a_link_to_a_folder_of_the_tree_is_skipped_and_listed(tmp_path: Path) -> None:
    frames(tmp_path / "r/v001", 1001)
    (tmp_path / "r/current").symlink_to("v001")
    collected = collect_inputs(renders=(tmp_path / "r",))
    assert paths(collected) == ["renders/v001/comp_v004.1001.exr"]
    assert rules(collected) == ["inputs.link_skipped"]


@pytest.mark.parametrize("target", ["{outside}/secret.exr", "{outside}", "nowhere.exr", "loop.exr", ".", ".."])
def test_a_link_that_leaves_the_tree_breaks_or_loops_is_refused(tmp_path: Path, target: str) -> None:
    touch(tmp_path / "outside/secret.exr")
    frames(tmp_path / "r/in", 1001)
    (tmp_path / "r/in/loop.exr").symlink_to(target.format(outside=tmp_path / "outside"))
    with pytest.raises(InputRefused) as caught:
        collect_inputs(renders=(tmp_path / "r",))
    assert "loop.exr" in str(caught.value)


def test_a_neighbour_with_the_same_start_is_outside(tmp_path: Path) -> None:
    touch(tmp_path / "r-secret/a.exr")
    frames(tmp_path / "r", 1001)
    (tmp_path / "r/b.exr").symlink_to(tmp_path / "r-secret/a.exr")
    with pytest.raises(InputRefused):
        collect_inputs(renders=(tmp_path / "r",))


def test_pipes_and_sockets_are_refused_without_being_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames(tmp_path / "r", 1001)
    os.mkfifo(tmp_path / "r/pipe.exr")
    monkeypatch.chdir(tmp_path / "r")  # a socket's path has at most 107 bytes
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.exr")
        with pytest.raises(InputRefused) as caught:
            collect_inputs(renders=(tmp_path / "r",))
    assert {Path(path).name for path in caught.value.report.context["paths"]} == {"pipe.exr", "socket.exr"}


@pytest.mark.parametrize("role", ["scene", "renders", "otio"])
def test_a_pipe_or_a_device_as_an_input_is_refused(tmp_path: Path, role: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(InputRefused):
            collect_inputs(**{role: (path,) if role == "renders" else path})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.exr", "a.%04d.exr", "folder/a.exr"])
def test_what_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputMissing) as caught:
        collect_inputs(renders=(tmp_path / name,))
    assert name.partition("/")[0] in str(caught.value)


def test_a_folder_without_a_file_is_missing_input(tmp_path: Path) -> None:
    touch(tmp_path / "r/.DS_Store")
    (tmp_path / "r/empty/er").mkdir(parents=True)
    with pytest.raises(InputMissing, match="no file to publish"):
        collect_inputs(renders=(tmp_path / "r",))


def test_a_scene_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="folder"):
        collect_inputs(scene=tmp_path)


def test_a_nul_in_a_path_is_refused() -> None:
    with pytest.raises(InputRefused):
        collect_inputs(renders=(Path("a\0b"),))


def test_frames_without_bytes_are_listed_together(tmp_path: Path) -> None:
    frames(tmp_path / "r", 1001)
    touch(tmp_path / "r/comp_v004.1002.exr", b"")
    touch(tmp_path / "r/comp_v004.1003.exr", b"")
    with pytest.raises(MediaEmpty) as caught:
        collect_inputs(renders=(tmp_path / "r",))
    assert [Path(path).name for path in caught.value.report.context["paths"]] == [
        "comp_v004.1002.exr",
        "comp_v004.1003.exr",
    ]


def test_an_empty_mark_beside_the_frames_is_fine(tmp_path: Path) -> None:
    touch(frames(tmp_path / "r", 1001) / "render.log", b"")
    assert "renders/render.log" in paths(collect_inputs(renders=(tmp_path / "r",)))


@pytest.mark.parametrize(
    "name",
    [
        "aux.exr",
        "NUL",
        "a .exr ",
        "a.exr.",
        "a:b.exr",
        "back\\slash.exr",
        "esc\x1b[2J.exr",
        "line\nbreak.exr",
        "q?.exr",
    ],
)
def test_a_name_that_another_system_cannot_hold_is_refused_and_shown_safely(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "r" / name)
    with pytest.raises(InputRefused) as caught:
        collect_inputs(renders=(tmp_path / "r",))
    assert str(caught.value).isprintable()


def test_a_name_that_is_no_text_is_refused_and_shown_escaped(tmp_path: Path) -> None:
    touch(Path(os.fsdecode(bytes(tmp_path) + b"/r/\xff.exr")))
    with pytest.raises(InputRefused) as caught:
        collect_inputs(renders=(tmp_path / "r",))
    assert "\\xff.exr" in str(caught.value)
    caught.value.report.model_dump_json()


@pytest.mark.parametrize(("one", "other"), [("A.exr", "a.exr"), ("Left/a.exr", "left/b.exr"), ("é.exr", "e\u0301.exr")])
def test_names_that_collide_elsewhere_are_refused(tmp_path: Path, one: str, other: str) -> None:
    touch(tmp_path / "r" / one)
    touch(tmp_path / "r" / other)
    with pytest.raises(InputRefused, match="for one file"):
        collect_inputs(renders=(tmp_path / "r",))


def test_two_previews_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="two inputs"):
        collect_inputs(previews=(touch(tmp_path / "a/m.mov"), touch(tmp_path / "b/m.mov")))


def test_one_frame_under_two_paddings_is_refused(tmp_path: Path) -> None:
    touch(frames(tmp_path / "r", 1, name="c") / "c.1.exr")
    with pytest.raises(PaddingsMixed):
        collect_inputs(renders=(tmp_path / "r",))


def test_movies_are_three_files_and_tiles_have_no_gaps(tmp_path: Path) -> None:
    for version in (1, 2, 4):
        touch(tmp_path / f"r/a_v{version:03d}.mov")
    for tile in (1001, 1002, 1011):
        touch(tmp_path / f"r/skin.{tile}.tex")
    collected = collect_inputs(renders=(tmp_path / "r",))
    assert sorted(item.name for item in collected.items) == [
        "a_v001.mov",
        "a_v002.mov",
        "a_v004.mov",
        "skin.<UDIM>.tex",
    ]
    assert collected.findings == ()


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    touch(tmp_path / "r/aux.exr")
    touch(tmp_path / "r/b?.exr")
    os.mkfifo(tmp_path / "r/pipe")
    with pytest.raises(InputRefused) as caught:
        collect_inputs(renders=(tmp_path / "r",))
    assert caught.value.report.context["count"] == 3
    assert "(and 2 more)" in str(caught.value)


def test_what_may_not_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        frames(root / "r", 1001, 1002)
        (root / "r/comp_v004.1002.exr").chmod(0)
        touch(root / "r/closed/a.exr").parent.chmod(0)
        told = run_as_nobody(
            "from pathlib import Path\nfrom onepiece_core.errors import InputUnreadable\n"
            f"try: onepiece_core.publish.collect.collect_inputs(renders=(Path({str(root / 'r')!r}),))\n"
            "except InputUnreadable as error: print(error.report.context['problems'])"
        )
    assert "comp_v004.1002.exr: permission denied" in told
    assert "closed: permission denied" in told
    assert InputUnreadable.code == "publish.input_unreadable"


def test_several_renders_and_caches_are_taken_together(tmp_path: Path) -> None:
    beauty, depth = frames(tmp_path / "b", 1001, 1002), touch(tmp_path / "d" / "depth.1001.exr")
    sim = touch(tmp_path / "c" / "sim.1001.bgeo.sc")
    collected = collect_inputs(renders=(beauty, depth), caches=(sim.with_name("sim.%04d.bgeo.sc"),))
    assert [item.role for item in collected.items] == ["render", "render", "cache"]
    assert "renders/depth.1001.exr" in paths(collected)
    assert "caches/sim.1001.bgeo.sc" in paths(collected)


def test_two_renders_of_one_name_are_refused(tmp_path: Path) -> None:
    one, other = touch(tmp_path / "left" / "a.exr"), touch(tmp_path / "right" / "a.exr")
    with pytest.raises(InputRefused, match="two inputs have this name"):
        collect_inputs(renders=(one, other))
