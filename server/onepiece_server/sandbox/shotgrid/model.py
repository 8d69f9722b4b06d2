"""The site's schema: entity types and fields. The stock one is read from the JSON beside this module.

The data is ours; it describes a stock site. ``groups.json`` holds fields that many types share. A *raw* schema
is what those files say, groups resolved: ``{type: {"name", "display", "fields": {name: {...}}}}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from typing import Any

from onepiece_server.sandbox.shotgrid.faults import Fault

# Where a field's value lives.
COLUMN = "column"  # a typed column
ENTITY = "entity"  # two columns: the linked row's type and id
LINKS = "links"  # rows of the link table, this side first
INVERSE_LINKS = "inverse_links"  # the same rows seen from the other side
INVERSE_ENTITY = "inverse_entity"  # rows of another type whose entity field points here
THROUGH = "through"  # rows of a connection type

ANY_TYPE = "*"

# Data types of fields that link to rows; "addressing" is an older name for a list of people.
LINK_TYPES = frozenset({"entity", "multi_entity", "addressing"})
DATA_TYPES = LINK_TYPES | {
    "calculated", "checkbox", "color", "currency", "date", "date_time", "duration", "entity_type", "float", "footage",
    "image", "jsonb", "list", "number", "password", "percent", "pivot_column", "serializable", "status_list",
    "summary", "system_task_type", "tag_list", "text", "timecode", "url", "uuid",
}  # fmt: skip

Raw = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of one entity type.

    Attributes:
        inverse: ``Type.field`` on the other side of the relation, for fields that hold no data of their own.
        through: ``ConnectionType.here.there``, for relations that are rows of a connection type.
        custom: made by the site's people: it may be deleted.
        more: properties that only some data types have (a summary's query ...), told as they are.
    """

    entity_type: str
    name: str
    data_type: str
    label: str
    editable: bool = True
    mandatory: bool = False
    unique: bool = False
    visible: bool = True
    valid_types: tuple[str, ...] = ()
    valid_values: tuple[str, ...] = ()
    display_values: dict[str, str] = field(default_factory=dict)
    hidden_values: tuple[str, ...] = ()
    default: Any = None
    summary_default: str = "none"
    inverse: str | None = None
    through: str | None = None
    description: str = ""
    custom_metadata: str = ""
    ui_value_displayable: bool = True
    custom: bool = False
    more: dict[str, Any] = field(default_factory=dict)
    storage: str = COLUMN

    @property
    def path(self) -> str:
        return f"{self.entity_type}.{self.name}"

    @property
    def is_many(self) -> bool:
        return self.storage in (LINKS, INVERSE_LINKS, INVERSE_ENTITY, THROUGH)

    def accepts(self, entity_type: str) -> bool:
        return self.valid_types == (ANY_TYPE,) or entity_type in self.valid_types


@dataclass(frozen=True)
class EntityType:
    """One entity type. ``display`` is the field that names a row to people."""

    name: str
    label: str
    display: str
    fields: dict[str, Field]
    visible: bool = True


@dataclass(frozen=True)
class Schema:
    """All types of a site.

    Attributes:
        hidden: for a field's path, the projects whose pages do not show it.
    """

    entities: dict[str, EntityType]
    hidden: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def entity(self, name: object, method: str) -> EntityType:
        """The entity type, or the site's fault for one that it does not have."""
        if not isinstance(name, str) or not name:
            raise Fault(f"API {method}() invalid/missing string entity 'type':")
        found = self.entities.get(name)
        if found is None:
            raise Fault(f"API {method}() entity type '{name[:100]}' doesn't exist:")
        return found

    def field(self, path: str) -> Field:
        """The field that an ``inverse`` or ``through`` of our own data names."""
        entity_type, name = path.split(".")
        return self.entities[entity_type].fields[name]

    @cached_property
    def indexed_links(self) -> frozenset[str]:
        """Entity fields that are looked up backwards, as ``Type.field``."""
        found = {f.inverse for e in self.entities.values() for f in e.fields.values() if f.storage == INVERSE_ENTITY}
        for entity in self.entities.values():
            for one in entity.fields.values():
                if one.through:
                    connection, here, there = one.through.split(".")
                    found |= {f"{connection}.{here}", f"{connection}.{there}"}
        return frozenset(path for path in found if path)

    @cached_property
    def partners(self) -> dict[str, tuple[Field, ...]]:
        """For a link field's path: the fields on the other side that show the same links without being written."""
        found: dict[str, list[Field]] = {}
        through: dict[str, list[Field]] = {}
        for one in (one for entity in self.entities.values() for one in entity.fields.values()):
            if one.inverse:
                found.setdefault(one.inverse, []).append(one)
            if one.inverse and one.storage == INVERSE_LINKS:
                found.setdefault(one.path, []).append(self.field(one.inverse))
            if one.through:
                through.setdefault(one.through, []).append(one)
        for path, fields in through.items():
            connection, here, there = path.split(".")
            for one in fields:
                found.setdefault(one.path, []).extend(through.get(f"{connection}.{there}.{here}", []))
        return {path: tuple(fields) for path, fields in found.items()}


def load_schema() -> Schema:
    """The stock site that ships with the package."""
    return build_schema(stock_raw())


def stock_raw() -> Raw:
    folder = resources.files("onepiece_server.sandbox.shotgrid") / "schema"
    groups = json.loads((folder / "groups.json").read_text(encoding="utf-8"))["groups"]
    found: Raw = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".json") and file.name != "groups.json":
            for name, entity in json.loads(file.read_text(encoding="utf-8"))["entities"].items():
                shared = {key: value for group in entity.pop("groups") for key, value in groups[group].items()}
                found[name] = {**entity, "fields": shared | entity["fields"]}
    return found


def build_schema(raw: Raw, hidden: Mapping[str, frozenset[int]] | None = None) -> Schema:
    return Schema(
        {
            name: EntityType(
                name=name,
                label=entity["name"],
                display=entity["display"],
                fields={key: build_field(name, key, value, raw) for key, value in entity["fields"].items()},
                visible=entity.get("visible", True),
            )
            for name, entity in raw.items()
        },
        hidden or {},
    )


def build_field(entity_type: str, name: str, raw: Raw, entities: Raw) -> Field:
    """One field; ``entities`` is the raw schema that its inverse is looked up in."""
    return Field(
        entity_type=entity_type,
        name=name,
        data_type=raw["data_type"],
        label=raw["name"],
        editable=raw.get("editable", True),
        mandatory=raw.get("mandatory", False),
        unique=raw.get("unique", False),
        visible=raw.get("visible", True),
        valid_types=tuple(raw.get("valid_types", ())),
        valid_values=tuple(raw.get("valid_values", ())),
        display_values=raw.get("display_values", {}),
        hidden_values=tuple(raw.get("hidden_values", ())),
        default=raw.get("default_value"),
        summary_default=raw.get("summary_default", "none"),
        inverse=raw.get("inverse"),
        through=raw.get("through"),
        description=raw.get("description", ""),
        custom_metadata=raw.get("custom_metadata", ""),
        ui_value_displayable=raw.get("ui_value_displayable", True),
        custom=raw.get("custom", False),
        more=raw.get("more", {}),
        storage=_storage(raw, entities),
    )


def _storage(raw: Raw, entities: Raw) -> str:
    if raw["data_type"] == "entity":
        return ENTITY
    if raw["data_type"] not in LINK_TYPES:
        return COLUMN
    if raw.get("through"):
        return THROUGH
    if not raw.get("inverse"):
        return LINKS
    entity_type, name = raw["inverse"].split(".")
    return INVERSE_ENTITY if entities[entity_type]["fields"][name]["data_type"] == "entity" else INVERSE_LINKS
