"""Filters over linked rows and filters inside filters; the operators themselves are in ``test_shotgrid_operators``."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from shotgun_api3 import Fault

from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

AUTH = {"script_name": SCRIPT, "script_key": KEY}
Link = dict[str, Any]


@pytest.fixture(scope="module")
def rows(sg: Any) -> dict[str, Any]:
    """Versions ``a`` of a Shot and ``b`` of an Asset in Playlists, ``c`` of nothing, and what they lead to."""
    project = sg.create("Project", {"name": "Filters"})
    made: dict[str, Any] = {"project": project}

    def make(name: str, kind: str, **data: Any) -> Link:
        made[name] = sg.create(kind, {"project": project, **data})
        return made[name]

    episode = make("episode", "Episode", code="ep01")
    sequence = make("sequence", "Sequence", code="sc01", episode=episode)
    shot = make("shot", "Shot", code="Shot_one", sg_sequence=sequence)
    asset = make("asset", "Asset", code="Straße")
    monday = make("monday", "Playlist", code="Dailies Monday", locked=True)
    client = make("client", "Playlist", code="Client")
    make("a", "Version", code="a", entity=shot, sg_first_frame=1001, playlists=[monday, client])
    make("b", "Version", code="b", entity=asset, sg_first_frame=990, playlists=[client], sg_status_list="apr")
    make("c", "Version", code="c")
    return made


def found(sg: Any, rows: dict[str, Any], *conditions: Any) -> str:
    here = [["project", "is", rows["project"]], *conditions]
    return "".join(version["code"] for version in sg.find("Version", here, ["code"]))


def filled(rows: dict[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [filled(rows, one) for one in value]
    return rows[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value


@pytest.mark.wire("read", "filters by fields of linked rows, to any depth")
@pytest.mark.parametrize(
    ("path", "relation", "value", "expected"),
    [
        ("entity.Shot.code", "is", "shot_one", "a"),
        ("entity.Shot.code", "is_not", "shot_one", "bc"),
        ("entity.Shot.code", "is", None, "bc"),
        ("entity.Shot.code", "starts_with", "SHOT", "a"),
        ("entity.Shot.code", "in", ["shot_one", "x"], "a"),
        ("entity.Asset.code", "contains", "RASS", ""),
        ("entity.Asset.project.Project.name", "is", "filters", "b"),
        ("entity.Shot.sg_sequence", "is", "{sequence}", "a"),
        ("entity.Shot.sg_sequence", "name_is", "SC01", "a"),
        ("entity.Shot.sg_sequence.Sequence.episode.Episode.code", "is", "EP01", "a"),
        ("entity.Shot.sg_sequence.Sequence.episode.Episode.project.Project.created_at", "in_last", [1, "DAY"], "a"),
        # A type that the field cannot link to leads nowhere.
        ("entity.Task.content", "is", "x", ""),
    ],
)
def test_a_filter_follows_links(sg: Any, rows: dict[str, Any], path: str, relation: str, value: Any, expected: str):
    assert found(sg, rows, [path, relation, filled(rows, value)]) == expected


@pytest.mark.wire("read", "filters through multi-entity fields: any of the rows may match")
@pytest.mark.parametrize(
    ("path", "relation", "value", "expected"),
    [
        ("playlists.Playlist.code", "starts_with", "dailies", "a"),
        ("playlists.Playlist.code", "is", "client", "ab"),
        ("playlists.Playlist.code", "is_not", "client", "a"),
        ("playlists.Playlist.locked", "is", True, "a"),
        ("playlists.Playlist.project", "is", "{project}", "ab"),
        ("playlists.Playlist.versions", "is", "{a}", "ab"),
        ("playlists.Playlist.versions.Version.code", "is", "a", "ab"),
        ("playlists.Playlist.versions.Version.entity.Asset.code", "contains", "stra", "ab"),
        ("playlists.Playlist.versions.Version.entity.Shot.sg_sequence.Sequence.shots.Shot.code", "is", "x", ""),
        ("entity.Shot.sg_sequence.Sequence.shots.Shot.sg_versions.Version.code", "is", "A", "a"),
        ("playlists.Playlist.versions.Version." * 8 + "code", "is", "a", "ab"),
    ],
)
def test_a_filter_follows_all_of_several_links(
    sg: Any, rows: dict[str, Any], path: str, relation: str, value: Any, expected: str
):
    assert found(sg, rows, [path, relation, filled(rows, value)]) == expected


@pytest.mark.wire("read", "what is retired does not count in filters over links")
def test_a_retired_row_is_not_passed_through(sg: Any, project: Link):
    playlist = sg.create("Playlist", {"project": project, "code": "gone"})
    shot = sg.create("Shot", {"project": project, "code": "gone"})
    sg.create("Version", {"project": project, "code": "v", "playlists": [playlist], "entity": shot})
    paths = ["playlists.Playlist.code", "entity.Shot.code"]
    mine = ["project", "is", project]
    assert [len(sg.find("Version", [mine, [path, "is", "gone"]])) for path in paths] == [1, 1]
    sg.delete("Playlist", playlist["id"])
    sg.delete("Shot", shot["id"])
    assert [len(sg.find("Version", [mine, [path, "is", "gone"]])) for path in paths] == [0, 0]


@pytest.mark.wire("read", "filters nest: all and any")
def test_and_and_or_nest(sg: Any, rows: dict[str, Any]):
    inner = {"filter_operator": "all", "filters": [["sg_status_list", "is", "apr"], ["sg_first_frame", "is", 990]]}
    assert found(sg, rows, {"filter_operator": "any", "filters": [["code", "is", "c"], inner]}) == "bc"
    assert found(sg, rows, {"filter_operator": "any", "filters": []}) == "abc"
    assert found(sg, rows, {"filter_operator": "all", "filters": []}) == "abc"


@pytest.mark.wire("read", "filters nest 265 deep")
@pytest.mark.parametrize("path", ["code", "playlists.Playlist.versions.Version.entity.Asset.sg_versions.Version.code"])
def test_filters_nest_deeply(site: SiteProcess, rows: dict[str, Any], path: str):
    """Each level lets through what the one inside does: nothing of it is dropped. (The client itself gives up here.)"""

    def ask(value: str, depth: int) -> Any:
        filters: Any = {"path": path, "relation": "is", "values": [value]}
        for level in range(depth):
            never = {"path": "code", "relation": "is", "values": ["nobody"]}
            always = {"path": "project", "relation": "is", "values": [rows["project"]]}
            operator, other = ("or", never) if level % 2 else ("and", always)
            filters = {"logical_operator": operator, "conditions": [other, filters]}
        call = {"method_name": "read", "params": [AUTH, {"type": "Version", "filters": filters}]}
        return requests.post(f"{site.url}/api3/json", json=call).json()

    assert ask("b", 265)["results"]["entities"] == ask("b", 0)["results"]["entities"] != []
    assert ask("nobody", 265)["results"]["entities"] == []
    assert ask("b", 266)["message"] == "API read() filters are nested too deeply"


@pytest.mark.wire("read", "thousands of conditions in one filter")
def test_thousands_of_conditions_are_one_question(sg: Any, rows: dict[str, Any]):
    many = {"filter_operator": "any", "filters": [["sg_first_frame", "is", number] for number in range(5000)]}
    assert found(sg, rows, many) == "ab"
    assert found(sg, rows, {"filter_operator": "any", "filters": [many, *[["code", "is", "c"]] * 3]}) == "abc"


@pytest.mark.wire("read", "a filter on a field or path that does not exist is a fault")
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nope", r"Version\.nope doesn't exist"),
        ("entity.Shot.nope", r"Shot\.nope doesn't exist"),
        ("entity.Nope.code", "Nope is not a valid entity type"),
        ("code.Shot.code", r"Version\.code of data type 'text' is not a link"),
        ("entity.Shot", "invalid field path 'entity.Shot'"),
        ("", "invalid/missing string 'path'"),
        ("entity.Shot.code.", "invalid field path"),
        ("playlists.Playlist.nope", r"Playlist\.nope doesn't exist"),
        ("playlists.Nope.code", "Nope is not a valid entity type"),
    ],
)
def test_a_path_to_nowhere_is_a_fault(sg: Any, path: str, words: str):
    with pytest.raises(Fault, match=rf"^API read\(\) {words}"):
        sg.find("Version", [[path, "is", "x"]])
