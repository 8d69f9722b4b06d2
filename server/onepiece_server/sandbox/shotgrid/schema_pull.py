"""A site's schema in our form, from what its ``schema_read`` and ``schema_entity_read`` tell.

A site does not tell which fields are two sides of one relation. Where the field is one of a stock site, its other
side is known; elsewhere it is inferred (see :func:`_other_side`); what stays unknown is a plain list of links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, DATA_TYPES, LINK_TYPES, Raw, stock_raw

# Fields that may name a row, the likeliest first.
_DISPLAY = ("code", "name", "title", "content", "subject", "display_name", "firstname", "cached_display_name", "id")
_FIELD_PROPERTIES = (
    "name", "description", "custom_metadata", "data_type", "editable", "mandatory", "unique", "visible",
    "ui_value_displayable",
)  # fmt: skip
_TOLD = ("default_value", "summary_default", "valid_values", "display_values", "hidden_values", "valid_types")
_BASE_FIELDS = {"id": {"data_type": "number", "name": "Id", "editable": False}}
# What is the same when nobody says it; it is left out of the file.
_DEFAULTS: Raw = {
    "description": "", "custom_metadata": "", "editable": True, "mandatory": False, "unique": False, "visible": True,
    "ui_value_displayable": True, "default_value": None, "summary_default": "none", "valid_values": [],
    "display_values": {}, "hidden_values": [], "valid_types": [],
}  # fmt: skip


def to_raw(entities: dict[str, Any], fields: dict[str, Any]) -> Raw:
    """The raw schema of a site.

    Args:
        entities: what ``schema_entity_read`` answers.
        fields: what ``schema_read`` answers.
    """
    stock = stock_raw()
    raw: Raw = {}
    for name in sorted(fields):
        told = entities.get(name, {})
        known = stock.get(name, {"fields": {}})
        own = {key: _field(field, key in known["fields"], key) for key, field in fields[name].items()}
        own = {**_BASE_FIELDS, **own}
        raw[name] = {"name": _value(told, "name", name), "display": _display(own, known), "fields": own}
        if _value(told, "visible", True) is False:
            raw[name]["visible"] = False
    _name_types(raw)
    _relate(raw, stock)
    return raw


def _value(told: Any, key: str, default: Any) -> Any:
    found = told.get(key) if isinstance(told, dict) else None
    return found.get("value", default) if isinstance(found, dict) else default


def _field(told: dict[str, Any], is_stock: bool, name: str) -> Raw:
    properties = told.get("properties") or {}
    field = {key: _value(told, key, _DEFAULTS.get(key)) for key in _FIELD_PROPERTIES}
    field |= {key: _value(properties, key, _DEFAULTS[key]) for key in _TOLD}
    field["data_type"] = data_type = str(field["data_type"])
    field["name"] = field["name"] if isinstance(field["name"], str) else name
    if data_type not in LINK_TYPES:
        field["valid_types"] = []
    if not isinstance(field["default_value"], str | int | float | bool | None):
        field["default_value"] = None
    for key in ("valid_values", "hidden_values", "valid_types"):
        field[key] = [str(one) for one in field[key] or []]
    field["display_values"] = {str(code): str(shown) for code, shown in (field["display_values"] or {}).items()}
    if data_type not in DATA_TYPES:
        # A kind of field newer than we are: shown as it is, kept as text, written by nobody.
        field |= {"data_type": "calculated", "editable": False}
    for key, empty in _DEFAULTS.items():
        if field[key] is None or (field[key] == empty and type(field[key]) is type(empty)):
            del field[key]
    if more := {key: value for key, value in properties.items() if key not in _TOLD}:
        field["more"] = more
    if name.startswith("sg_") and not is_stock:
        field["custom"] = True
    return field


def _display(fields: Raw, known: Raw) -> str:
    for name in (known.get("display"), *_DISPLAY):
        if name in fields and fields[name]["data_type"] not in (*LINK_TYPES, "url", "image"):
            return str(name)
    return "id"


def _name_types(raw: Raw) -> None:
    """Links lead to types of this site; a site lists every type where any will do."""
    for entity in raw.values():
        for field in entity["fields"].values():
            if field["data_type"] in LINK_TYPES:
                types = [one for one in field.get("valid_types", []) if one in raw]
                anything = not types or len(types) == len(raw)
                field["valid_types"] = [ANY_TYPE] if anything else types


def _relate(raw: Raw, stock: Raw) -> None:
    taken: set[str] = set()  # what is the other side of a field already
    for name, key, field in _lists(raw):
        known = stock.get(name, {}).get("fields", {}).get(key, {})
        for kind in ("inverse", "through"):
            other = known.get(kind)
            if other and field["valid_types"] == known["valid_types"] and _fits(raw, name, field, other):
                field[kind] = other
                taken |= {other, f"{name}.{key}"}
    for name, key, field in _lists(raw):
        path = f"{name}.{key}"
        if path in taken or key in stock.get(name, {}).get("fields", {}):
            continue
        other = _other_side(raw, name, key, field, taken)
        if other is not None:
            field["inverse"] = other
            taken |= {other, path}


def _lists(raw: Raw) -> Iterator[tuple[str, str, Raw]]:
    for name in sorted(raw):
        for key in sorted(raw[name]["fields"]):
            field = raw[name]["fields"][key]
            types = field.get("valid_types", [])
            if field["data_type"] == "multi_entity" and len(types) == 1 and types != [ANY_TYPE]:
                yield name, key, field


def _fits(raw: Raw, name: str, field: Raw, other: str) -> bool:
    """Whether a stock field's other side is on this site, too, and as it should be."""
    entity_type, *ends = other.split(".")
    fields = raw.get(entity_type, {}).get("fields", {})
    if any(end not in fields or fields[end]["data_type"] not in LINK_TYPES for end in ends):
        return False
    accepted = [fields[end]["valid_types"] for end in ends]
    wanted = [name, *field["valid_types"]]
    if len(ends) == 2 and any(fields[end]["data_type"] != "entity" for end in ends):
        return False
    if len(ends) == 1 and (fields[ends[0]].get("inverse") or fields[ends[0]].get("through")):
        return False
    return all(types == [ANY_TYPE] or one in types for types, one in zip(accepted, wanted, strict=False))


def _other_side(raw: Raw, name: str, key: str, field: Raw, taken: set[str]) -> str | None:
    """The field that ``name.key`` mirrors, when there is no doubt.

    A site names the far side of a custom link after the near one: ``Shot.asset_sg_extras_assets`` mirrors
    ``Asset.sg_extras``. Otherwise two fields belong together when each is the only one of its type that links
    to the other's; a custom field is never taken for a mirror.
    """
    other = field["valid_types"][0]
    back = {
        one: link
        for one, link in raw[other]["fields"].items()
        if link["data_type"] in LINK_TYPES
        and link["valid_types"] == [name]
        and not (link.get("inverse") or link.get("through"))
        and f"{other}.{one}" not in taken
        and (other, one) != (name, key)
    }
    prefix, suffix = _snake(other) + "_", "_" + _snake(other) + "s"
    mirrored = key.removeprefix(prefix).removesuffix(suffix)
    if key == prefix + mirrored + suffix:
        return f"{other}.{mirrored}" if mirrored in back else None
    if key.startswith("sg_"):
        return None
    forth = [
        one
        for one, link in raw[name]["fields"].items()
        if link["data_type"] in LINK_TYPES and link["valid_types"] == [other]
    ]
    return f"{other}.{next(iter(back))}" if len(back) == 1 and forth == [key] else None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
