"""Arguments of a call that several methods take, refused in the site's words when they do not fit."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault, type_fault
from onepiece_server.sandbox.shotgrid.model import Schema

Args = dict[str, Any]
Pair = tuple[str, int]
# No row has a larger id, and SQLite can still bind it.
_LARGEST = 2**62


def integer(method: str, args: Args, name: str) -> int:
    value = args.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(f"API {method}() invalid/missing integer '{name}': {value!r:.60}")
    return max(min(value, _LARGEST), -1)


def optional_integer(method: str, args: Args, name: str) -> int | None:
    return None if args.get(name) is None else integer(method, args, name)


def text(method: str, args: Args, name: str) -> str:
    """A string that the database can take."""
    value = args.get(name)
    if not isinstance(value, str):
        raise Fault(f"API {method}() invalid/missing string '{name}': {value!r:.60}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Fault(f"API {method}() '{name}': invalid byte sequence for encoding UTF8") from error
    if "\0" in value:
        raise Fault(f"API {method}() '{name}': string contains null byte")
    return value


def boolean(method: str, args: Args, name: str) -> bool:
    value = args.get(name)
    if not isinstance(value, bool):
        raise type_fault(method, f"'{name}'", ["TrueClass", "FalseClass"], value)
    return value


def day(method: str, args: Args, name: str) -> date:
    value = text(method, args, name)
    try:
        if len(value) != 10:
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError as error:
        raise Fault(f"API {method}() '{name}': invalid date '{value[:40]}', expected YYYY-MM-DD") from error


def link(method: str, args: Args, name: str, schema: Schema, *types: str) -> Pair:
    """An entity with a type of the site (one of ``types``, where they are given) and an id; it need not be there."""
    value = args.get(name)
    if not isinstance(value, dict):
        raise type_fault(method, f"'{name}'", ["Hash"], value)
    entity = schema.entity(value.get("type"), method)
    if types and entity.name not in types:
        raise Fault(f"API {method}() '{name}' expected an entity of type {' or '.join(types)} but got {entity.name}")
    return entity.name, integer(method, value, "id")


def optional_link(method: str, args: Args, name: str, schema: Schema, *types: str) -> Pair | None:
    return None if args.get(name) is None else link(method, args, name, schema, *types)


def field_lists(method: str, args: Args, name: str) -> dict[str, list[str]]:
    """``{"Shot": ["code", ...]}``; types and fields that the site does not have are for the caller to leave out."""
    value = args.get(name) or {}
    if not isinstance(value, dict):
        raise type_fault(method, f"'{name}'", ["Hash", "NilClass"], value)
    for key, names in value.items():
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            raise type_fault(method, f"'{name}' for {key[:60]}", ["Array"], names)
    return value


def check_exists(connection: sqlite3.Connection, method: str, pair: Pair) -> None:
    """Raise the site's fault unless the row is there and not retired."""
    sql = f'SELECT 1 FROM {quoted(pair[0])} WHERE id=? AND "__retired"=0'  # noqa: S608 - a name of our own schema
    if connection.execute(sql, [pair[1]]).fetchone() is None:
        raise Fault(f"API {method}() Couldn't find {pair[0]} with id={pair[1]}")
