"""text_search: rows by the words of their names."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from shotgun_api3 import Fault

from tests.support.shotgrid_site import SiteProcess

Link = dict[str, Any]


@pytest.fixture
def word() -> str:
    """Part of no other test's names."""
    return uuid4().hex[:12]


def make(sg: Any, kind: str, project: Link, name: str, **data: Any) -> Link:
    display = {"Task": "content", "Note": "subject"}.get(kind, "code")
    return sg.create(kind, {"project": project, display: name, **data})


def names(found: dict[str, Any]) -> list[str]:
    return [match["name"] for match in found["matches"]]


@pytest.mark.wire("query_display_name_cache", "tells id, type, name, project, picture, link and status")
def test_a_match_tells_what_a_search_field_shows(sg: Any, project: Link, word: str):
    shot = make(sg, "Shot", project, f"{word}_0010", sg_status_list="fin")
    assert sg.text_search(f"{word}_0010", {"Shot": []}) == {
        "matches": [
            {
                "id": shot["id"],
                "type": "Shot",
                "name": f"{word}_0010",
                "project_id": project["id"],
                "image": None,
                "links": ["", ""],
                "status": "fin",
            }
        ],
        "terms": [f"{word}_0010"],
    }


@pytest.mark.wire("query_display_name_cache", "all words must match, case does not matter")
def test_all_words_must_match_whatever_their_case_and_order(sg: Any, project: Link, word: str):
    both = make(sg, "Asset", project, f"{word} Old Bunny")
    make(sg, "Asset", project, f"{word} old fox")
    found = sg.text_search(f"BUNNY  oLD {word.upper()}", {"Asset": []})
    assert [match["id"] for match in found["matches"]] == [both["id"]]
    assert found["terms"] == ["bunny", "old", word]


@pytest.mark.wire("query_display_name_cache", "unicode without regard to case")
def test_words_beyond_ascii_are_found_without_regard_to_case(sg: Any, project: Link, word: str):
    make(sg, "Asset", project, f"{word} ÉLÉPHANT 日本")
    assert names(sg.text_search(f"{word} éléph 日", {"Asset": []})) == [f"{word} ÉLÉPHANT 日本"]


@pytest.mark.wire("query_display_name_cache", "the name of the linked row is searched too")
def test_a_row_is_found_by_the_name_of_the_row_it_links_to(sg: Any, project: Link, word: str):
    shot = make(sg, "Shot", project, f"{word}_0010")
    task = make(sg, "Task", project, "comp", entity=shot)
    make(sg, "Task", project, "anim", entity=shot)
    (match,) = sg.text_search(f"{word} comp", {"Task": []})["matches"]
    assert (match["id"], match["links"]) == (task["id"], ["Shot", f"{word}_0010"])
    sg.delete("Shot", shot["id"])
    assert sg.text_search(f"{word} comp", {"Task": []})["matches"] == []


@pytest.mark.wire("query_display_name_cache", "each type has its own filters")
def test_each_type_has_its_own_filters(sg: Any, project: Link, word: str):
    for kind in ("Shot", "Asset"):
        sg.batch(
            [
                {"request_type": "create", "entity_type": kind, "data": {"project": project, "code": f"{word} {n}"}}
                for n in range(5)
            ]
        )
    either = {"filter_operator": "any", "filters": [["code", "ends_with", "4"], ["code", "ends_with", "1"]]}
    found = sg.text_search(word, {"Shot": [["code", "ends_with", "3"]], "Asset": [either]})
    kinds = [(match["type"], match["name"]) for match in found["matches"]]
    assert kinds == [("Shot", f"{word} 3"), ("Asset", f"{word} 1"), ("Asset", f"{word} 4")]


@pytest.mark.wire("query_display_name_cache", "the shortest names come first, as many as asked for")
def test_the_shortest_names_come_first_and_a_limit_cuts_the_rest(sg: Any, project: Link, word: str):
    for length in (5, 1, 3):
        make(sg, "Shot", project, word + "x" * length)
        make(sg, "Asset", project, word + "y" * (length + 1))
    found = sg.text_search(word, {"Shot": [], "Asset": []}, limit=3)
    assert names(found) == [word + "x", word + "yy", word + "xxx"]


@pytest.mark.wire("query_display_name_cache", "only the projects asked for")
def test_projects_narrow_the_search(sg: Any, project: Link, word: str):
    other = sg.create("Project", {"name": f"{word} other"})
    here, there = (make(sg, "Shot", one, f"{word} shot") for one in (project, other))
    found = sg.text_search(word, {"Shot": [], "Project": []}, project_ids=[project["id"]])
    assert [match["id"] for match in found["matches"]] == [here["id"]]
    found = sg.text_search(word, {"Shot": [], "Project": []}, project_ids=[other["id"]])
    assert [match["id"] for match in found["matches"]] == [there["id"], other["id"]]


@pytest.mark.wire("query_display_name_cache", "retired rows are not found")
def test_retired_rows_are_not_found(sg: Any, project: Link, word: str):
    shot = make(sg, "Shot", project, word)
    sg.delete("Shot", shot["id"])
    assert sg.text_search(word, {"Shot": []})["matches"] == []
    sg.revive("Shot", shot["id"])
    assert names(sg.text_search(word, {"Shot": []})) == [word]


@pytest.mark.wire("query_display_name_cache", "fewer than three characters are a Fault")
@pytest.mark.parametrize("text", ["", "ab", "  a  "])
def test_a_text_that_is_too_short_is_a_fault(sg: Any, text: str):
    with pytest.raises(Fault, match="at least 3 characters"):
        sg.text_search(text, {"Shot": []})


@pytest.mark.wire("query_display_name_cache", "unknown types, fields and limits are Faults")
def test_what_the_site_does_not_have_is_a_fault(sg: Any, site: SiteProcess):
    with pytest.raises(Fault, match="valid entity names"):
        sg.text_search("something", {"Shots": []})
    with pytest.raises(Fault, match=r"Shot.nope doesn't exist"):
        sg.text_search("something", {"Shot": [["nope", "is", 1]]})
    with pytest.raises(Fault, match=r"expected .Hash."):
        sg.text_search("something", {})
    with pytest.raises(Fault, match="max_results"):
        sg.text_search("something", {"Shot": []}, limit=-1)
