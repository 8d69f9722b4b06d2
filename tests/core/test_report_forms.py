"""Reports as CSV and as an HTML page."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core import html_page
from onepiece_core.csv_text import csv_text


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), strict=True))


@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "+1", "-0010", "@x", "\tx", "\r=1"])
def test_a_spreadsheet_carries_nothing_out(formula: str) -> None:
    (_, (cell, number)) = read(csv_text(["text", "number"], [[formula, -3]]))
    assert cell.startswith("'")
    assert number == "-3"


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_each_row_is_one_line(rows: list[tuple[str, str]]) -> None:
    told = csv_text(["one", "other"], rows)
    assert len(told.splitlines()) == len(rows) + 1
    assert all(len(row) == 2 for row in read(told))


@given(st.text())
def test_no_text_gets_out_of_its_place_in_a_page(hostile: str) -> None:
    page = html_page.page(
        hostile,
        hostile,
        [html_page.table([hostile], [[hostile]]), html_page.counts({hostile: (hostile, "bad")})],
        footer="",
    )
    plain = html_page.page(
        "x", "x", [html_page.table(["x"], [["x"]]), html_page.counts({"x": ("x", "bad")})], footer=""
    )
    assert page.count("<") == plain.count("<")
    assert page.count('"') == plain.count('"')


def test_a_page_loads_nothing_from_elsewhere() -> None:
    page = html_page.page("t", "l", [html_page.pictures([html_page.picture(b"\xff\xd8", "frame")])], footer="f")
    assert "http" not in page
    assert 'src="data:image/jpeg;base64,/9g="' in page
