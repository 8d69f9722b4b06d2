"""Relations: both sides of every pair of fields of the schema stay in step, whichever is written."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from shotgun_api3 import Fault

from onepiece_server.sandbox.shotgrid.model import ENTITY, INVERSE_ENTITY, THROUGH, Field, load_schema

Link = dict[str, Any]
SCHEMA = load_schema()
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Pair:
    """Two fields that show the same links; ``held`` is where a single link lives, or the side without an inverse."""

    held: Field
    shown: Field

    def __str__(self) -> str:
        return f"{self.held.path}-{self.shown.path}"


def pairs() -> list[Pair]:
    fields = [field for entity in SCHEMA.entities.values() for field in entity.fields.values()]
    through = {field.through: field for field in fields if field.storage == THROUGH}
    found = [Pair(SCHEMA.field(field.inverse), field) for field in fields if field.inverse]
    for path, field in through.items():
        connection, here, there = path.split(".")
        if here < there and (other := through.get(f"{connection}.{there}.{here}")):
            found.append(Pair(field, other))
    return [pair for pair in found if pair.held.editable and pair.shown.editable]


PAIRS = pairs()
THROUGHS = [field for e in SCHEMA.entities.values() for field in e.fields.values() if field.storage == THROUGH]


def make(sg: Any, kind: str, project: Link, /, **data: Any) -> Link:
    """A row of any type with what it must have."""
    for field in SCHEMA.entities[kind].fields.values():
        if field.mandatory and field.name not in data:
            if field.name == "project":
                data["project"] = project
            elif field.storage == ENTITY:
                data[field.name] = make(sg, field.valid_types[0], project)
            else:
                data[field.name] = f"related {kind} {next(_numbers)}"
    return sg.create(kind, data)


def ids(sg: Any, row: Link, field: Field) -> list[int]:
    """The ids that a field of a row shows, be it one link or many; of links alone to the other side's type."""
    value = sg.find_one(row["type"], [["id", "is", row["id"]]], [field.name])[field.name]
    many = value if isinstance(value, list) else [value] if value else []
    return [link["id"] for link in many]


def value(field: Field, *rows: Link) -> Any:
    links = [{"type": row["type"], "id": row["id"]} for row in rows]
    return links if field.is_many else (links[0] if links else None)


def write(sg: Any, row: Link, field: Field, *rows: Link, mode: str = "set") -> None:
    sg.update(row["type"], row["id"], {field.name: value(field, *rows)}, multi_entity_update_modes={field.name: mode})


@pytest.mark.wire("update", "both sides of every pair of link fields stay in step")
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_both_sides_stay_in_step(sg: Any, project: Link, pair: Pair):
    held, shown = pair.held, pair.shown
    one = make(sg, shown.entity_type, project)
    # Made with its link, where a row is asked for it anyhow.
    other = make(sg, held.entity_type, project, **{held.name: value(held, one)})
    assert other["id"] in ids(sg, one, shown)
    if held.mandatory:
        with pytest.raises(Fault, match="is required"):
            write(sg, one, shown)
    else:
        write(sg, one, shown)
        assert ids(sg, other, held) == []
        write(sg, one, shown, other, mode="add")
        assert ids(sg, other, held) == [one["id"]]
        write(sg, other, held)
        assert ids(sg, one, shown) == []
    write(sg, other, held, one)
    assert ids(sg, one, shown) == [other["id"]]


@pytest.mark.wire("delete", "a retired row leaves every list, single links to it read as empty")
@pytest.mark.wire("revive", "a revived row is back in every list")
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_retired_row_leaves_the_lists_and_comes_back(sg: Any, project: Link, pair: Pair):
    held, shown = pair.held, pair.shown
    one = make(sg, shown.entity_type, project)
    other = make(sg, held.entity_type, project, **{held.name: value(held, one)})
    for gone, left, field in ((other, one, shown), (one, other, held)):
        sg.delete(gone["type"], gone["id"])
        assert ids(sg, left, field) == []
        sg.revive(gone["type"], gone["id"])
        assert ids(sg, left, field) == [gone["id"]]


@pytest.mark.wire("create", "connection rows are made, moved and deleted like any other; the lists follow")
@pytest.mark.parametrize("field", THROUGHS, ids=lambda field: field.path)
def test_a_connection_is_a_row_of_its_own(sg: Any, project: Link, field: Field):
    kind, here, there = str(field.through).split(".")
    one, first, second = (make(sg, t, project) for t in (field.entity_type, *field.valid_types[:1] * 2))
    row = make(sg, kind, project, **{here: one, there: first})
    assert ids(sg, one, field) == [first["id"]]
    sg.update(kind, row["id"], {there: value(SCHEMA.entities[kind].fields[there], second)})
    assert ids(sg, one, field) == [second["id"]]
    sg.delete(kind, row["id"])
    assert ids(sg, one, field) == []
    sg.revive(kind, row["id"])
    assert ids(sg, one, field) == [second["id"]]


@pytest.mark.wire("update", "the same link twice is one connection row")
@pytest.mark.parametrize("field", THROUGHS, ids=lambda field: field.path)
@pytest.mark.parametrize("mode", ["set", "add"])
def test_the_same_link_twice_is_one_connection(sg: Any, project: Link, field: Field, mode: str):
    kind, here, _ = str(field.through).split(".")
    one, other = (make(sg, t, project) for t in (field.entity_type, field.valid_types[0]))
    write(sg, one, field, other, other)
    write(sg, one, field, other, mode=mode)
    rows = sg.find(kind, [[here, "is", value(SCHEMA.entities[kind].fields[here], one)]])
    assert len(rows) == 1
    assert ids(sg, one, field) == [other["id"]]


@pytest.mark.wire("update", "multi_entity_update_modes set, add and remove on all four kinds of relation")
@pytest.mark.parametrize(
    "path",
    ["Asset.assets", "Asset.parents", "Sequence.shots", "Shot.assets"],
    ids=["a list of links", "its other side", "rows that link here", "through connections"],
)
@pytest.mark.parametrize(
    ("mode", "given", "expected"),
    [
        ("set", "bc", "bc"),
        ("set", "", ""),
        ("set", "ab", "ab"),
        ("add", "bc", "abc"),
        ("add", "", "ab"),
        ("remove", "ac", "b"),
        ("remove", "c", "ab"),
        ("remove", "abc", ""),
    ],
)
def test_modes(sg: Any, project: Link, path: str, mode: str, given: str, expected: str):
    field = SCHEMA.field(path)
    group = {letter: make(sg, field.valid_types[0], project) for letter in "abc"}
    one = make(sg, field.entity_type, project, **{field.name: [group["a"], group["b"]]})
    written = {field.name: value(field, *(group[letter] for letter in given))}
    told = sg.update(one["type"], one["id"], written, multi_entity_update_modes={field.name: mode})
    assert {link["id"] for link in told[field.name]} == {group[letter]["id"] for letter in expected}
    assert ids(sg, one, field) == [link["id"] for link in told[field.name]]


@pytest.mark.wire("update", "None empties a list of links")
def test_none_empties_a_list(sg: Any, project: Link):
    shot = make(sg, "Shot", project)
    asset = make(sg, "Asset", project, shots=[shot])
    assert sg.update("Asset", asset["id"], {"shots": None})["shots"] == []
    assert ids(sg, shot, SCHEMA.field("Shot.assets")) == []


@pytest.mark.wire("update", "a row moves from one list to another")
def test_a_shot_is_in_one_sequence(sg: Any, project: Link):
    shot, first, second = (make(sg, kind, project) for kind in ("Shot", "Sequence", "Sequence"))
    shots = SCHEMA.field("Sequence.shots")
    write(sg, first, shots, shot)
    write(sg, second, shots, shot, mode="add")
    assert (ids(sg, first, shots), ids(sg, second, shots)) == ([], [shot["id"]])


@pytest.mark.wire("read", "a playlist's versions are in the order of sg_sort_order")
def test_the_connections_keep_a_playlists_order(sg: Any, project: Link):
    versions = [make(sg, "Version", project) for _ in range(3)]
    playlist = make(sg, "Playlist", project, versions=versions)
    rows = sg.find("PlaylistVersionConnection", [["playlist", "is", playlist]], ["version"])
    for row, order in zip(rows, (30, 10, 20), strict=True):
        sg.update("PlaylistVersionConnection", row["id"], {"sg_sort_order": order})
    shown = ids(sg, playlist, SCHEMA.field("Playlist.versions"))
    assert shown == [versions[place]["id"] for place in (1, 2, 0)]


@pytest.mark.wire("read", "notes are seen from every row they are linked to")
def test_a_note_on_rows_of_several_types(sg: Any, project: Link):
    shot, version = make(sg, "Shot", project), make(sg, "Version", project)
    note = make(sg, "Note", project, note_links=[shot, version])
    assert ids(sg, shot, SCHEMA.field("Shot.notes")) == ids(sg, version, SCHEMA.field("Version.notes")) == [note["id"]]


@pytest.mark.wire("update", "an invalid mode, type or target of a link is a fault and changes nothing")
@pytest.mark.parametrize("path", ["Asset.assets", "Asset.parents", "Sequence.shots", "Shot.assets"])
def test_a_link_that_does_not_fit_changes_nothing(sg: Any, project: Link, path: str):
    field = SCHEMA.field(path)
    other = make(sg, field.valid_types[0], project)
    one = make(sg, field.entity_type, project, **{field.name: [other]})
    gone = make(sg, field.valid_types[0], project)
    sg.delete(gone["type"], gone["id"])
    for wrong in ([gone], [other, {"type": "Department", "id": 1}], [{"type": other["type"], "id": 10**12}], "x", [1]):
        with pytest.raises(Fault):
            sg.update(one["type"], one["id"], {field.name: wrong})
    with pytest.raises(Fault, match="invalid 'multi_entity_update_mode'"):
        write(sg, one, field, mode="replace")
    assert ids(sg, one, field) == [other["id"]]


def test_there_is_something_to_prove():
    assert len(PAIRS) > 50
    assert len({field.storage for pair in PAIRS for field in (pair.held, pair.shown)}) == 5
    assert {pair.held.storage for pair in PAIRS if pair.shown.storage == INVERSE_ENTITY} == {ENTITY}
