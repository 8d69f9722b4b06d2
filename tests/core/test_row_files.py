"""Rows from files, whatever is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.errors import InputMissing, ManifestError, OnePieceError, UsageError
from onepiece_core.manifest.row_files import read_rows
from onepiece_core.manifest.strict_yaml import strict_yaml

ROWS = [{"code": "ep010", "description": "one"}, {"code": "ep011", "description": "two, too"}]
FORMS = {
    "a.csv": 'code,description\nep010,one\nep011,"two, too"\n',
    "b.tsv": "code\tdescription\nep010\tone\nep011\ttwo, too\n",
    "c.csv": "\ufeffcode;description\nep010;one\nep011;two, too\n",
    "d.json": json.dumps(ROWS),
    "e.json": json.dumps({"rows": ROWS}),
    "f.jsonl": "\n".join(map(json.dumps, ROWS)) + "\n\n",
    "g.yaml": "- code: ep010\n  description: one\n- {code: ep011, description: 'two, too'}\n",
}


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("name", FORMS)
def test_every_form_holds_the_same_rows(tmp_path: Path, name: str) -> None:
    assert [row.values for row in read_rows(write(tmp_path, name, FORMS[name]))] == ROWS


def test_the_line_is_the_one_an_editor_shows(tmp_path: Path) -> None:
    rows = read_rows(write(tmp_path, "a.csv", 'code,description\n\nep010,"one\ntwo"\nep011,x\n'))
    assert [row.line for row in rows] == [3, 5]


def test_numbers_of_yaml_stay_as_they_are_written(tmp_path: Path) -> None:
    (row,) = read_rows(write(tmp_path, "a.yml", "- {code: 0010, when: 2024-01-02, is: no}\n"))
    assert row.values == {"code": "0010", "when": "2024-01-02", "is": "no"}


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.csv", "code,name\nep010\nep011,x\n", 2),
        ("a.csv", "code,name\nep010,x,y\nep011,x\n", 2),
        ("a.jsonl", '{"code": \n{"code": "ep011"}\n', 1),
        ("a.json", '[3, {"code": "ep011"}]', 1),
    ],
)
def test_a_damaged_row_is_one_bad_row(tmp_path: Path, name: str, text: str, line: int) -> None:
    rows = read_rows(write(tmp_path, name, text))
    assert [row.line for row in rows if row.error] == [line]
    assert rows[-1].values["code"] == "ep011"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", ""),
        ("a.csv", "code,name\n"),
        ("a.csv", "code,code\nx,y\n"),
        ("a.csv", 'code,name\nx,"y\n'),
        ("a.csv", "code,näme\nx,y\n".encode("cp1252")),
        ("a.json", "{}"),
        ("a.json", '[{"code": 1, "code": 2}]'),
        ("a.json", "[{'code': 1}]"),
        ("a.yaml", "- {code: a, code: b}"),
        ("a.yaml", "- &a {code: b}\n- *a"),
        ("a.yaml", "code: ep010"),
        ("a.yaml", "- [\n"),
        ("a.yaml", "- {[a]: b}"),
    ],
)
def test_a_damaged_file_is_an_error(tmp_path: Path, name: str, text: str | bytes) -> None:
    with pytest.raises(ManifestError):
        read_rows(write(tmp_path, name, text))


def test_a_file_that_is_not_there_or_of_no_form_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        read_rows(tmp_path / "a.csv")
    with pytest.raises(UsageError):
        read_rows(write(tmp_path, "a.xlsx", "x"))


@given(st.sampled_from(sorted(FORMS)), st.binary(max_size=8), st.integers(0, 60))
def test_no_damage_is_a_crash(tmp_path_factory: pytest.TempPathFactory, name: str, damage: bytes, place: int) -> None:
    data = FORMS[name].encode()
    path = write(tmp_path_factory.getbasetemp(), name, data[:place] + damage + data[place + len(damage) // 2 :])
    try:
        read_rows(path)
    except OnePieceError:
        pass


texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(st.recursive(texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)))
def test_yaml_gives_text_lists_and_mappings(value: Any) -> None:
    import yaml

    assert strict_yaml(yaml.safe_dump(value, default_style='"')) == value


def test_a_yaml_bomb_is_refused() -> None:
    bomb = "a: &a [x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]\n" for n in range(20)
    )
    with pytest.raises(ValueError, match="anchors"):
        strict_yaml(bomb)
