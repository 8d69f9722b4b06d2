"""Writing: create, update, delete, revive, batch, refusals. Relations, templates and events have their own files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from shotgun_api3 import Fault

from tests.support.shotgrid_site import SiteProcess

Link = dict[str, Any]


def make(sg: Any, kind: str, project: Link, **data: Any) -> Link:
    return sg.create(kind, {"project": project, **data})


def read(sg: Any, entity: Link, *fields: str) -> Any:
    found = sg.find_one(entity["type"], [["id", "is", entity["id"]]], list(fields))
    return found[fields[0]] if len(fields) == 1 else found


def names(links: list[Link]) -> list[str]:
    return [link["name"] for link in links]


def request(kind: str, entity_type: str, **more: Any) -> dict[str, Any]:
    return {"request_type": kind, "entity_type": entity_type, **more}


class TestRows:
    @pytest.mark.wire("create", "answers with all that was written and the return fields")
    def test_create_answers_with_what_was_written_and_asked_for(self, sg: Any, project: Link):
        made = sg.create("Version", {"project": project, "code": "v"}, return_fields=["sg_status_list", "tags"])
        assert made == {
            "type": "Version",
            "id": made["id"],
            "code": "v",
            "project": {"type": "Project", "id": project["id"], "name": read(sg, project, "name")},
            "sg_status_list": "rev",
            "tags": [],
        }

    @pytest.mark.wire("update", "changes and answers with only what it names")
    def test_update_changes_only_what_it_names(self, sg: Any, project: Link):
        version = make(sg, "Version", project, code="v", description="d", sg_first_frame=1)
        assert sg.update("Version", version["id"], {"sg_first_frame": None}) == {
            "type": "Version",
            "id": version["id"],
            "sg_first_frame": None,
        }
        assert read(sg, version, "description", "code")["description"] == "d"

    @pytest.mark.wire("delete", "true, and false when it is retired already")
    @pytest.mark.wire("revive", "true, and false when it is not retired")
    def test_delete_and_revive_tell_whether_they_did_something(self, sg: Any, project: Link):
        shot = make(sg, "Shot", project, code="s")
        assert [sg.delete("Shot", shot["id"]) for _ in range(2)] == [True, False]
        assert [sg.revive("Shot", shot["id"]) for _ in range(2)] == [True, False]
        assert read(sg, shot, "code") == "s"

    @pytest.mark.wire("create", "an id is never given twice")
    def test_an_id_is_never_given_twice(self, sg: Any, project: Link):
        first = make(sg, "Shot", project, code="s")
        sg.delete("Shot", first["id"])
        assert make(sg, "Shot", project, code="s")["id"] > first["id"]

    @pytest.mark.wire("update", "an id that never was is a fault")
    @pytest.mark.wire("delete", "an id that never was is a fault")
    @pytest.mark.wire("revive", "an id that never was is a fault")
    @pytest.mark.parametrize("act", ["delete", "revive", "update"])
    def test_a_row_that_never_was_is_a_fault(self, sg: Any, act: str):
        arguments = ({},) if act == "update" else ()
        if act == "update":
            arguments = ({"code": "x"},)
        with pytest.raises(Fault, match="does not exist"):
            getattr(sg, act)("Shot", 10**9, *arguments)

    @pytest.mark.wire("update", "a retired row is a fault")
    def test_a_retired_row_cannot_be_updated_or_linked_to(self, sg: Any, project: Link):
        shot = make(sg, "Shot", project, code="s")
        sg.delete("Shot", shot["id"])
        with pytest.raises(Fault, match="does not exist"):
            sg.update("Shot", shot["id"], {"code": "x"})
        with pytest.raises(Fault, match="does not exist"):
            make(sg, "Version", project, code="v", entity=shot)

    @pytest.mark.wire("create", "a Project needs only a name")
    def test_a_project_needs_only_a_name(self, sg: Any):
        assert sg.create("Project", {"name": "Only a name"})["name"] == "Only a name"

    @pytest.mark.wire("update", "the display name follows, also in the answer and in links to the row")
    def test_a_new_name_is_seen_everywhere(self, sg: Any, project: Link):
        shot = make(sg, "Shot", project, code="old")
        version = make(sg, "Version", project, code="v", entity=shot)
        sg.update("Shot", shot["id"], {"code": "new", "parent_shots": [shot]})
        assert read(sg, version, "entity")["name"] == "new"
        assert read(sg, shot, "cached_display_name") == "new"
        person = sg.create("HumanUser", {"login": "name_follows", "firstname": "Ann"})
        assert read(sg, person, "name") == "Ann"
        sg.update("HumanUser", person["id"], {"lastname": "Lee"})
        assert read(sg, person, "name") == "Ann Lee"
        sg.update("HumanUser", person["id"], {"firstname": None, "lastname": ""})
        assert read(sg, person, "name") == "name_follows"

    @pytest.mark.wire("create", "who and when are the caller and now; a script may say other ones")
    def test_stamps(self, sg: Any, project: Link, site: SiteProcess):
        ada = sg.find_one("HumanUser", [["login", "is", "ada"]])
        then = datetime(2019, 3, 4, 5, 6, 7, tzinfo=UTC)
        told = {"created_at": then, "created_by": ada, "updated_at": then, "updated_by": ada}
        made = make(sg, "Shot", project, code="s", **told)
        found = read(sg, made, *told)
        assert (found["created_at"], found["updated_at"]) == (then, then)
        assert found["created_by"]["id"] == found["updated_by"]["id"] == ada["id"]
        sg.update("Shot", made["id"], {"description": "d"})
        found = read(sg, made, *told)
        assert found["created_at"] == then < found["updated_at"]
        assert (found["created_by"]["type"], found["updated_by"]["type"]) == ("HumanUser", "ApiUser")
        for data in ({"created_at": then}, {"updated_by": ada}):
            with pytest.raises(Fault, match="The field is not editable"):
                sg.update("Shot", made["id"], data)
            with pytest.raises(Fault, match="The field is not editable"):
                make(site.client(sudo_as_login="ada"), "Shot", project, code="s", **data)

    @pytest.mark.wire("create", "a note's author is who writes it, unless another is named")
    def test_a_note_has_an_author(self, sg: Any, project: Link, site: SiteProcess):
        ada = sg.find_one("HumanUser", [["login", "is", "ada"]])
        note = make(site.client(sudo_as_login="ada"), "Note", project, content="c")
        assert read(sg, note, "user")["id"] == ada["id"]
        assert read(sg, make(sg, "Note", project, user=ada), "user")["id"] == ada["id"]
        assert read(sg, sg.create("Reply", {"entity": note, "content": "r"}), "user")["type"] == "ApiUser"


class TestBatch:
    @pytest.mark.wire("batch", "results come in the order of the requests, of all three kinds")
    def test_results_come_in_order(self, sg: Any, project: Link):
        shot = make(sg, "Shot", project, code="s")
        results = sg.batch(
            [
                request("create", "Version", data={"project": project, "code": "v"}, return_fields=["sg_status_list"]),
                request("update", "Shot", entity_id=shot["id"], data={"description": "d"}),
                request("delete", "Shot", entity_id=shot["id"]),
                request("delete", "Shot", entity_id=shot["id"]),
            ]
        )
        assert results[0]["sg_status_list"] == "rev"
        assert results[1]["description"] == "d"
        assert results[2:] == [True, False]

    @pytest.mark.wire("batch", "one refusal undoes all and names the request")
    def test_one_refusal_undoes_all(self, sg: Any, project: Link):
        before = sg.find_one("EventLogEntry", [], order=[{"field_name": "id", "direction": "desc"}])
        with pytest.raises(Fault) as refusal:
            sg.batch(
                [
                    request("create", "Shot", data={"project": project, "code": "s"}),
                    request("create", "Shot", data={"project": project, "code": "s", "nope": 1}),
                ]
            )
        assert str(refusal.value) == (
            "API batch() request with index 1 failed.  All requests rolled back.\nAPI create() Shot.nope doesn't exist:"
        )
        assert sg.find("Shot", [["project", "is", project]]) == []
        after = sg.find_one("EventLogEntry", [], order=[{"field_name": "id", "direction": "desc"}])
        assert after == before

    @pytest.mark.wire("batch", "multi_entity_update_modes")
    def test_modes_work_in_a_batch(self, sg: Any, project: Link):
        one, two = (make(sg, "Asset", project, code=code) for code in ("one", "two"))
        shot = make(sg, "Shot", project, code="s", assets=[one])
        more = request("update", "Shot", entity_id=shot["id"], data={"assets": [two]})
        sg.batch([{**more, "multi_entity_update_modes": {"assets": "add"}}])
        assert names(read(sg, shot, "assets")) == ["one", "two"]

    @pytest.mark.wire("batch", "2,000 requests of several types; later ones see what earlier ones did")
    def test_later_requests_see_earlier_ones(self, sg: Any, project: Link):
        last = make(sg, "Shot", project, code="s")["id"]
        requests = [request("create", "Shot", data={"project": project, "code": f"s{n}"}) for n in range(1000)]
        for number in range(1, 501):
            shot = {"type": "Shot", "id": last + number}
            requests.append(request("create", "Version", data={"project": project, "code": "v", "entity": shot}))
            requests.append(request("update", "Shot", entity_id=last + number, data={"code": f"new{number}"}))
        results = sg.batch(requests)
        assert [result["id"] for result in results[:1000]] == list(range(last + 1, last + 1001))
        assert results[1000]["entity"] == {"type": "Shot", "id": last + 1, "name": "s0"}
        assert results[1001]["code"] == "new1"
        assert len(sg.find("Version", [["entity.Shot.code", "starts_with", "new"], ["project", "is", project]])) == 500

    @pytest.mark.wire("batch", "what an earlier request took or retired counts for the later ones")
    def test_a_batch_sees_what_it_took_and_retired(self, sg: Any, project: Link):
        shot = make(sg, "Shot", project, code="s")
        name = f"Twice {project['id']}"
        first = [
            request("create", "Project", data={"name": name}),
            request("delete", "Shot", entity_id=shot["id"]),
        ]
        for last, words in (
            (request("create", "Project", data={"name": name}), "CRUD ERROR #61.*required to be unique"),
            (request("update", "Shot", entity_id=shot["id"], data={"code": "x"}), "does not exist"),
            (request("create", "Version", data={"project": project, "code": "v", "entity": shot}), "does not exist"),
        ):
            with pytest.raises(Fault, match=rf"request with index 2 failed.  All requests rolled back.\n.*{words}"):
                sg.batch([*first, last])
        assert sg.find_one("Project", [["name", "is", name]]) is None
        assert read(sg, shot, "code") == "s"


class TestRefusals:
    @pytest.mark.wire("create", "what does not fit is a fault in the site's words")
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"nope": 1}, "API create() Version.nope doesn't exist:"),
            ({"code": {"a": 1}}, "API create() Version.code expected [String, NilClass] data type(s) but got Hash:"),
            ({"code": 3}, "but got Integer"),
            ({"sg_first_frame": "1001"}, "Version.sg_first_frame expected [Integer, NilClass]"),
            ({"sg_first_frame": 1.5}, "but got Float"),
            ({"sg_first_frame": True}, "but got TrueClass"),
            ({"sg_first_frame": 2**31}, "PG::NumericValueOutOfRange"),
            ({"sg_first_frame": -(2**31) - 1}, "PG::NumericValueOutOfRange"),
            ({"sg_movie_aspect_ratio": 1e9}, "PG::NumericValueOutOfRange"),
            ({"sg_movie_aspect_ratio": float("nan")}, "but got Float"),
            ({"sg_movie_aspect_ratio": 10**400}, "but got Integer"),
            ({"sg_movie_aspect_ratio": "wide"}, "expected [Float, Integer, NilClass]"),
            ({"client_approved": 1}, "expected [TrueClass, FalseClass, NilClass]"),
            ({"sg_status_list": "nope"}, "Value is not legal."),
            ({"sg_version_type": "nope"}, "Value is not legal."),
            ({"entity": "Shot"}, "expected [Hash, NilClass]"),
            ({"entity": {"id": 1}}, "an entity with 'type' and 'id'"),
            ({"entity": {"type": "HumanUser", "id": 1}}, "Invalid entity type 'HumanUser'"),
            ({"entity": {"type": "Shot", "id": 10**9}}, "Entity of type [Shot] with id=1000000000 does not exist"),
            ({"entity": {"type": "Shot", "id": 10**30}}, "does not exist"),
            ({"playlists": {"type": "Playlist", "id": 1}}, "expected [Array, NilClass]"),
            ({"playlists": ["x"]}, "expected [Hash, NilClass]"),
            ({"id": 5}, "The field is not editable."),
            ({"client_approved_at": "2026-01-01T00:00:00Z"}, "The field is not editable."),
            ({"media_center_import_time": "yesterday"}, "Invalid date format"),
            ({"media_center_import_time": "2026-02-30T00:00:00Z"}, "Invalid date format"),
            ({"media_center_import_time": "2026-01-01T00:00:00+02:00"}, "Invalid date format"),
            ({"media_center_import_time": "1969-12-31T23:59:59Z"}, "Year must be >= 1970"),
            ({"media_center_import_time": 0}, "but got Integer"),
            ({"code": "a\0b"}, "null byte"),
            ({"code": ""}, "The value for the Version Name field is required."),
            ({"sg_uploaded_movie": 5}, "expected [Hash, NilClass]"),
            ({"sg_uploaded_movie": {"local_path": "/nowhere/x.mov"}}, "doesn't match any defined Local Storage."),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_what_does_not_fit_is_a_fault_and_leaves_nothing(
        self, sg: Any, project: Link, data: dict[str, Any], words: str
    ):
        with pytest.raises(Fault) as refusal:
            sg.create("Version", {"project": project, "code": "v", **data})
        assert words in str(refusal.value)
        assert sg.find("Version", [["project", "is", project]]) == []

    @pytest.mark.wire("create", "a unique value is taken once, whatever its case")
    def test_a_unique_name_is_taken_once(self, sg: Any, project: Link):
        name = read(sg, project, "name")
        with pytest.raises(Fault) as refusal:
            sg.create("Project", {"name": name.upper()})
        assert str(refusal.value) == (
            "API create() CRUD ERROR #61: Create failed for [Project]. "
            "The value for the Project Name field is required to be unique. <br>"
        )
        sg.delete("Project", project["id"])
        assert sg.create("Project", {"name": name})["id"] > project["id"]

    @pytest.mark.parametrize("kind", ["Version", "PublishedFile", "Shot", "Task"])
    @pytest.mark.wire("create", "a mandatory field is required")
    def test_a_row_of_a_show_needs_its_project(self, sg: Any, kind: str):
        with pytest.raises(Fault, match="The value for the Project field is required"):
            sg.create(kind, {"content" if kind == "Task" else "code": "x"})

    @pytest.mark.wire("update", "a mandatory field can not be emptied")
    def test_a_mandatory_field_cannot_be_emptied(self, sg: Any, project: Link):
        shot = make(sg, "Shot", project, code="s")
        with pytest.raises(Fault, match="is required"):
            sg.update("Shot", shot["id"], {"code": None})

    @pytest.mark.wire("revive", "a name that was taken meanwhile is a fault")
    def test_a_name_that_was_taken_meanwhile_keeps_a_row_retired(self, sg: Any, project: Link):
        name = read(sg, project, "name")
        sg.delete("Project", project["id"])
        taken = sg.create("Project", {"name": name})
        with pytest.raises(Fault, match="required to be unique"):
            sg.revive("Project", project["id"])
        sg.delete("Project", taken["id"])
        assert sg.revive("Project", project["id"])

    @pytest.mark.wire("update", "a unique value of another row is a fault, its own is not")
    def test_a_row_keeps_its_own_unique_name(self, sg: Any, project: Link):
        name, other = read(sg, project, "name"), sg.create("Project", {"name": f"Other than {project['id']}"})
        assert sg.update("Project", project["id"], {"name": name.upper()})["name"] == name.upper()
        with pytest.raises(Fault) as refusal:
            sg.update("Project", other["id"], {"name": name})
        assert str(refusal.value) == (
            "API update() CRUD ERROR #51: Update failed for [Project.name]. "
            "The value for the Project Name field is required to be unique. <br>"
        )

    def test_an_unknown_type_is_a_fault(self, sg: Any):
        for act in (
            lambda: sg.create("Nope", {}),
            lambda: sg.delete("Nope", 1),
            lambda: sg.update("Nope", 1, {"a": 1}),
        ):
            with pytest.raises(Fault, match="entity type 'Nope' doesn't exist"):
                act()


class TestFileLinks:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (
                {"url": "file:///mnt/x/beauty.%04d.exr", "name": "beauty.%04d.exr"},
                {"link_type": "web", "url": "file:///mnt/x/beauty.%04d.exr", "name": "beauty.%04d.exr"},
            ),
            (
                {"local_path": "/projects/fg/beauty.%04d.exr"},
                {
                    "link_type": "local",
                    "relative_path": "fg/beauty.%04d.exr",
                    "local_path_linux": "/projects/fg/beauty.%04d.exr",
                    "local_path_windows": "P:\\projects\\fg\\beauty.%04d.exr",
                    "name": "beauty.%04d.exr",
                },
            ),
            (
                {"relative_path": "fg/scene.ma", "local_storage": {"type": "LocalStorage", "id": 1}},
                {"link_type": "local", "local_path_mac": "/Volumes/projects/fg/scene.ma", "name": "scene.ma"},
            ),
        ],
    )
    def test_a_path_reads_back(self, sg: Any, project: Link, value: dict[str, Any], expected: dict[str, Any]):
        file = make(sg, "PublishedFile", project, code="f", path=value)
        path = read(sg, file, "path")
        assert path.items() >= expected.items()
        assert path["type"] == "Attachment"
        assert read(sg, {"type": "Attachment", "id": path["id"]}, "this_file") == path

    def test_the_client_finds_its_own_local_path(self, sg: Any, project: Link):
        file = make(sg, "PublishedFile", project, code="f", path={"local_path": "/projects/a.exr"})
        assert read(sg, file, "path")["url"].startswith("file://")
        assert sg.update("PublishedFile", file["id"], {"path": None})["path"] is None
