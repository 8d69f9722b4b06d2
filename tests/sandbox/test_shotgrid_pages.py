"""export_page: the rows of a page as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import requests
from shotgun_api3 import Fault

from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

Link = dict[str, Any]


@pytest.fixture
def page(sg: Any, project: Link) -> Link:
    sequence = sg.create("Sequence", {"project": project, "code": "sq, 01"})
    rows = [("b <1>", "ip", sequence), ('a "2"', "wtg", None), ("c\n3", "fin", sequence)]
    for code, status, link in rows:
        data = {"project": project, "code": code, "sg_status_list": status, "sg_sequence": link}
        sg.create("Shot", data)
    return sg.create("Page", {"name": "Shots", "project": project, "entity_type": "Shot", "shared": True})


def layout(sg: Any, page: Link, name: str, columns: list[str], **settings: Any) -> None:
    grid = {"list_content": {"settings": {"columns": columns}}}
    tree = {"children": {"body": {"settings": settings, "children": grid}}}
    sg.create("PageSetting", {"page": page, "name": name, "settings_json": json.dumps(tree)})


def table(body: bytes) -> list[list[str]]:
    """The client hands on as bytes whatever is no JSON."""
    return list(csv.reader(io.StringIO(body.decode())))


@pytest.mark.wire("export_page", "CSV with the names of the fields, only rows of the page's project")
def test_a_page_is_exported_with_all_visible_fields(sg: Any, page: Link):
    other = sg.create("Project", {"name": f"other than {page['id']}"})
    sg.create("Shot", {"project": other, "code": "elsewhere"})
    head, *rows = table(sg.export_page(page["id"], "csv"))
    assert head[:2] == ["Id", "Shot Code"]
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["Shot Code"] for row in told] == ["b <1>", 'a "2"', "c\n3"]
    assert [(row["Status"], row["Sequence"]) for row in told] == [("ip", "sq, 01"), ("wtg", ""), ("fin", "sq, 01")]


@pytest.mark.wire("export_page", "the body is the table itself, as text/csv")
def test_the_body_is_the_table_itself(site: SiteProcess, page: Link):
    auth = {"script_name": SCRIPT, "script_key": KEY}
    call = {"method_name": "export_page", "params": [auth, {"format": "csv", "page_id": page["id"]}]}
    reply = requests.post(f"{site.url}/api3/json", json=call)
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.text.startswith("Id,Shot Code,")


@pytest.mark.wire("export_page", "columns, filters and order of the page's layout")
def test_a_layout_tells_columns_filters_and_order(sg: Any, page: Link):
    conditions = [
        {"path": "sg_status_list", "relation": "is_not", "values": ["fin"]},
        {"path": "code", "relation": "is", "values": ["nothing"], "active": "false"},
    ]
    layout(
        sg,
        page,
        "main",
        ["code", "sg_sequence.Sequence.code", "no_such_field", "sg_status_list"],
        filters={"logical_operator": "and", "conditions": conditions},
        sorts=[{"column": "code", "direction": "asc"}],
    )
    assert table(sg.export_page(page["id"], "csv")) == [
        ["Shot Code", "Sequence Code", "Status"],
        ['a "2"', "", "wtg"],
        ["b <1>", "sq, 01", "ip"],
    ]


@pytest.mark.wire("export_page", "a layout by its name")
def test_another_layout_is_chosen_by_its_name(sg: Any, page: Link):
    layout(sg, page, "first", ["id"])
    layout(sg, page, "second", ["code", "sg_status_list"])
    assert table(sg.export_page(page["id"], "csv"))[0] == ["Id"]
    assert table(sg.export_page(page["id"], "csv", "second"))[0] == ["Shot Code", "Status"]
    with pytest.raises(Fault, match=f"Export for Page id={page['id']} not available"):
        sg.export_page(page["id"], "csv", layout_name="third")


@pytest.mark.wire("export_page", "a page that is not there, not allowed or of no type is a Fault")
def test_a_page_that_can_not_be_exported_is_a_fault(sg: Any, project: Link, page: Link):
    hidden = sg.create("Page", {"entity_type": "Shot"})
    typeless = sg.create("Page", {"name": "canvas", "shared": True})
    for one in (hidden, typeless):
        with pytest.raises(Fault, match=f"Export for Page id={one['id']} not available"):
            sg.export_page(one["id"], "csv")
    with pytest.raises(Fault, match="retired Page id=999999999"):
        sg.export_page(999_999_999, "csv")
    sg.delete("Page", page["id"])
    with pytest.raises(Fault, match=f"retired Page id={page['id']}"):
        sg.export_page(page["id"], "csv")


@pytest.mark.wire("export_page", "what is missing is a Fault")
def test_what_is_missing_is_a_fault(sg: Any, page: Link):
    with pytest.raises(Fault, match="'page_id' missing"):
        sg.export_page(None, "csv")
    with pytest.raises(Fault, match="'format' missing"):
        sg.export_page(page["id"], None)
    with pytest.raises(Fault, match="expected 'csv'"):
        sg.export_page(page["id"], "xlsx")
    with pytest.raises(Fault, match="'page_id'"):
        sg.export_page("7", "csv")


@pytest.mark.wire("export_page", "a layout that makes no sense is passed over, a filter that can not be is a Fault")
def test_a_layout_that_makes_no_sense_is_passed_over(sg: Any, page: Link):
    sg.create("PageSetting", {"page": page, "name": "broken", "settings_json": "no JSON"})
    assert len(table(sg.export_page(page["id"], "csv"))) == 4
    wrong = {"logical_operator": "and", "conditions": [{"path": "nope", "relation": "is", "values": [1]}]}
    layout(sg, page, "wrong", ["code"], filters=wrong)
    with pytest.raises(Fault, match=r"Shot.nope doesn't exist"):
        sg.export_page(page["id"], "csv", "wrong")


@pytest.mark.wire("export_page", "more rows than a read gives at once")
def test_all_rows_of_a_large_page_are_told(sg: Any):
    page = sg.create("Page", {"name": "Icons", "entity_type": "Icon", "shared": True})
    sg.batch([{"request_type": "create", "entity_type": "Icon", "data": {"name": f"i{n}"}} for n in range(5001)])
    layout(sg, page, "names", ["name"])
    told = [row[0] for row in table(sg.export_page(page["id"], "csv"))[1:]]
    assert told[-5001:] == [f"i{n}" for n in range(5001)]
