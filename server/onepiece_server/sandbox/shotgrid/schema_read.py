"""The schema methods: the site's types and fields in the shape of the wire."""

from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid.faults import field_missing
from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, Field
from onepiece_server.sandbox.shotgrid.site import Caller, Site


def schema_entity_read(site: Site, _caller: Caller, _args: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"name": _fixed(entity.label), "visible": _fixed(True)} for name, entity in site.schema.entities.items()
    }


def schema_read(site: Site, _caller: Caller, _args: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {field.name: shown_field(site, field) for field in entity.fields.values()}
        for name, entity in site.schema.entities.items()
    }


def schema_field_read(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    entity = site.schema.entity(args.get("type"), "schema_field_read")
    name = args.get("field_name")
    if name is None:
        return {field.name: shown_field(site, field) for field in entity.fields.values()}
    if not isinstance(name, str) or name not in entity.fields:
        raise field_missing("schema_field_read", entity.name, f"{name!s:.100}")
    return {name: shown_field(site, entity.fields[name])}


def shown_field(site: Site, field: Field) -> dict[str, Any]:
    """One field: each property as ``{"value", "editable"}``."""
    return {
        "name": _editable(field.label),
        "description": _editable(field.description),
        "custom_metadata": _editable(""),
        "entity_type": _fixed(field.entity_type),
        "data_type": _fixed(field.data_type),
        "editable": _fixed(field.editable),
        "mandatory": _fixed(field.mandatory),
        "unique": _fixed(field.unique),
        "visible": _editable(field.visible),
        "ui_value_displayable": _fixed(True),
        "properties": _properties(site, field),
    }


def _properties(site: Site, field: Field) -> dict[str, Any]:
    properties = {"default_value": _editable(field.default), "summary_default": _editable("none")}
    if field.data_type in ("list", "status_list"):
        properties["valid_values"] = _editable(list(field.valid_values))
    if field.data_type == "status_list":
        properties["display_values"] = _fixed(field.display_values)
        properties["hidden_values"] = _fixed([])
    if field.data_type in ("entity", "multi_entity"):
        types = list(site.schema.entities) if field.valid_types == (ANY_TYPE,) else list(field.valid_types)
        properties["valid_types"] = _editable(types)
    return properties


def _fixed(value: Any) -> dict[str, Any]:
    return {"value": value, "editable": False}


def _editable(value: Any) -> dict[str, Any]:
    return {"value": value, "editable": True}
