"""A site's schema as one JSON file (``onepiece.shotgrid-schema.1``): read, checked, written.

What is in such a file becomes tables, columns and relations. So names must be plain identifiers, links must lead
somewhere and nothing may go in a circle: a file that fails in this is refused as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from onepiece_core.errors import SandboxSchemaInvalid
from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, DATA_TYPES, LINK_TYPES, Raw

FORM = "onepiece.shotgrid-schema.1"
MAX_BYTES = 32 * 1024 * 1024
# SQLite's limit is 2,000 columns a table; ours and those of links come on top.
MAX_FIELDS = 900
MAX_TYPES = 1000
# In all types together; it is counted before the file is parsed.
MAX_FIELDS_IN_ALL = 60_000
_SHOWN_PROBLEMS = 5

_TYPE_NAME = re.compile(r"(?!sqlite)[A-Za-z][A-Za-z0-9]{0,62}", re.IGNORECASE)
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")

Scalar = str | int | float | bool | None


class FieldForm(BaseModel, frozen=True, extra="forbid", strict=True):
    """One field; see :class:`onepiece_server.sandbox.shotgrid.model.Field`."""

    data_type: str
    name: str
    description: str = ""
    editable: bool = True
    mandatory: bool = False
    unique: bool = False
    visible: bool = True
    valid_types: list[str] = []
    valid_values: list[str] = []
    display_values: dict[str, str] = {}
    hidden_values: list[str] = []
    default_value: Scalar = None
    summary_default: str = "none"
    custom_metadata: str = ""
    ui_value_displayable: bool = True
    custom: bool = False
    inverse: str | None = None
    through: str | None = None
    more: dict[str, Any] = {}


class EntityForm(BaseModel, frozen=True, extra="forbid", strict=True):
    name: str
    display: str
    visible: bool = True
    fields_: dict[str, FieldForm] = Field(alias="fields", max_length=MAX_FIELDS)


class SchemaForm(BaseModel, frozen=True, extra="forbid", strict=True):
    schema_: Literal["onepiece.shotgrid-schema.1"] = Field(alias="schema")
    entities: dict[str, EntityForm] = Field(min_length=1, max_length=MAX_TYPES)


def read_schema_file(path: Path) -> Raw:
    """The raw schema in ``path``.

    Raises:
        SandboxSchemaInvalid: the file cannot be read, is too large, is no schema or contradicts itself.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as cause:
        raise _refused(path, [cause.strerror or str(cause)]) from cause
    if len(content) > MAX_BYTES:
        raise _refused(path, [f"it is larger than {MAX_BYTES >> 20} MB"])
    if content.count(b'"data_type"') > MAX_FIELDS_IN_ALL:
        raise _refused(path, [f"it has more than {MAX_FIELDS_IN_ALL:,} fields"])
    return checked(content, path)


def checked(content: bytes, where: Path | str) -> Raw:
    """The raw schema that ``content`` spells; ``where`` it comes from is for the message alone."""
    try:
        form = SchemaForm.model_validate_json(content)
    except ValidationError as cause:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in cause.errors()]
        raise _refused(where, problems) from cause
    raw: Raw = form.model_dump(mode="json", by_alias=True, exclude_unset=True)["entities"]
    problems = list(_problems(raw))
    if problems:
        raise _refused(where, problems)
    return raw


def schema_text(raw: Raw) -> str:
    """``raw`` as the text of a schema file: the same text for the same schema, one field a line."""
    lines = ["{", f'  "schema": "{FORM}",', '  "entities": {']
    for number, name in enumerate(sorted(raw), start=1):
        entity = raw[name]
        head = {key: value for key, value in entity.items() if key != "fields"}
        lines += [f"    {json.dumps(name)}: {{"]
        lines += [f"      {json.dumps(key)}: {json.dumps(head[key], ensure_ascii=False)}," for key in sorted(head)]
        lines += ['      "fields": {']
        fields = [
            f"        {json.dumps(key)}: {json.dumps(entity['fields'][key], ensure_ascii=False, sort_keys=True)}"
            for key in sorted(entity["fields"])
        ]
        lines += [",\n".join(fields), "      }", "    }" + ("," if number < len(raw) else "")]
    return "\n".join([*lines, "  }", "}", ""])


def _refused(where: Path | str, problems: list[str]) -> SandboxSchemaInvalid:
    shown = [one[:300] for one in problems[:_SHOWN_PROBLEMS]]
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown)} more")
    return SandboxSchemaInvalid(f"{where} is no schema that a site can have: {'; '.join(shown)}", file=str(where))


def is_field_name(name: str) -> bool:
    """Whether ``name`` may become a column; what begins with an underscore is ours."""
    return _FIELD_NAME.fullmatch(name) is not None


def column_names(name: str, data_type: str) -> tuple[str, ...]:
    """What a field takes of its table's names, in lower case: SQLite does not tell cases apart."""
    plain = name.lower()
    return (f"{plain}__type", f"{plain}__id") if data_type == "entity" else (plain,)


def _problems(raw: Raw) -> Iterator[str]:
    sound = True
    seen: dict[str, str] = {}
    for name, entity in raw.items():
        other = seen.setdefault(name.lower(), name)
        found = [f"{other} and {name} differ in case alone"] if other != name else []
        found += _name_problems(name, entity)
        sound = sound and not found
        yield from found
    if not sound:
        return  # what is said about links stands on names
    for name, entity in raw.items():
        for key, field in entity["fields"].items():
            yield from _link_problems(raw, name, key, field)


def _name_problems(name: str, entity: Raw) -> Iterator[str]:
    if _TYPE_NAME.fullmatch(name) is None:
        yield f"{name!r:.80} is no name of an entity type"
        return
    taken: dict[str, str] = {}
    for key, field in entity["fields"].items():
        if not is_field_name(key):
            yield f"{name}: {key!r:.80} is no name of a field"
        elif field["data_type"] not in DATA_TYPES:
            yield f"{name}.{key}: unknown data type {field['data_type']!r:.60}"
        else:
            for column in column_names(key, field["data_type"]):
                if (other := taken.setdefault(column, key)) != key:
                    yield f"{name}: the fields {other} and {key} would share a column"
    if entity["fields"].get("id", {}).get("data_type") != "number":
        yield f"{name}: the number id is missing"
    if entity["fields"].get(entity["display"], {}).get("data_type", "url") in (*LINK_TYPES, "url", "image"):
        yield f"{name}: its display field {entity['display']!r:.60} is none of its plain fields"


def _link_problems(raw: Raw, name: str, key: str, field: Raw) -> Iterator[str]:
    where, types = f"{name}.{key}", field.get("valid_types", [])
    inverse, through = field.get("inverse"), field.get("through")
    if field["data_type"] not in LINK_TYPES:
        if types or inverse or through:
            yield f"{where}: only a link has valid_types, inverse or through"
        return
    if not types:
        yield f"{where}: a link without valid_types"
    if unknown := [one for one in types if one not in raw and types != [ANY_TYPE]]:
        yield f"{where}: it links to the unknown type {unknown[0]!r:.60}"
        return
    if (inverse or through) and (field["data_type"] == "entity" or len(types) != 1 or (inverse and through)):
        yield f"{where}: a relation seen from the other side is a list of one type"
    elif inverse:
        yield from _inverse_problems(raw, name, where, types[0], inverse)
    elif through:
        yield from _through_problems(raw, where, name, types[0], through)


def _inverse_problems(raw: Raw, name: str, where: str, other: str, inverse: str) -> Iterator[str]:
    entity_type, _, key = inverse.partition(".")
    target = raw.get(entity_type, {}).get("fields", {}).get(key)
    if target is None or entity_type != other or target["data_type"] not in LINK_TYPES:
        yield f"{where}: its inverse {inverse!r:.80} is no link of {other}"
    elif target.get("inverse") or target.get("through"):
        yield f"{where}: its inverse {inverse} holds no data itself"
    elif target["valid_types"] != [ANY_TYPE] and name not in target["valid_types"]:
        yield f"{where}: its inverse {inverse} does not link to {name}"


def _through_problems(raw: Raw, where: str, name: str, other: str, through: str) -> Iterator[str]:
    parts = through.split(".")
    fields = raw.get(parts[0], {}).get("fields", {})
    for end, wanted in zip(parts[1:], (name, other), strict=False):
        link = fields.get(end, {})
        if link.get("data_type") != "entity" or not {wanted, ANY_TYPE} & set(link.get("valid_types", ())):
            yield f"{where}: {parts[0]}.{end} is no link to {wanted}"
    if len(parts) != 3:
        yield f"{where}: through is ConnectionType.here.there, not {through!r:.80}"
