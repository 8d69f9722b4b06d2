"""The properties of a field that callers may set, checked; what they are called in our schema's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from onepiece_server.sandbox.shotgrid.faults import Fault, shown, type_fault
from onepiece_server.sandbox.shotgrid.model import LINK_TYPES, Raw, Schema, build_field
from onepiece_server.sandbox.shotgrid.values import checked_text, to_column

# Data types of fields that people can make; the others come with the site.
CREATABLE = (
    "checkbox", "color", "currency", "date", "date_time", "duration", "entity", "float", "footage", "list",
    "multi_entity", "number", "password", "percent", "serializable", "status_list", "tag_list", "text", "timecode",
    "url",
)  # fmt: skip
CHOICES = ("list", "status_list")
SUMMARIES = (
    "none", "record_count", "count", "sum", "maximum", "minimum", "average", "earliest", "latest", "percentage",
    "status_percentage", "status_percentage_as_float", "status_list", "checked", "unchecked",
)  # fmt: skip
_NO_DEFAULT = LINK_TYPES | {"url", "image", "serializable", "tag_list", "password"}


def property_names(data_type: str) -> tuple[str, ...]:
    names = ["name", "visible", "description", "summary_default"]
    if data_type not in _NO_DEFAULT:
        names.append("default_value")
    if data_type in CHOICES:
        names.append("valid_values")
    if data_type in LINK_TYPES:
        names.append("valid_types")
    return (*names, "custom_metadata")


def parsed(method: str, told: Any, data_type: str) -> dict[str, Any]:
    """``[{"property_name", "value"}]`` as a dict whose names the data type knows."""
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise type_fault(method, "'properties'", ["Array"], told)
    known, found = property_names(data_type), {}
    for one in told:
        name = one.get("property_name")
        if name not in known or "value" not in one:
            names = ", ".join(f'"{each}"' for each in known)
            raise Fault(
                f"API {method}() invalid property '{name!s:.60}': {shown(one)}\nValid property names: [{names}]"
            )
        found[name] = one["value"]
    return found


def merged(method: str, schema: Schema, where: tuple[str, str], field: Raw, told: Mapping[str, Any]) -> Raw:
    """``field`` (in our form) with the properties ``told``.

    Args:
        where: the field's entity type and name.

    Raises:
        Fault: a value does not fit.
    """
    checks = {"visible": _boolean, "valid_values": _values, "summary_default": _summary}
    changed = dict(field)
    for name, value in told.items():
        if name == "valid_types":
            changed[name] = _types(method, schema, value)
        elif name != "default_value":
            changed[name] = checks.get(name, _text)(method, name, value)
    if "valid_values" in told:
        legal = changed["valid_values"]
        if changed.get("default_value") not in legal:
            changed["default_value"] = None
        shown_as = {code: name for code, name in changed.get("display_values", {}).items() if code in legal}
        changed["display_values"] = shown_as
    if "default_value" in told:
        changed["default_value"] = _default(method, where, changed, told["default_value"])
    return changed


def _text(method: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise type_fault(method, f"'{name}'", ["String"], value)
    checked_text(value, f"'{name}'", method)  # for its refusals; a schema is told without escapes
    if name == "name" and not value.strip():
        raise Fault(f"API {method}() 'name' of a field must not be empty:")
    return value.strip() if name == "name" else value


def _boolean(method: str, name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise type_fault(method, f"'{name}'", ["TrueClass", "FalseClass"], value)
    return value


def _values(method: str, name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise type_fault(method, f"'{name}'", ["Array"], value)
    return list(dict.fromkeys(_text(method, name, one) for one in value))


def _summary(method: str, name: str, value: Any) -> str:
    if value not in SUMMARIES:
        raise Fault(f"API {method}() invalid '{name}' {shown(value)}: expected one of [{', '.join(SUMMARIES)}]")
    return str(value)


def _types(method: str, schema: Schema, value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise Fault(f"API {method}() 'valid_types' value expected Array with at least one element: {shown(value)}")
    return list(dict.fromkeys(schema.entity(one, method).name for one in value))


def _default(method: str, where: tuple[str, str], field: Raw, value: Any) -> Any:
    column = to_column(build_field(*where, field, {}), value, method)
    return bool(column) if field["data_type"] == "checkbox" else column


def display_values(codes: Iterable[str], named: Mapping[str, str]) -> dict[str, str]:
    """What people read for each status code."""
    return {code: named.get(code, code) for code in codes}
