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


@pytest.mark.wire("schema_read", "every type and field")
def test_schema_read_has_every_type_and_field(sg: Any):
    found = sg.schema_read()
    assert found.keys() == SCHEMA.entities.keys()
    assert {kind: set(fields) for kind, fields in found.items()} == {
        kind: set(entity.fields) for kind, entity in SCHEMA.entities.items()
    }


@pytest.mark.wire("schema_entity_read", "types with their names")
def test_schema_entity_read_names_the_types(sg: Any):
    found = sg.schema_entity_read()
    assert len(found) >= 40
    assert found["PublishedFile"] == {
        "name": {"value": "Published File", "editable": False},
        "visible": {"value": True, "editable": False},
    }


@pytest.mark.wire("schema_field_read", "one field: data type, valid and display values, default")
def test_schema_field_read_of_one_field(sg: Any):
    found = sg.schema_field_read("Version", "sg_status_list")["sg_status_list"]
    assert found["data_type"] == {"value": "status_list", "editable": False}
    assert found["properties"]["valid_values"]["value"] == ["na", "rev", "vwd", "apr"]
    assert found["properties"]["default_value"]["value"] == "rev"
    assert found["properties"]["display_values"]["value"]["rev"] == "Pending Review"
    assert found["mandatory"]["value"] is False


@pytest.mark.wire("schema_field_read", "all fields of a type")
def test_schema_field_read_of_one_type_is_the_same(sg: Any):
    fields = sg.schema_field_read("Shot")
    assert fields == sg.schema_read()["Shot"]
    assert fields["tasks"]["properties"]["valid_types"]["value"] == ["Task"]


@pytest.mark.wire("schema_entity_read", "as one project sees it")
def test_a_projects_schema_can_be_asked_for(sg: Any, project: dict[str, Any]):
    assert sg.schema_read(project) == sg.schema_read()
    assert sg.schema_entity_read(project) == sg.schema_entity_read()


@pytest.mark.wire("schema_field_read", "unknown types and fields are faults")
def test_what_is_not_there_is_a_fault(sg: Any):
    for ask in (lambda: sg.schema_field_read("Nope"), lambda: sg.schema_field_read("Shot", "nope")):
        with pytest.raises(Fault, match="doesn't exist"):
            ask()


@pytest.mark.wire("schema_read", "all properties of a field, and which of them can be changed")
def test_a_field_tells_every_property_and_whether_it_can_be_changed(sg: Any):
    field = sg.schema_field_read("Shot", "sg_status_list")["sg_status_list"]
    changeable = {key for key, told in field.items() if key != "properties" and told["editable"]}
    assert changeable == {"name", "description", "custom_metadata", "visible"}
    assert field.keys() - changeable == {
        "entity_type", "data_type", "editable", "mandatory", "unique", "ui_value_displayable", "properties",
    }  # fmt: skip
    properties = field["properties"]
    assert {key: told["editable"] for key, told in properties.items()} == {
        "default_value": True, "summary_default": True, "valid_values": True, "display_values": False,
        "hidden_values": False,
    }  # fmt: skip
    assert properties["hidden_values"]["value"] == []
    assert properties["display_values"]["value"].keys() == set(properties["valid_values"]["value"])
    links = sg.schema_field_read("Shot", "tasks")["tasks"]["properties"]
    assert links["default_value"] == {"value": None, "editable": False}
    assert links["valid_types"] == {"value": ["Task"], "editable": True}
    code = sg.schema_field_read("Shot", "code")["code"]
    assert (code["mandatory"]["value"], code["visible"]) == (True, {"value": True, "editable": False})


@pytest.mark.wire("schema_read", "a project that is not there is a fault")
def test_a_project_that_is_not_there_is_a_fault(sg: Any):
    nobody = {"type": "Project", "id": 10**9}
    for ask in (sg.schema_read, sg.schema_entity_read, lambda one: sg.schema_field_read("Shot", "code", one)):
        with pytest.raises(Fault, match="does not exist"):
            ask(nobody)
        with pytest.raises(Fault, match=r"expected \[Hash, NilClass\]"):
            ask({"type": "Shot", "id": 1})


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


# What scripts of a pipeline name, by type: publishing, loading, breaking down, reviewing, delivering.
USED = {
    "Version": "code entity sg_task user description sg_status_list sg_path_to_frames sg_path_to_movie sg_first_frame "
    "sg_last_frame frame_count frame_range sg_uploaded_movie sg_uploaded_movie_mp4 image filmstrip_image "
    "published_files playlists client_approved sg_version_type uploaded_movie_duration tags notes cuts",
    "PublishedFile": "code name path path_cache path_cache_storage version_number version entity task project "
    "published_file_type description image sg_status_list upstream_published_files downstream_published_files tags",
    "PublishedFileDependency": "published_file dependent_published_file",
    "Task": "content entity step sg_status_list task_assignees task_reviewers start_date due_date duration est_in_mins "
    "upstream_tasks downstream_tasks task_template template_task sg_description time_logs_sum splits milestone",
    "Note": "subject content note_links tasks addressings_to addressings_cc attachments replies sg_note_type "
    "sg_status_list user read_by_current_user project client_note",
    "Shot": "code sg_sequence sg_cut_in sg_cut_out sg_cut_duration sg_cut_order sg_head_in sg_tail_out "
    "sg_working_duration smart_cut_in smart_head_in smart_tail_out smart_working_duration cut_in head_in tail_out "
    "assets tasks task_template parent_shots shots cut_items sg_versions sg_published_files open_notes_count",
    "Asset": "code sg_asset_type shots assets parents sequences episodes tasks task_template",
    "Cut": "code entity version revision_number fps duration cut_items timecode_start_text timecode_end_text",
    "CutItem": "code cut shot version cut_order cut_item_in cut_item_out cut_item_duration edit_in edit_out "
    "timecode_cut_item_in_text timecode_edit_out_text",
    "Playlist": "code versions sg_date_and_time sg_status locked",
    "Delivery": "title addressings_to sg_status_list sg_delivery_type sg_due_date versions attachments",
    "HumanUser": "name login email firstname lastname password_proxy groups projects department sg_status_list",
    "LocalStorage": "code linux_path mac_path windows_path",
    "PipelineConfiguration": "code linux_path mac_path windows_path descriptor plugin_ids users uploaded_config",
    "EventLogEntry": "event_type attribute_name meta entity user project session_uuid created_at",
    "CustomEntity05": "code description sg_status_list tasks",
    "CustomNonProjectEntity01": "code description",
}


def test_what_pipelines_name_is_there():
    lacking = {
        f"{kind}.{name}"
        for kind, names in USED.items()
        for name in names.split()
        if name not in SCHEMA.entities[kind].fields
    }
    assert lacking == set()
    assert len(SCHEMA.entities) >= 60


def test_no_field_is_ours():
    names = {field.name for field in all_fields(SCHEMA)}
    assert not {name for name in names if "onepiece" in name}
