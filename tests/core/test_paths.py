"""Paths stay in their root, and are stored so that another machine can follow them."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from onepiece_core.errors import PathEscapes
from onepiece_core.paths import Roots, check_relative, contained

PARTS = st.text(
    alphabet=st.characters(exclude_characters="/\\:$%~\0", exclude_categories=["Cs"]), min_size=1, max_size=12
)


@pytest.mark.parametrize("relative", ["a", "a/b.exr", "a..b/c", "...", "a b/ü", ".hidden", "cost$", "100%"])
def test_a_plain_relative_path_is_contained(relative: str, tmp_path: Path) -> None:
    assert contained(tmp_path, relative) == tmp_path / relative


@pytest.mark.parametrize(
    "escape",
    [
        "..", "../x", "a/../../x", "a/..", "/etc/passwd", "//srv/share", "/", "C:\\x", "C:/x", "\\\\srv\\share\\x",
        "..\\x", "a\\..\\x", "file:///x", "s3://bucket/x", "http://x", "~/x", "~", "~root/x", "$HOME/x", "${HOME}/x",
        "a/$HOME", "$(id)", "%USERPROFILE%/x", "a\0b", "\0", "", ".", "./a", "a/.", "a//b", "a/", "a:stream", "c:x",
    ],
)  # fmt: skip
def test_every_way_out_is_refused(escape: str, tmp_path: Path) -> None:
    with pytest.raises(PathEscapes) as caught:
        contained(tmp_path, escape)
    assert caught.value.report.message.isprintable()


def test_a_link_out_of_the_root_is_no_way_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    (root / "up").symlink_to("..")
    (root / "broken").symlink_to(tmp_path / "nowhere")
    for relative in ("link", "link/x", "up/outside/x", "broken"):
        with pytest.raises(PathEscapes, match="link"):
            contained(root, relative)


def test_a_link_inside_the_root_and_a_root_that_is_a_link_are_fine(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / "frames").mkdir(parents=True)
    (real / "latest").symlink_to("frames")
    (tmp_path / "root").symlink_to(real)
    assert contained(tmp_path / "root", "latest/a.exr") == tmp_path / "root" / "latest" / "a.exr"


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(PathEscapes):
        contained(tmp_path, "a/x")


@given(st.text(max_size=30))
def test_whatever_is_accepted_stays_inside_on_posix_and_on_windows(text: str) -> None:
    try:
        check_relative(text)
    except PathEscapes:
        return
    assert os.path.normpath(Path("/root") / text).startswith("/root/")
    windows = PureWindowsPath("C:/root", text)
    assert windows.is_relative_to("C:/root")
    assert ".." not in windows.parts


@given(st.lists(PARTS, min_size=1, max_size=4))
def test_ordinary_names_are_accepted(parts: list[str]) -> None:
    assume(not {".", ".."} & set(parts))
    assert check_relative("/".join(parts)) == "/".join(parts)


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    return Roots({"projects": tmp_path / "p", "show": tmp_path / "p" / "fg", "cache": tmp_path / "c"}, "ws12")


def test_a_path_is_stored_below_its_longest_root(roots: Roots, tmp_path: Path) -> None:
    assert roots.persist(tmp_path / "p" / "x.exr") == "projects:x.exr"
    assert roots.persist(tmp_path / "p" / "fg" / "ep010" / "x.exr") == "show:ep010/x.exr"
    assert roots.persist(tmp_path / "p" / "fg") == "show:"
    assert roots.persist(tmp_path / "p" / "fgx") == "projects:fgx"
    assert roots.persist(tmp_path / "p" / "fg" / ".." / "x") == "projects:x"


def test_another_machine_finds_the_file_under_its_own_root(roots: Roots, tmp_path: Path) -> None:
    elsewhere = Roots({"show": tmp_path / "mnt" / "fg"}, "farm7")
    text = roots.persist(tmp_path / "p" / "fg" / "ep010" / "x.exr")
    assert elsewhere.resolve(text) == tmp_path / "mnt" / "fg" / "ep010" / "x.exr"


def test_a_path_under_no_root_is_found_on_its_own_machine_alone(roots: Roots) -> None:
    text = roots.persist(Path("/var/tmp/x.exr"))
    assert text == "@ws12:var/tmp/x.exr"
    assert roots.resolve(text) == Path("/var/tmp/x.exr")
    assert Roots({}, "farm7").resolve(text) is None


def test_a_root_that_is_unknown_here_is_not_guessed(roots: Roots) -> None:
    assert roots.resolve("other:x") is None


def test_a_path_through_the_mount_behind_a_root_is_stored_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    (tmp_path / "projects").symlink_to(tmp_path / "mount")
    roots = Roots({"projects": tmp_path / "projects"}, "ws12")
    assert roots.persist(tmp_path / "mount" / "x") == roots.persist(tmp_path / "projects" / "x") == "projects:x"


@pytest.mark.parametrize(
    "text", ["", "x", ":x", "show:../x", "show:/etc/passwd", "show:a/../../x", "@ws12:../x", "show:a\0"]
)
def test_a_stored_path_that_leaves_its_root_is_refused(roots: Roots, text: str) -> None:
    with pytest.raises(PathEscapes):
        roots.resolve(text)


def test_two_dots_behind_a_link_lead_where_the_system_says(tmp_path: Path) -> None:
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "link").symlink_to(tmp_path / "disk" / "deep")
    roots = Roots({"projects": tmp_path / "projects", "disk": tmp_path / "disk"}, "ws12")
    assert roots.persist(tmp_path / "projects" / "link" / ".." / "x") == "disk:x"


def test_a_relative_path_cannot_be_stored(roots: Roots) -> None:
    with pytest.raises(PathEscapes):
        roots.persist(Path("x"))


@pytest.mark.parametrize(("name", "folder"), [("p", "/x"), ("", "/x"), ("a:b", "/x"), ("@ws", "/x"), ("projects", "x")])
def test_a_root_needs_a_plain_name_and_an_absolute_folder(name: str, folder: str) -> None:
    with pytest.raises(PathEscapes):
        Roots({name: Path(folder)}, "ws12")


@given(st.lists(PARTS, max_size=4))
def test_what_is_stored_is_found_again(parts: list[str]) -> None:
    roots = Roots({"projects": Path("/projects")}, "ws12")
    for start in ("/projects", "/elsewhere"):
        path = Path(os.path.normpath(Path(start, *parts)))
        assert roots.resolve(roots.persist(path)) == path
