"""The site's schema: entity types and fields, read from the JSON beside this module.

The data is ours; it describes a stock site. ``groups.json`` holds fields that many types share.
"""

from __future__ import annotations

import json
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


@dataclass(frozen=True)
class Field:
    """One field of one entity type.

    Attributes:
        inverse: ``Type.field`` on the other side of the relation, for fields that hold no data of their own.
        through: ``ConnectionType.here.there``, for relations that are rows of a connection type.
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
    default: Any = None
    inverse: str | None = None
    through: str | None = None
    description: str = ""
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


@dataclass(frozen=True)
class Schema:
    entities: dict[str, EntityType]

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


def load_schema() -> Schema:
    """The stock site that ships with the package."""
    folder = resources.files("onepiece_server.sandbox.shotgrid") / "schema"
    groups = json.loads((folder / "groups.json").read_text(encoding="utf-8"))["groups"]
    raw: dict[str, Any] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".json") and file.name != "groups.json":
            raw |= json.loads(file.read_text(encoding="utf-8"))["entities"]
    return build_schema(raw, groups)


def build_schema(raw: dict[str, Any], groups: dict[str, Any]) -> Schema:
    merged = {
        name: {key: value for group in entity["groups"] for key, value in groups[group].items()} | entity["fields"]
        for name, entity in raw.items()
    }
    return Schema(
        {
            name: EntityType(
                name=name,
                label=entity["name"],
                display=entity["display"],
                fields={key: _field(name, key, value, merged) for key, value in merged[name].items()},
            )
            for name, entity in raw.items()
        }
    )


def _field(entity_type: str, name: str, raw: dict[str, Any], merged: dict[str, Any]) -> Field:
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
        default=raw.get("default_value"),
        inverse=raw.get("inverse"),
        through=raw.get("through"),
        description=raw.get("description", ""),
        storage=_storage(raw, merged),
    )


def _storage(raw: dict[str, Any], merged: dict[str, Any]) -> str:
    if raw["data_type"] == "entity":
        return ENTITY
    if raw["data_type"] != "multi_entity":
        return COLUMN
    if raw.get("through"):
        return THROUGH
    if not raw.get("inverse"):
        return LINKS
    entity_type, name = raw["inverse"].split(".")
    return INVERSE_ENTITY if merged[entity_type][name]["data_type"] == "entity" else INVERSE_LINKS
