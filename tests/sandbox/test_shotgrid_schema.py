"""The schema: what the client reads of it, and that our data about a stock site holds together."""

from __future__ import annotations

from typing import Any

import pytest
from shotgun_api3 import Fault

from onepiece_server.sandbox.shotgrid.model import Schema, load_schema

SCHEMA = load_schema()
DATA_TYPES = {
    "checkbox", "color", "currency", "date", "date_time", "duration", "entity", "entity_type", "float", "footage",
    "image", "list", "multi_entity", "number", "password", "percent", "serializable", "status_list", "tag_list",
    "text", "timecode", "url", "uuid",
}  # fmt: skip


def test_schema_read_has_every_type_and_field(sg: Any):
    found = sg.schema_read()
    assert found.keys() == SCHEMA.entities.keys()
    assert {kind: set(fields) for kind, fields in found.items()} == {
        kind: set(entity.fields) for kind, entity in SCHEMA.entities.items()
    }


def test_schema_entity_read_names_the_types(sg: Any):
    found = sg.schema_entity_read()
    assert len(found) >= 40
    assert found["PublishedFile"] == {
        "name": {"value": "Published File", "editable": False},
        "visible": {"value": True, "editable": False},
    }


def test_schema_field_read_of_one_field(sg: Any):
    found = sg.schema_field_read("Version", "sg_status_list")["sg_status_list"]
    assert found["data_type"] == {"value": "status_list", "editable": False}
    assert found["properties"]["valid_values"]["value"] == ["na", "rev", "vwd", "apr"]
    assert found["properties"]["default_value"]["value"] == "rev"
    assert found["properties"]["display_values"]["value"]["rev"] == "Pending Review"
    assert found["mandatory"]["value"] is False


def test_schema_field_read_of_one_type_is_the_same(sg: Any):
    fields = sg.schema_field_read("Shot")
    assert fields == sg.schema_read()["Shot"]
    assert fields["tasks"]["properties"]["valid_types"]["value"] == ["Task"]


def test_a_projects_schema_can_be_asked_for(sg: Any, project: dict[str, Any]):
    assert sg.schema_read(project) == sg.schema_read()
    assert sg.schema_entity_read(project) == sg.schema_entity_read()


def test_what_is_not_there_is_a_fault(sg: Any):
    for ask in (lambda: sg.schema_field_read("Nope"), lambda: sg.schema_field_read("Shot", "nope")):
        with pytest.raises(Fault, match="doesn't exist"):
            ask()


def all_fields(schema: Schema) -> list[Any]:
    return [field for entity in schema.entities.values() for field in entity.fields.values()]


def test_every_field_has_a_data_type_of_the_site():
    assert {field.data_type for field in all_fields(SCHEMA)} <= DATA_TYPES


def test_every_type_that_is_linked_to_is_there():
    linked = {kind for field in all_fields(SCHEMA) for kind in field.valid_types}
    assert linked - {"*"} <= SCHEMA.entities.keys()
    assert all(field.valid_types for field in all_fields(SCHEMA) if field.data_type in ("entity", "multi_entity"))


def test_every_relation_fits_its_other_side():
    for field in all_fields(SCHEMA):
        if field.inverse:
            other = SCHEMA.field(field.inverse)
            assert other.accepts(field.entity_type), f"{field.path} <- {other.path}"
            assert field.valid_types == (other.entity_type,), f"{field.path} <- {other.path}"
            assert not other.inverse, f"{other.path} keeps no rows"
        if field.through:
            connection, here, there = field.through.split(".")
            fields = SCHEMA.entities[connection].fields
            assert fields[here].accepts(field.entity_type), field.path
            assert fields[there].valid_types == field.valid_types, field.path


def test_every_type_has_a_display_field_and_the_usual_ones():
    for entity in SCHEMA.entities.values():
        assert entity.display in entity.fields
        assert {"id", "created_at", "created_by", "updated_at", "updated_by"} <= entity.fields.keys()


def test_a_default_is_one_of_the_valid_values():
    for field in all_fields(SCHEMA):
        if field.valid_values and field.default is not None:
            assert field.default in field.valid_values, field.path


def test_no_field_is_ours():
    names = {field.name for field in all_fields(SCHEMA)}
    assert not {name for name in names if "onepiece" in name}
