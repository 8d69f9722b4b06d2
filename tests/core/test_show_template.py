"""Templates and tables of shows, as they are read: what they stand for, and what is wrong with them."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.editorial.cut import Cut, CutClip
from onepiece_core.errors import InputMissing, ManifestError, OnePieceError, UsageError
from onepiece_core.manifest.row_files import Row
from onepiece_core.show.codes import default_code
from onepiece_core.show.fill import fill, literal
from onepiece_core.show.setup_csv import show_of_rows
from onepiece_core.show.setup_cut import Numbering, show_of_cut
from onepiece_core.show.template import ShowTemplate, find_cycle
from onepiece_core.show.template_file import Shelf, read_template, template_text, write_template
from onepiece_core.show.tree import Show, grow

HEAD: dict[str, Any] = {"schema": "onepiece.show-template.1", "name": "t"}
SHOT: dict[str, Any] = {"type": "Shot", "code": "s"}


def read(tmp_path: Path, value: Any, name: str = "t.json") -> ShowTemplate:
    path = tmp_path / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return read_template(path)


def paths(show: Show) -> list[tuple[str, str]]:
    return [(node.type, node.path) for node in show.nodes]


def test_each_makes_every_combination_and_keeps_the_digits(tmp_path: Path) -> None:
    row = {**SHOT, "code": "{reel}_{shot}", "each": {"reel": ["a", 2], "shot": "0090-0110x10"}}
    show = grow(read(tmp_path, {**HEAD, "entities": [row]}), "P", {})
    assert [node.code for node in show.nodes] == ["a_0090", "a_0100", "a_0110", "2_0090", "2_0100", "2_0110"]


def test_parts_may_be_used_in_several_places(tmp_path: Path) -> None:
    part = {"type": "Sequence", "code": "{parent}_sc01", "children": [{"include": "shot"}]}
    entities = [{"type": "Episode", "code": code, "children": [{"include": "sequence"}]} for code in ("ep1", "ep2")]
    parts = {"sequence": part, "shot": {**SHOT, "code": "{parent}_0010", "tasks": ["set"]}}
    value = {**HEAD, "parts": parts, "entities": entities, "tasks": {"set": [{"name": "comp", "step": "Comp"}]}}
    show = grow(read(tmp_path, value), "P", {})
    assert Counter(kind for kind, _ in paths(show)) == {"Episode": 2, "Sequence": 2, "Shot": 2, "Task": 2}
    assert paths(show)[3] == ("Task", "ep1/ep1_sc01/ep1_sc01_0010/comp")


def test_what_a_type_has_its_rows_have_unless_they_say_otherwise(tmp_path: Path) -> None:
    types = {"Shot": {"fields": {"sg_status_list": "rdy", "description": "of {code}"}}}
    rows = [SHOT, {**SHOT, "code": "u", "fields": {"sg_status_list": "hld"}}]
    show = grow(read(tmp_path, {**HEAD, "types": types, "entities": rows}), "P", {})
    assert [dict(node.values) for node in show.nodes] == [
        {"sg_status_list": "rdy", "description": "of s"},
        {"sg_status_list": "hld", "description": "of u"},
    ]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({**HEAD, "entites": []}, "entites"),
        ({"name": "t"}, "schema"),
        ({**HEAD, "schema": "onepiece.show-template.2"}, "schema"),
        ({**HEAD, "entities": [{"type": "Shot"}]}, "code"),
        ({**HEAD, "entities": [{"type": "shot", "code": "a"}]}, "entity type"),
        ({**HEAD, "entities": [{**SHOT, "tasks": ["none"]}]}, "task set 'none'"),
        ({**HEAD, "entities": [{"include": "none"}]}, "part 'none'"),
        ({**HEAD, "entities": [{**SHOT, "include": "none"}]}, "beside include"),
        ({**HEAD, "entities": [{**SHOT, "each": {"n": "9-1"}}]}, "range"),
        ({**HEAD, "entities": [{**SHOT, "each": {"n": "1-999999999"}}]}, "range"),
        ({**HEAD, "entities": [{**SHOT, "each": {"n": []}}]}, "each"),
        ({**HEAD, "entities": [{**SHOT, "each": {"a-b": ["1"]}}]}, "name"),
        ({**HEAD, "variables": {"project": "x"}}, "given already"),
        ({**HEAD, "tasks": {"a": [{"name": "comp"}, {"name": "Comp"}]}}, "twice"),
        ({**HEAD, "parts": {"a": {"include": "a"}}}, "circle: a > a"),
        (
            {**HEAD, "parts": {n: {**SHOT, "children": [{"include": m}]} for n, m in (("a", "b"), ("b", "a"))}},
            "circle",
        ),
        ("[]", "dictionary"),
        ("{", "cannot be read"),
        ('{"schema": 1, "schema": 2}', "twice"),
    ],
)
def test_a_template_that_makes_no_sense_says_why(tmp_path: Path, value: Any, word: str) -> None:
    with pytest.raises(ManifestError, match=word):
        read(tmp_path, value)


@pytest.mark.parametrize("name", ["t.json", "t.yaml"])
def test_what_is_nested_without_an_end_is_refused(tmp_path: Path, name: str) -> None:
    opening = '{"type": "Shot", "code": "a", "children": ['
    deep = json.dumps(HEAD)[:-1] + ', "entities": [' + opening * 5000 + "]}" * 5000 + "]}"
    with pytest.raises(ManifestError):
        read(tmp_path, deep, name)


def test_a_few_lines_that_stand_for_millions_of_rows_are_refused(tmp_path: Path) -> None:
    value = {**HEAD, "entities": [{**SHOT, "code": "{a}_{b}", "each": {"a": "1-9999", "b": "1-9999"}}]}
    with pytest.raises(ManifestError, match="500000 rows"):
        grow(read(tmp_path, value), "P", {})


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    row = {**SHOT, "fields": {"sg_cut_in": 1001, "description": "yes: 'no' {{x}}\n# 2024-01-01"}, "each": {"n": ["1"]}}
    template = read(tmp_path, {**HEAD, "entities": [row], "tasks": {"a": [{"name": "comp"}]}})
    for name in ("a.yaml", "a.json"):
        write_template(template, tmp_path / name)
    one, other = (grow(read_template(tmp_path / name), "P", {}) for name in ("a.yaml", "a.json"))
    assert [{name: str(value) for name, value in node.values.items()} for node in one.nodes] == [
        {name: str(value) for name, value in node.values.items()} for node in other.nodes
    ]
    assert read(tmp_path, template_text(template, as_json=False), "b.yaml").name == "t"


def test_named_templates_lie_in_one_folder(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "templates")
    assert shelf.place("a") == tmp_path / "templates" / "a.yaml"
    assert shelf.place("some/a.json") == Path("some/a.json")
    with pytest.raises(InputMissing, match="no template 'a'"):
        shelf.read("a")
    (tmp_path / "templates").mkdir()
    read(tmp_path / "templates", HEAD, "a.json")
    assert shelf.read("a").name == "t"
    for name in ("", "a b", ".hidden", "é"):
        with pytest.raises(UsageError):
            shelf.place(name)


@given(st.text(), st.dictionaries(st.sampled_from(["a", "b_1", "show"]), st.text(min_size=1), max_size=3))
def test_any_text_can_be_a_texts_template(text: str, variables: dict[str, str]) -> None:
    assert fill(literal(text), {}, "x") == text
    assert fill(literal(text, variables), variables, "x") == text


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3)))
def test_a_circle_is_found_where_there_is_one(edges: dict[str, list[str]]) -> None:
    reached = {name: set(edges.get(name, ())) for name in "abcdef"}
    for _ in range(6):
        for name, near in reached.items():
            reached[name] = near | {far for each in near for far in reached[each]}
    cycle = find_cycle(edges)
    assert bool(cycle) == any(name in reached[name] for name in edges)
    for one, other in pairwise(cycle):
        assert other in edges[one]


@pytest.mark.parametrize(
    ("kind", "value", "parent", "code"),
    [
        ("Episode", "101", None, "ep101"),
        ("Episode", "ep101", None, "ep101"),
        ("Sequence", "01", "ep101", "ep101_sc01"),
        ("Sequence", "sc01", "ep101", "ep101_sc01"),
        ("Sequence", "ep101_sc01", "ep101", "ep101_sc01"),
        ("Sequence", "EP101_SC01", "ep101", "EP101_SC01"),
        ("Sequence", "01", None, "sc01"),
        ("Shot", "0010", "ep101_sc01", "ep101_sc01_0010"),
        ("Shot", "0010", None, "0010"),
        ("Shot", "ep101_sc01_0010", "ep101_sc01", "ep101_sc01_0010"),
        ("Asset", "01", "giant", "01"),
    ],
)
def test_codes_are_the_same_everywhere(kind: str, value: str, parent: str | None, code: str) -> None:
    assert default_code(kind, value, parent) == code


def test_a_template_may_have_codes_of_its_own(tmp_path: Path) -> None:
    types = {"Shot": {"code": "{show}_{sequence}_{shot}"}, "Sequence": {"code": "{sequence}"}}
    template = read(tmp_path, {**HEAD, "variables": {"show": "FG"}, "types": types})
    rows = [Row(2, {"sequence": "sc01", "shot": "0010"})]
    assert [node.code for node in show_of_rows(rows, template, "P", {}).nodes] == ["sc01", "FG_sc01_0010"]


@given(
    st.lists(st.dictionaries(st.sampled_from(["episode", "sequence", "shot", "code", "x"]), st.text() | st.integers()))
)
def test_any_table_is_read_or_refused_row_by_row(cells: list[dict[str, Any]]) -> None:
    rows = [Row(number, values) for number, values in enumerate(cells, 2)]
    try:
        show = show_of_rows(rows, None, "P", {})
    except OnePieceError:
        return
    shots = {node.where for node in show.nodes if node.type == "Shot"}
    assert shots.isdisjoint(show.refused)
    assert len(shots) + len(show.refused) == len(rows)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "entity_type": st.sampled_from(["Asset", "shot", "Sequence", ""]),
                "name": st.sampled_from("abcd"),
                "parent_type": st.sampled_from(["Asset", "Sequence", ""]),
                "parent_name": st.sampled_from(["a", "b", "c", ""]),
            }
        ),
        min_size=1,
    )
)
def test_a_hierarchy_is_made_parents_first_or_refused(cells: list[dict[str, Any]]) -> None:
    rows = [Row(number, values) for number, values in enumerate(cells, 2)]
    show = show_of_rows(rows, None, "P", {})
    seen: set[int] = set()
    for node in show.nodes:
        assert node.parent is None or id(node.parent) in seen
        seen.add(id(node))
    assert {node.where for node in show.nodes}.isdisjoint(show.refused)
    assert len(show.nodes) + len(show.refused) == len(rows)


def clip(name: str, first: int, last: int, held: tuple[int, int] | None = None, **more: Any) -> CutClip:
    media = held or (None, None)
    return CutClip(name, first, last, Fraction(24), *media, **more)


def test_several_uses_of_a_shot_are_one_shot() -> None:
    clips = (clip("sc01_0010_v001.mov", 20, 29, (1, 60)), clip("0020", 5, 9), clip("SC01_0010_v002", 40, 49, (1, 60)))
    show = show_of_cut(Cut("c", clips), Numbering(first_frame=1001), None, "P", {})
    assert paths(show) == [("Sequence", "sc01"), ("Shot", "sc01/sc01_0010"), ("Shot", "0020")]
    assert dict(show.nodes[1].values) == {
        "sg_cut_in": 1020, "sg_cut_out": 1049, "sg_cut_duration": 30,
        "sg_head_in": 1001, "sg_tail_out": 1060, "sg_cut_order": 1,
    }  # fmt: skip
    assert "sg_head_in" not in show.nodes[2].values


def test_handles_that_the_media_do_not_hold_are_told() -> None:
    cut = Cut("c", (clip("0010", 20, 29, (16, 60)), clip("0020", 20, 29, (1, 60)), clip("", 1, 2)))
    show = show_of_cut(cut, Numbering(handles=8), None, "P", {})
    assert [warning.partition(":")[0] for warning in show.warnings] == ["0010"]
    assert (show.nodes[0].values["sg_head_in"], show.nodes[0].values["sg_tail_out"]) == (12, 37)
    assert show.refused == {"clip 3": "it has no name"}


def test_a_retimed_shot_has_the_frames_that_it_uses() -> None:
    cut = Cut("c", (clip("0010", 100, 109, speed=Fraction(2)), clip("0020", 100, 109, speed=Fraction(-1))))
    ranges = [
        (node.values["sg_cut_in"], node.values["sg_cut_out"])
        for node in show_of_cut(cut, Numbering(), None, "P", {}).nodes
    ]
    assert ranges == [(100, 118), (91, 100)]
