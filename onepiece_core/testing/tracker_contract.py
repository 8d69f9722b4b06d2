"""The tests that every Tracker passes: the one in memory, and ShotGrid's own API."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from onepiece_core.errors import InputUnreadable, TrackerRefused
from onepiece_core.tracker.tracker import BatchRequest, Entity, Tracker

Shots = Callable[..., list[Entity]]


class TrackerContract:
    """Subclass it and give it the fixture ``tracker``. It makes projects of its own and looks at no other rows."""

    @pytest.fixture
    def tracker(self) -> Tracker:
        raise NotImplementedError

    @pytest.fixture
    def project(self, tracker: Tracker) -> Entity:
        made = tracker.create("Project", {"name": f"Contract {uuid4().hex}"})
        return {"type": "Project", "id": made["id"]}

    @pytest.fixture
    def shots(self, tracker: Tracker, project: Entity) -> Shots:
        """Makes shots with these codes in the project."""

        def make(*codes: str, **fields: Any) -> list[Entity]:
            return [tracker.create("Shot", {"code": code, "project": project, **fields}) for code in codes]

        return make

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        # The smallest GIF there is: servers may look at what they get.
        path = tmp_path / "picture one.gif"
        path.write_bytes(bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b"))
        return path

    def test_tells_its_version(self, tracker: Tracker) -> None:
        assert len(tracker.server_info()["version"]) >= 3

    def test_knows_us(self, tracker: Tracker) -> None:
        tracker.check_credentials()

    def test_a_new_row_has_type_id_and_what_was_written(self, tracker: Tracker, project: Entity) -> None:
        made = tracker.create("Shot", {"code": "0010", "project": project}, ["code"])

        assert made["type"] == "Shot"
        assert made["code"] == "0010"
        found = tracker.find_one("Shot", [["id", "is", made["id"]]], ["code", "project"])
        assert found is not None
        assert found["code"] == "0010"
        assert found["project"]["id"] == project["id"]

    @pytest.mark.parametrize("text", ["naïve — 影", "a < b & c", 'quotes " and \\ slashes', "two\nlines"])
    def test_text_comes_back_as_it_was(self, text: str, tracker: Tracker, shots: Shots) -> None:
        (made,) = shots("0010", description=text)
        found = tracker.find_one("Shot", [["id", "is", made["id"]]], ["description"])
        assert found is not None
        assert found["description"] == text

    def test_rows_come_in_the_order_of_their_ids(self, tracker: Tracker, project: Entity, shots: Shots) -> None:
        made = shots("c", "a", "b")
        assert [each["id"] for each in tracker.find("Shot", [["project", "is", project]])] == [m["id"] for m in made]

    def test_rows_can_be_ordered_and_limited(self, tracker: Tracker, project: Entity, shots: Shots) -> None:
        shots("c", "a", "b")
        found = tracker.find(
            "Shot",
            [["project", "is", project]],
            ["code"],
            order=[{"field_name": "code", "direction": "desc"}],
            limit=2,
        )
        assert [each["code"] for each in found] == ["c", "b"]

    @pytest.mark.parametrize(
        ("asked", "codes"),
        [
            (["code", "is", "sh_010"], ["sh_010"]),
            (["code", "is_not", "sh_010"], ["sh_020", "other"]),
            (["code", "in", ["sh_010", "other", "nothing"]], ["sh_010", "other"]),
            (["code", "not_in", ["sh_010", "other"]], ["sh_020"]),
            (["code", "starts_with", "sh_"], ["sh_010", "sh_020"]),
            (["code", "contains", "20"], ["sh_020"]),
            (["code", "is", "SH_010"], ["sh_010"]),
            (["code", "in", []], []),
        ],
    )
    def test_text_filters(
        self, asked: list[Any], codes: list[str], tracker: Tracker, project: Entity, shots: Shots
    ) -> None:
        shots("sh_010", "sh_020", "other")
        found = tracker.find("Shot", [["project", "is", project], asked], ["code"])
        assert [each["code"] for each in found] == codes

    def test_either_filter(self, tracker: Tracker, project: Entity, shots: Shots) -> None:
        shots("a", "b", "c")
        either: dict[str, Any] = {"filter_operator": "any", "filters": [["code", "is", "a"], ["code", "is", "c"]]}
        found = tracker.find("Shot", [["project", "is", project], either], ["code"])
        assert [each["code"] for each in found] == ["a", "c"]

    def test_links_and_what_lies_behind_them(self, tracker: Tracker, project: Entity, shots: Shots) -> None:
        sequence = tracker.create("Sequence", {"code": "sc02", "project": project})
        link = {"type": "Sequence", "id": sequence["id"]}
        shots("0010", sg_sequence=link)
        shots("0020")

        found = tracker.find(
            "Shot",
            [["project", "is", project], ["sg_sequence", "is", link]],
            ["sg_sequence", "sg_sequence.Sequence.code"],
        )
        (shot,) = found
        assert shot["sg_sequence"]["name"] == "sc02"
        assert shot["sg_sequence.Sequence.code"] == "sc02"
        behind = tracker.find("Shot", [["project", "is", project], ["sg_sequence.Sequence.code", "is", "sc02"]])
        assert [each["id"] for each in behind] == [shot["id"]]

    def test_a_link_that_is_not_set(self, tracker: Tracker, project: Entity, shots: Shots) -> None:
        shots("0010")
        found = tracker.find("Shot", [["project", "is", project], ["sg_sequence", "is", None]], ["sg_sequence"])
        assert [each["sg_sequence"] for each in found] == [None]

    def test_one_row_is_the_one_with_the_lowest_id(self, tracker: Tracker, project: Entity, shots: Shots) -> None:
        first, _second = shots("same", "same")
        found = tracker.find_one("Shot", [["project", "is", project], ["code", "is", "same"]])
        assert found == {"type": "Shot", "id": first["id"]}
        assert tracker.find_one("Shot", [["project", "is", project], ["code", "is", "other"]]) is None

    def test_an_update_changes_what_it_names(self, tracker: Tracker, shots: Shots) -> None:
        (shot,) = shots("0010", description="before")
        tracker.update("Shot", shot["id"], {"description": "after"})
        found = tracker.find_one("Shot", [["id", "is", shot["id"]]], ["code", "description"])
        assert found is not None
        assert (found["code"], found["description"]) == ("0010", "after")

    def test_a_retired_row_is_out_of_sight_until_it_is_revived(self, tracker: Tracker, shots: Shots) -> None:
        (shot,) = shots("0010")
        by_id = [["id", "is", shot["id"]]]

        assert tracker.delete("Shot", shot["id"]) is True
        assert tracker.delete("Shot", shot["id"]) is False
        assert tracker.find("Shot", by_id) == []
        assert [each["id"] for each in tracker.find("Shot", by_id, retired_only=True)] == [shot["id"]]
        assert tracker.revive("Shot", shot["id"]) is True
        assert len(tracker.find("Shot", by_id)) == 1

    def test_a_batch_answers_in_order(self, tracker: Tracker, project: Entity, shots: Shots) -> None:
        old, gone = shots("old", "gone")
        requests: list[BatchRequest] = [
            _new_shot("x", project),
            {"request_type": "update", "entity_type": "Shot", "entity_id": old["id"], "data": {"code": "new"}},
            {"request_type": "delete", "entity_type": "Shot", "entity_id": gone["id"]},
            _new_shot("y", project),
        ]
        first, changed, retired, last = tracker.batch(requests)

        assert isinstance(first, dict)
        assert isinstance(changed, dict)
        assert isinstance(last, dict)
        assert changed["id"] == old["id"]
        assert retired is True
        found = tracker.find("Shot", [["project", "is", project]], ["code"])
        assert {each["id"]: each["code"] for each in found} == {old["id"]: "new", first["id"]: "x", last["id"]: "y"}

    def test_a_batch_is_all_or_nothing(self, tracker: Tracker, project: Entity) -> None:
        bad: BatchRequest = {"request_type": "create", "entity_type": "Shot", "data": {"no_such_field": 1}}
        with pytest.raises(TrackerRefused):
            tracker.batch([_new_shot("x", project), bad])
        assert tracker.find("Shot", [["project", "is", project]]) == []

    def test_a_batch_adds_and_removes_links(self, tracker: Tracker, project: Entity) -> None:
        made = [tracker.create("Version", {"code": code, "project": project}) for code in ("v1", "v2", "v3")]
        v1, v2, v3 = ({"type": "Version", "id": each["id"]} for each in made)
        playlist = tracker.create("Playlist", {"code": "dailies", "project": project, "versions": [v1, v2]})
        change: BatchRequest = {"request_type": "update", "entity_type": "Playlist", "entity_id": playlist["id"]}

        tracker.batch([{**change, "data": {"versions": [v3]}, "multi_entity_update_modes": {"versions": "add"}}])
        tracker.batch([{**change, "data": {"versions": [v1]}, "multi_entity_update_modes": {"versions": "remove"}}])
        found = tracker.find_one("Playlist", [["id", "is", playlist["id"]]], ["versions"])
        assert found is not None
        assert {each["id"] for each in found["versions"]} == {v2["id"], v3["id"]}

    def test_an_empty_batch_is_nothing(self, tracker: Tracker) -> None:
        assert tracker.batch([]) == []

    @pytest.mark.parametrize("entity_type", ["Dragon", "Shot"])
    def test_what_the_site_does_not_have_is_refused(self, entity_type: str, tracker: Tracker, project: Entity) -> None:
        with pytest.raises(TrackerRefused):
            tracker.create(entity_type, {"no_such_field": 1, "project": project})

    def test_an_upload_is_found_in_its_field(self, tracker: Tracker, project: Entity, picture: Path) -> None:
        version = tracker.create("Version", {"code": "v", "project": project})
        attachment = tracker.upload("Version", version["id"], picture, field_name="sg_uploaded_movie")

        found = tracker.find_one("Version", [["id", "is", version["id"]]], ["sg_uploaded_movie"])
        assert found is not None
        movie = found["sg_uploaded_movie"]
        assert (movie["id"], movie["name"]) == (attachment, "picture one.gif")
        told = tracker.find_one("Attachment", [["id", "is", attachment]], ["file_size"])
        assert told is not None
        assert told["file_size"] == picture.stat().st_size

    def test_a_thumbnail_is_the_rows_image(self, tracker: Tracker, project: Entity, picture: Path) -> None:
        version = tracker.create("Version", {"code": "v", "project": project})
        by_id = [["id", "is", version["id"]]]
        before = tracker.find_one("Version", by_id, ["image"])
        assert before is not None
        assert before["image"] is None

        assert tracker.upload_thumbnail("Version", version["id"], picture) > 0
        after = tracker.find_one("Version", by_id, ["image"])
        assert after is not None
        assert after["image"]

    def test_an_empty_file_is_not_uploaded(self, tracker: Tracker, project: Entity, tmp_path: Path) -> None:
        version = tracker.create("Version", {"code": "v", "project": project})
        (tmp_path / "empty.mov").touch()
        with pytest.raises(InputUnreadable):
            tracker.upload("Version", version["id"], tmp_path / "empty.mov", field_name="sg_uploaded_movie")

    def test_the_schema_tells_types_and_valid_values(self, tracker: Tracker) -> None:
        fields = tracker.schema_fields("Version")
        assert fields["sg_status_list"]["data_type"] == "status_list"
        assert "rev" in fields["sg_status_list"]["valid_values"]

    def test_a_status_that_the_site_does_not_have_is_refused(self, tracker: Tracker, project: Entity) -> None:
        with pytest.raises(TrackerRefused):
            tracker.create("Version", {"code": "v", "project": project, "sg_status_list": "knitting"})

    def test_several_threads_may_use_it(self, tracker: Tracker, project: Entity) -> None:
        def make(number: int) -> Entity:
            return tracker.create("Shot", {"code": f"{number:04d}", "project": project})

        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(make, range(12)))
        assert len({each["id"] for each in made}) == 12
        assert len(tracker.find("Shot", [["project", "is", project]])) == 12


def _new_shot(code: str, project: Entity) -> BatchRequest:
    data = {"code": code, "project": project}
    return {"request_type": "create", "entity_type": "Shot", "data": data, "return_fields": ["code"]}
