"""Reading: fields, links, pages, order, retired rows and archived projects."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.media import write_png
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

Link = dict[str, Any]


def make(sg: Any, kind: str, project: Link, **data: Any) -> Link:
    return sg.create(kind, {"project": project, **data})


def call(site: SiteProcess, method: str, args: Any) -> Any:
    auth = {"script_name": SCRIPT, "script_key": KEY}
    return requests.post(f"{site.url}/api3/json", json={"method_name": method, "params": [auth, args]}).json()


@pytest.mark.wire("read", "only the fields asked for come back")
def test_only_the_fields_asked_for_come_back(sg: Any, project: Link):
    shot = make(sg, "Shot", project, code="s")
    assert sg.find_one("Shot", [["id", "is", shot["id"]]]) == {"type": "Shot", "id": shot["id"]}
    assert sg.find_one("Shot", [["id", "is", shot["id"]]], ["code"]) == {"type": "Shot", "id": shot["id"], "code": "s"}


@pytest.mark.wire("read", "links have the names that rows have now")
def test_links_have_names_and_follow_a_renamed_row(sg: Any, project: Link):
    sequence = make(sg, "Sequence", project, code="before")
    shot = make(sg, "Shot", project, code="s", sg_sequence=sequence)
    sg.update("Sequence", sequence["id"], {"code": "after"})
    found = sg.find_one("Shot", [["id", "is", shot["id"]]], ["sg_sequence"])
    assert found["sg_sequence"] == {"type": "Sequence", "id": sequence["id"], "name": "after"}


@pytest.mark.wire("read", "fields of linked rows, to any depth")
def test_fields_of_linked_rows_are_read_to_any_depth(sg: Any, project: Link):
    episode = make(sg, "Episode", project, code="ep")
    sequence = make(sg, "Sequence", project, code="sq", episode=episode)
    shot = make(sg, "Shot", project, code="s", sg_sequence=sequence)
    task = make(sg, "Task", project, content="comp", entity=shot)
    path = "entity.Shot.sg_sequence.Sequence.episode.Episode"
    other = "entity.Asset.code"
    wanted = [f"{path}.code", f"{path}.project", f"{path}.sequences", other]
    found = sg.find_one("Task", [["id", "is", task["id"]]], wanted)
    assert found[f"{path}.code"] == "ep"
    assert found[f"{path}.project"]["id"] == project["id"]
    assert [link["id"] for link in found[f"{path}.sequences"]] == [sequence["id"]]
    assert found[other] is None


@pytest.mark.wire("read", "retired rows are not linked to")
def test_a_retired_row_is_linked_to_again_when_it_is_revived(sg: Any, project: Link):
    sequence = make(sg, "Sequence", project, code="sq")
    shots = [make(sg, "Shot", project, code=f"s{n}", sg_sequence=sequence) for n in range(2)]
    sg.delete("Shot", shots[0]["id"])
    ids = [["id", "is", sequence["id"]]]
    assert [shot["name"] for shot in sg.find_one("Sequence", ids, ["shots"])["shots"]] == ["s1"]
    sg.delete("Sequence", sequence["id"])
    assert sg.find_one("Shot", [["id", "is", shots[1]["id"]]], ["sg_sequence"])["sg_sequence"] is None
    sg.revive("Shot", shots[0]["id"])
    sg.revive("Sequence", sequence["id"])
    assert [shot["name"] for shot in sg.find_one("Sequence", ids, ["shots"])["shots"]] == ["s0", "s1"]


@pytest.mark.wire("read", "return_only retired")
def test_retired_rows_are_only_found_when_asked_for(sg: Any, project: Link):
    kept, retired = (make(sg, "Shot", project, code=code) for code in ("kept", "retired"))
    sg.delete("Shot", retired["id"])
    here = [["project", "is", project]]
    assert [shot["id"] for shot in sg.find("Shot", here)] == [kept["id"]]
    assert [shot["id"] for shot in sg.find("Shot", here, retired_only=True)] == [retired["id"]]


@pytest.mark.wire("read", "include_archived_projects")
def test_rows_of_archived_projects_can_be_left_out(sg: Any, project: Link):
    shot = make(sg, "Shot", project, code="s")
    sg.update("Project", project["id"], {"archived": True})
    mine = [["id", "is", shot["id"]]]
    assert sg.find("Shot", mine) != []
    assert sg.find("Shot", mine, include_archived_projects=False) == []


@pytest.mark.wire("read", "limit and page")
def test_limit_and_page_cut_the_same_list(sg: Any, project: Link):
    sg.batch([_create("Shot", project, code=f"s{n:02}") for n in range(25)])
    here = [["project", "is", project]]
    pages = [sg.find("Shot", here, ["code"], limit=10, page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [shot["code"] for page in pages for shot in page] == [f"s{n:02}" for n in range(25)]


@pytest.mark.wire("read", "pages one after the other")
def test_the_client_walks_through_all_pages(sg: Any, site: SiteProcess, project: Link):
    sg.batch([_create("Shot", project, code=f"s{n:02}") for n in range(25)])
    walker = site.client()
    walker.server_info["api_max_entities_per_page"] = 7
    assert walker.config.records_per_page == 7
    assert len(walker.find("Shot", [["project", "is", project]])) == 25


@pytest.mark.wire("read", "paging info with and without counts")
@pytest.mark.parametrize(
    ("without_counts", "expected"),
    [(True, {"has_next_page": True}), (False, {"entity_count": 3, "page_count": 2})],
)
def test_paging_info_comes_with_and_without_counts(
    sg: Any, site: SiteProcess, project: Link, without_counts: bool, expected: dict[str, Any]
):
    sg.batch([_create("Shot", project, code=str(n)) for n in range(3)])
    args = {
        "type": "Shot",
        "return_fields": ["code"],
        "filters": {"path": "project", "relation": "is", "values": [project]},
        "paging": {"entities_per_page": 2, "current_page": 1},
        "return_paging_info_without_counts": without_counts,
    }
    info = call(site, "read", args)["results"]["paging_info"]
    assert info == {"current_page": 1, "entities_per_page": 2, **expected}


@pytest.mark.wire("read", "pages and counts follow what is written meanwhile")
def test_pages_and_counts_follow_what_is_written(sg: Any, site: SiteProcess, project: Link):
    sg.batch([_create("Shot", project, code=str(n)) for n in range(6)])
    args = {
        "type": "Shot",
        "return_fields": ["code"],
        "filters": {"path": "project", "relation": "is", "values": [project]},
        "paging": {"entities_per_page": 2, "current_page": 1},
    }

    def page(number: int) -> tuple[str, int]:
        found = call(site, "read", args | {"paging": {"entities_per_page": 2, "current_page": number}})["results"]
        return "".join(shot["code"] for shot in found["entities"]), found["paging_info"]["entity_count"]

    assert [page(1), page(2), page(3), page(4)] == [("01", 6), ("23", 6), ("45", 6), ("", 6)]
    first = sg.find_one("Shot", [["project", "is", project]])
    sg.delete("Shot", first["id"])
    assert [page(2), page(3)] == [("34", 5), ("5", 5)]
    sg.revive("Shot", first["id"])
    assert [page(3), page(2)] == [("45", 6), ("23", 6)]


@pytest.mark.wire("read", "edges of limit")
def test_the_edges_of_a_limit(sg: Any, site: SiteProcess, project: Link):
    sg.batch([_create("Shot", project, code=str(n)) for n in range(3)])
    here = [["project", "is", project]]
    assert [len(sg.find("Shot", here, limit=limit)) for limit in (0, 1, 2, 3, 4, 5000, 5001, 20000)] == [
        *(3, 1, 2, 3, 3, 3, 3, 3)
    ]
    assert sg.find("Shot", here, limit=2, page=3) == []
    filters = {"path": "project", "relation": "is", "values": [project]}
    paging = {"entities_per_page": 10_000, "current_page": 1}
    info = call(site, "read", {"type": "Shot", "filters": filters, "paging": paging})["results"]["paging_info"]
    assert info == {"current_page": 1, "entities_per_page": 5000, "entity_count": 3, "page_count": 1}


@pytest.mark.wire("read", "rows that are alike come by id in either direction")
def test_rows_that_are_alike_come_by_id(sg: Any, project: Link):
    made = [make(sg, "Shot", project, code="same", created_at=datetime(2026, 1, 1, tzinfo=UTC)) for _ in range(5)]
    ids = [shot["id"] for shot in made]
    for name in ("code", "created_at", "sg_cut_in", "sg_sequence"):
        for direction in ("asc", "desc"):
            order = [{"field_name": name, "direction": direction}]
            assert [shot["id"] for shot in sg.find("Shot", [["project", "is", project]], order=order)] == ids
    assert [shot["id"] for shot in sg.find("Shot", [["id", "in", ids[::-1]]])] == ids


@pytest.mark.wire("read", "api_return_image_urls")
def test_pictures_are_told_by_number_to_old_clients(sg: Any, site: SiteProcess, project: Link, tmp_path: Path):
    picture = write_png(tmp_path / "picture.png")
    shot = make(sg, "Shot", project, code="s")
    sg.upload_thumbnail("Shot", shot["id"], str(picture))
    filters = {"path": "id", "relation": "is", "values": [shot["id"]]}
    args = {"type": "Shot", "return_fields": ["image"], "filters": filters}
    (told,) = call(site, "read", args | {"api_return_image_urls": False})["results"]["entities"]
    assert sg.find_one("Attachment", [["id", "is", told["image"]]]) is not None
    (told,) = call(site, "read", args | {"api_return_image_urls": True})["results"]["entities"]
    assert told["image"].startswith(site.url)


@pytest.mark.wire("read", "sorts by several and by linked fields, no value last")
def test_order_by_several_and_by_linked_fields(sg: Any, project: Link):
    sequences = [make(sg, "Sequence", project, code=code) for code in ("B", "a")]
    data = [("3", sequences[0], 2), ("1", sequences[1], 1), ("2", sequences[1], 2), ("4", None, 2)]
    for code, sequence, order in data:
        make(sg, "Shot", project, code=code, sg_sequence=sequence, sg_cut_order=order)
    here = [["project", "is", project]]

    def codes(*order: tuple[str, str]) -> str:
        sorts = [{"field_name": name, "direction": direction} for name, direction in order]
        return "".join(shot["code"] for shot in sg.find("Shot", here, ["code"], order=sorts))

    assert codes(("code", "desc")) == "4321"
    assert codes(("sg_cut_order", "asc"), ("code", "desc")) == "1432"
    assert codes(("sg_sequence.Sequence.code", "asc"), ("code", "asc")) == "1234"
    assert codes(("sg_sequence", "asc"), ("code", "asc")) == "1234"
    # Rows without a value come last in either direction.
    assert codes(("sg_sequence", "desc"), ("code", "asc")) == "3124"
    assert codes(("sg_sequence.Sequence.code", "desc"), ("code", "desc")) == "3214"
    assert codes(("id", "desc")) == "4213"


@pytest.mark.wire("read", "times arrive as they were sent")
def test_times_arrive_as_they_were_sent(sg: Any, project: Link):
    moment = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
    version = make(sg, "Version", project, code="v", media_center_import_time=moment)
    found = sg.find_one("Version", [["id", "is", version["id"]]], ["media_center_import_time", "created_at"])
    assert found["media_center_import_time"] == moment
    assert abs(found["created_at"] - datetime.now(UTC)).total_seconds() < 3600


@pytest.mark.wire("read", "mark-up comes back as text")
def test_mark_up_comes_back_as_text(sg: Any, project: Link):
    text = "<b>é 日本 & \"'</b>\nnext"
    version = make(sg, "Version", project, code="v", description=text)
    assert sg.find_one("Version", [["description", "is", text]], ["description"]) == {
        "type": "Version",
        "id": version["id"],
        "description": text,
    }


@pytest.mark.wire("read", "created_by and updated_by")
def test_who_made_it_is_known(sg: Any, project: Link):
    found = sg.find_one("Project", [["id", "is", project["id"]]], ["created_by", "updated_by"])
    assert found["created_by"]["type"] == "ApiUser"
    assert found["created_by"]["name"] == SCRIPT
    assert found["updated_by"] == found["created_by"]


@pytest.mark.wire("read", "people's names")
def test_a_person_is_called_by_both_names(sg: Any):
    person = sg.create("HumanUser", {"firstname": "Ines", "lastname": "Duarte", "login": "ines"})
    sg.update("HumanUser", person["id"], {"lastname": "Melo"})
    assert sg.find_one("HumanUser", [["name", "is", "Ines Melo"]])["id"] == person["id"]


@pytest.mark.wire("read", "malformed arguments are a fault")
@pytest.mark.parametrize(
    "args",
    [
        {},
        {"type": "Nope"},
        {"type": ["Shot"]},
        {"type": "Shot", "return_fields": "code"},
        {"type": "Shot", "filters": [["code", "is", "x"]]},
        {"type": "Shot", "filters": {"logical_operator": "xor", "conditions": [1]}},
        {"type": "Shot", "filters": {"path": "code", "relation": "is", "values": "x"}},
        {"type": "Shot", "filters": {"path": 3, "relation": "is", "values": ["x"]}},
        {"type": "Shot", "paging": {"entities_per_page": 0, "current_page": 1}},
        {"type": "Shot", "paging": {"entities_per_page": "x", "current_page": 1}},
        {"type": "Shot", "paging": [1]},
        {"type": "Shot", "sorts": [{"field_name": "code", "direction": "up"}]},
        {"type": "Shot", "sorts": {"field_name": "code"}},
        {"type": "Shot", "return_only": "all"},
    ],
)
def test_a_malformed_read_is_a_fault(site: SiteProcess, args: dict[str, Any]):
    reply = call(site, "read", args)
    assert reply["exception"] is True
    assert reply["error_code"] == 104
    assert reply["message"].startswith("API read()")


@pytest.mark.wire("read", "fields that do not exist are left out of the answer")
@pytest.mark.parametrize(
    "name", ["nope", "a.b", "code.Shot.code", "sg_sequence.Nope.code", "sg_sequence.Sequence.nope"]
)
def test_a_field_that_is_not_there_is_left_out(sg: Any, project: Link, name: str):
    """Tools ask for fields of older and newer sites at once, and look what came."""
    shot = make(sg, "Shot", project, code="s", sg_sequence=make(sg, "Sequence", project, code="q"))
    found = sg.find_one("Shot", [["id", "is", shot["id"]]], [name, "code"], order=[{"field_name": name}])
    assert found == {"type": "Shot", "id": shot["id"], "code": "s"}


@pytest.mark.wire("read", "a path through a multi-entity field is left out of the answer")
def test_fields_of_several_rows_are_left_out(sg: Any, project: Link):
    shot = make(sg, "Shot", project, code="s")
    make(sg, "Task", project, content="comp", entity=shot)
    path = "tasks.Task.content"
    found = sg.find_one("Shot", [["id", "is", shot["id"]]], [path, "tasks"], order=[{"field_name": path}])
    assert path not in found
    assert len(found["tasks"]) == 1


def _create(kind: str, project: Link, **data: Any) -> dict[str, Any]:
    return {"request_type": "create", "entity_type": kind, "data": {"project": project, **data}}
