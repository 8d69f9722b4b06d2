"""Names that every system can hold, and the versions in them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.errors import NameInvalid
from onepiece_core.naming import (
    MAX_NAME_BYTES,
    check_scene_name,
    check_show_code,
    escaped,
    find_collisions,
    parse_version,
    portable_name,
    portable_reason,
    split_version,
    with_version,
)

SCENE_NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}", fullmatch=True)


def accepted(name: str) -> bool:
    try:
        check_scene_name(name)
    except NameInvalid:
        return False
    return True


@pytest.mark.parametrize("name", ["FG_ep010_sc02_0010_comp_v004", "seq010_sh010_lighting_v002", "a", "0010", "x.y-z"])
def test_a_scene_name_is_any_portable_identifier(name: str) -> None:
    assert check_scene_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "a/b", "/etc/passwd", "../x", "a\\b", "C:\\x", "C:x", "~", "$HOME", "-rf", ".hidden", "_x",
        "x.", "x ", " x", "a b", "a\nb", "a\0b", "a\x1b[31m", "é", "a:b", "CON", "nul.exr", "com1", "Lpt9.v001",
        "x_v001_v002", "x_v000", "a" * (MAX_NAME_BYTES + 1),
    ],
)  # fmt: skip
def test_anything_else_is_no_scene_name(name: str) -> None:
    with pytest.raises(NameInvalid) as caught:
        check_scene_name(name)
    assert caught.value.report.hint
    assert caught.value.report.message.isprintable()


@given(SCENE_NAMES.filter(accepted))
def test_an_accepted_scene_name_is_one_part_of_a_path_everywhere(name: str) -> None:
    assert portable_reason(name) is None
    assert "/" not in name


@pytest.mark.parametrize(
    ("name", "base", "version", "padding"),
    [
        ("x_v002", "x", 2, 3),
        ("x_v0010", "x", 10, 4),
        ("x.v2", "x", 2, 1),
        ("x_V002", "x", 2, 3),
        ("x_v002_left", "x_left", 2, 3),
        ("FG_ep010_sc02_0010_comp_v004.1001.exr", "FG_ep010_sc02_0010_comp.1001.exr", 4, 3),
        ("x", "x", None, 3),
        ("v002", "v002", None, 3),
        ("xv002", "xv002", None, 3),
        ("x_v20240214", "x_v20240214", None, 3),
        ("x_v002b", "x_v002b", None, 3),
        ("x_v", "x_v", None, 3),
    ],
)
def test_a_version_is_split_off(name: str, base: str, version: int | None, padding: int) -> None:
    assert split_version(name) == (base, version, padding)


def test_two_versions_are_refused_and_both_named() -> None:
    with pytest.raises(NameInvalid, match="v001, v002"):
        split_version("x_v001_comp_v002")


@pytest.mark.parametrize(
    ("name", "version", "result"),
    [
        ("x", 3, "x_v003"),
        ("x_v002", 3, "x_v003"),
        ("x_v02_left", 3, "x_v03_left"),
        ("x_v0002", 12, "x_v0012"),
        ("x_v9", 10, "x_v10"),
        ("x.V001", 2, "x.V002"),
    ],
)
def test_a_version_is_replaced_in_its_own_spelling_or_added(name: str, version: int, result: str) -> None:
    assert with_version(name, version) == result


@given(SCENE_NAMES.filter(accepted), st.integers(1, 9999))
def test_a_name_with_a_version_is_split_into_it_again(name: str, version: int) -> None:
    assert split_version(with_version(name, version)).version == version
    assert split_version(with_version(name, version)).base == split_version(name).base


@pytest.mark.parametrize("version", [0, -1, 10_000])
def test_versions_run_from_1_to_9999(version: int) -> None:
    with pytest.raises(NameInvalid):
        with_version("x", version)


@pytest.mark.parametrize("text", ["4", "004", "v004", 4, "0004"])
def test_a_version_is_read_however_it_is_padded(text: str | int) -> None:
    assert parse_version(text) == 4


@pytest.mark.parametrize("text", ["", "0", "v000", "4.0", " 4", "4_0", "-1", "12345", "V4", True, "\u0664", "4\n", 0])
def test_what_only_looks_like_a_number_is_no_version(text: str | int) -> None:
    with pytest.raises(NameInvalid):
        parse_version(text)


@pytest.mark.parametrize("code", ["FG", "SHOW", "show_2", "A-1"])
def test_a_show_code_is_short_and_plain(code: str) -> None:
    assert check_show_code(code) == code


@pytest.mark.parametrize("code", ["", "F G", "FG/x", "..", "CON", "2FG", "F" * 33, "FG\n", "é"])
def test_anything_else_is_no_show_code(code: str) -> None:
    with pytest.raises(NameInvalid):
        check_show_code(code)


@pytest.mark.parametrize(
    "name",
    [
        "a.exr",
        "été.mov",
        "e\u0301.mov",
        "日本.exr",
        "a b (1).mov",
        "100%.exr",
        "$F.exr",
        ".hidden",
        "console.log",
        "a" * 255,
    ],
)
def test_a_portable_name_is_kept(name: str) -> None:
    assert portable_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "a/b", "a\\b", "a:b", "a*", "a?", 'a"', "a<", "a>", "a|", "a.", "a ", "con", "NUL.exr", "aux",
        "prn.tar.gz", "com9", "COM¹", "CONIN$", "con .txt", "a\tb", "a\nb", "a\x7f", "a\x1b[2J", "a\u202eexr.mov",
        "a\u2028b", "bad\udcff.exr", "a" * 256, "é" * 128, "a\0",
    ],
)  # fmt: skip
def test_a_name_that_some_system_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(NameInvalid) as caught:
        portable_name(name)
    message = caught.value.report.model_dump_json()
    assert "\x1b" not in message
    assert "\udcff" not in caught.value.report.message


@given(st.text())
def test_an_escaped_text_cannot_move_the_cursor_or_forge_a_line(text: str) -> None:
    assert escaped(text).isprintable()
    assert escaped(text).encode().decode() == escaped(text)


def test_printable_text_is_shown_as_it_is() -> None:
    assert escaped("FG_ep010 été.exr") == "FG_ep010 été.exr"
    assert escaped("bad\udcff\n") == "bad\\udcff\\n"


@pytest.mark.parametrize(
    ("paths", "collisions"),
    [
        (["A.exr", "a.exr"], [("A.exr", "a.exr")]),
        (["x/a.exr", "X/b.exr"], [("X", "x")]),
        (["é.exr", "e\u0301.exr"], [("e\u0301.exr", "é.exr")]),
        (["a/b.exr", "A"], [("A", "a")]),
        (["\u0391\u0345\u0301", "\u0391\u0301\u0345"], [("\u0391\u0301\u0345", "\u0391\u0345\u0301")]),
        (["straße.mov", "STRASSE.mov"], [("STRASSE.mov", "straße.mov")]),
        (["a.exr", "b.exr", "x/a.exr", "x/y/a.exr"], []),
    ],
)
def test_names_that_other_systems_take_for_one_are_found(paths: list[str], collisions: list[tuple[str, str]]) -> None:
    assert find_collisions(paths) == tuple(collisions)
    assert find_collisions(reversed(paths)) == tuple(collisions)


@given(st.lists(st.text(alphabet="abcé", min_size=1, max_size=5), unique=True))
def test_lower_case_names_of_one_form_never_collide(names: list[str]) -> None:
    assert find_collisions(unicodedata.normalize("NFC", name) for name in names) == ()
