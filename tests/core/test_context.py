"""Names by the convention of a show, written and read back."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.context import Context, Convention
from onepiece_core.errors import NameInvalid, PathEscapes
from onepiece_core.name_template import NameTemplate

SHOT = Context(show="FG", episode="ep010", sequence="sc02", shot="0010", asset="comp", version=4)


def test_a_file_of_the_default_convention_is_taken_apart() -> None:
    named = Convention().parse_file("FG_ep010_sc02_0010_comp_v004.mov")
    assert named is not None
    assert (named.name, named.frame, named.extension) == ("FG_ep010_sc02_0010_comp_v004", None, "mov")
    assert named.context == SHOT


@pytest.mark.parametrize(
    ("name", "frame", "tokens", "tail"),
    [
        ("FG_ep010_sc02_0010_comp_v004.1001.exr", 1001, None, None),
        ("FG_ep010_sc02_0010_comp_v004_1001.exr", 1001, None, None),
        ("FG_ep010_sc02_0010_comp_v004.-0010.exr", -10, None, None),
        ("FG_ep010_sc02_0010_comp_L_acescg_v004_matte.1001.bgeo.sc", 1001, "L_acescg", "matte"),
        ("FG_ep010_sc02_0010_comp_2048x1080_v004.1001.exr", 1001, "2048x1080", None),
    ],
)
def test_frames_tokens_and_tails_are_told_apart(name: str, frame: int, tokens: str | None, tail: str | None) -> None:
    named = Convention().parse_file(name)
    assert named is not None
    assert (named.frame, named.values.get("tokens"), named.values.get("tail")) == (frame, tokens, tail)
    assert named.context == SHOT


@pytest.mark.parametrize(
    "name",
    [
        "seq010_sh010_lighting_v002.ma",
        "FG_ep010_sc02_0010_comp.mov",
        "FG_ep010_sc02_0010_comp_v004_v005.mov",
        "FG_ep010_sc02_0010_v003_comp_v004.mov",
        "fg_ep010_sc02_0010_comp_v004.mov",
        "FG_ep010_sc02_\u0660\u0660\u0661\u0660_comp_v004.mov",
        "FG_ep010_sc02_0010_comp_v004\n.mov",
        "",
    ],
)
def test_a_name_outside_the_convention_is_none(name: str) -> None:
    assert Convention().parse_file(name) is None


def test_a_word_that_only_starts_like_a_version_is_a_word() -> None:
    context = Convention().parse_scene("FG_ep010_sc02_0010_v8engine_v2x_v004")
    assert context is not None
    assert (context.asset, context.version) == ("v8engine", 4)


def test_a_scene_name_is_written() -> None:
    assert Convention().scene_name(SHOT) == "FG_ep010_sc02_0010_comp_v004"
    assert Convention().scene_name(SHOT, tokens="left") == "FG_ep010_sc02_0010_comp_left_v004"


def test_what_is_not_known_is_named() -> None:
    with pytest.raises(NameInvalid, match=r"episode.*version") as caught:
        Convention().scene_name(Context(show="FG", sequence="sc02", shot="0010", asset="comp"))
    assert caught.value.report.context["missing"] == ["episode", "version"]


def test_a_value_that_could_not_be_read_back_is_refused() -> None:
    with pytest.raises(NameInvalid):
        Convention().scene_name(Context(**{**SHOT.values(), "asset": "comp_v003"}))  # type: ignore[arg-type]


def test_the_shot_of_a_scene_name_is_told_with_what_makes_it_unique() -> None:
    context = Convention().parse_scene("FG_ep010_sc02_0010_comp_v004")
    assert context is not None
    assert context.shot_path == "ep010/sc02/0010"
    assert Convention().parse_scene("seq010_sh010_lighting_v002") is None


def test_a_show_may_have_its_own_convention() -> None:
    netflix = Convention(
        scene="{show}_{episode}_{sequence}_{shot}_{task}_{vendor}_v{version}",
        patterns={"episode": r"\d{3}", "sequence": r"\d{3}", "shot": r"\d{3}", "vendor": r"[A-Z]{3}"},
    )
    context = netflix.parse_scene("AGM_104_065_010_comp_NFX_v001")
    assert context == Context(show="AGM", episode="104", sequence="065", shot="010", task="comp", version=1)
    assert netflix.scene_name(context, vendor="NFX") == "AGM_104_065_010_comp_NFX_v001"


def test_folders_come_from_the_shows_template() -> None:
    convention = Convention()
    context = Context(show="FG", episode="ep010", sequence="sc02", shot="0010", step="comp")
    assert convention.folder(convention.work, context) == "FG/ep010/sc02/0010/comp/work"
    assert convention.folder(convention.publish, context) == "FG/ep010/sc02/0010/comp/publish"


def test_a_template_cannot_lead_out_of_its_root() -> None:
    convention = Convention(work="../{show}")
    with pytest.raises(PathEscapes):
        convention.folder(convention.work, SHOT)


@pytest.mark.parametrize("path_type", [PurePosixPath, PureWindowsPath])
def test_a_path_tells_its_context_by_name_and_by_folders(path_type: type[PurePosixPath]) -> None:
    path = path_type("/projects/FG/ep010/sc02/0010/light/work/FG_ep010_sc02_0010_comp_v004.nk")
    assert Convention().parse_path(path) == Context(**{**SHOT.values(), "step": "light"})  # type: ignore[arg-type]
    nameless = path_type("/projects/FG/ep010/sc02/0010/light/work/untitled.nk")
    assert Convention().parse_path(nameless, [path_type("/projects")]) == Context(
        show="FG", episode="ep010", sequence="sc02", shot="0010", step="light"
    )


def test_a_path_that_follows_nothing_has_an_empty_context() -> None:
    assert Convention().parse_path(PurePosixPath("/tmp/x.ma")) == Context()


@pytest.mark.parametrize(
    "text", ["", "{unknown}", "{show", "show}", "[{show}", "{show}]", "[[{show}]]", "{}", "{show}{"]
)
def test_a_template_that_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(NameInvalid):
        NameTemplate(text)


@pytest.mark.parametrize("pattern", ["(", "a)|(b", "[", "(?P<show>x)", "*"])
def test_a_field_that_is_no_expression_is_refused(pattern: str) -> None:
    with pytest.raises(NameInvalid):
        NameTemplate("{show}_{shot}", {"show": r"[A-Z]+", "shot": pattern})


def test_a_field_may_hold_a_choice() -> None:
    assert NameTemplate("{show}_x", {"show": "A|B"}).parse("B_x") == {"show": "B"}


def test_a_field_that_comes_twice_must_be_the_same_twice() -> None:
    template = NameTemplate("{show}/{shot}/{show}_{shot}")
    assert template.parse("FG/0010/FG_0010") == {"show": "FG", "shot": "0010"}
    assert template.parse("FG/0010/FG_0020") is None


def test_an_optional_part_is_written_only_when_all_of_it_is_known() -> None:
    template = NameTemplate("{show}[_{step}-{task}]")
    assert template.format({"show": "FG", "step": "comp"}) == "FG"
    assert template.format({"show": "FG", "step": "comp", "task": "paint"}) == "FG_comp-paint"


CONTEXTS = st.builds(
    Context,
    show=st.from_regex(r"[A-Z][A-Z0-9]{1,7}", fullmatch=True),
    episode=st.from_regex(r"ep[0-9]{3}", fullmatch=True),
    sequence=st.from_regex(r"sc[0-9]{2,3}", fullmatch=True),
    shot=st.from_regex(r"[0-9]{4}[A-Z]?", fullmatch=True),
    asset=st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True).filter(
        lambda text: not re.fullmatch(r"[vV]\d+", text)
    ),
    version=st.integers(1, 9999),
)


@given(CONTEXTS, st.none() | st.integers(-9999, 999_999))
def test_what_is_written_is_read_back(context: Context, frame: int | None) -> None:
    name = Convention().scene_name(context)
    number = "" if frame is None else f".{frame:05d}"
    named = Convention().parse_file(f"{name}{number}.exr")
    assert named is not None
    assert (named.context, named.frame, named.name) == (context, frame, name)


@given(st.text(alphabet="_v0A-1.", max_size=200))
def test_no_name_takes_long_to_read(text: str) -> None:
    Convention().parse_file(f"FG_ep010_sc02_0010_comp{text}")
