"""Values: from the wire to a typed column, refused in the site's words when they do not fit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from onepiece_server.sandbox.shotgrid.faults import Fault, crud_fault, type_fault
from onepiece_server.sandbox.shotgrid.model import Field

# SQL type of the column for a data type. Whatever is not here is kept as text.
SQL_TYPES = {
    "number": "INTEGER",
    "percent": "INTEGER",
    "duration": "INTEGER",
    "timecode": "INTEGER",
    "checkbox": "INTEGER",
    "image": "INTEGER",
    "float": "REAL",
    "currency": "REAL",
}
TEXT_TYPES = frozenset({"text", "list", "status_list", "entity_type", "color", "uuid", "footage", "password"})
_INT32 = 2**31
# The ends of a range and the first year, as the site's "Reference: Data Types" gives them.
_FLOATS = {"float": 999_999_999.999999, "currency": 9_999_999_999_999.99}
_FIRST_YEAR = 1970
# Worked out by the site: nobody writes them.
READ_ONLY_TYPES = frozenset({"calculated", "summary", "pivot_column"})

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")

Column = str | int | float | None
_Day = TypeVar("_Day", bound=date)


def to_column(field: Field, value: Any, method: str) -> Column:
    """``value`` as the field's column keeps it.

    Raises:
        Fault: the value has the wrong type, is out of range or is none of the valid values.
    """
    if value is None:
        return 0 if field.data_type == "checkbox" else None
    return _CONVERTERS.get(field.data_type, _text)(field, value, method)


def checked_text(value: str, where: str, method: str) -> str:
    """Text that the database can hold: no NUL, no half of a surrogate pair; ``<`` escaped as the site does."""
    if "\0" in value:
        raise Fault(f"API {method}() {where}: string contains null byte")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Fault(f"API {method}() {where}: invalid byte sequence for encoding UTF8") from error
    return escaped(value)


def escaped(text: str) -> str:
    """The site's guard against mark-up: the client turns it back."""
    return text.replace("<", "&lt;") if "<" in text else text


def _text(field: Field, value: Any, method: str) -> Column:
    if not isinstance(value, str):
        raise type_fault(method, field.path, ["String", "NilClass"], value)
    return checked_text(value, field.path, method)


def _integer(field: Field, value: Any, method: str) -> Column:
    if isinstance(value, bool) or not isinstance(value, int):
        raise type_fault(method, field.path, ["Integer", "NilClass"], value)
    if not -_INT32 <= value < _INT32:
        raise _out_of_range(field, value, method, "integer")
    return value


def _out_of_range(field: Field, value: float, method: str, kind: str) -> Fault:
    why = f'PG::NumericValueOutOfRange: ERROR:  value "{str(value)[:40]}" is out of range for type {kind}'
    return Fault(f"API {method}() CRUD ERROR #5: {method.capitalize()} failed for [{field.path}]: {why}")


def _float(field: Field, value: Any, method: str) -> Column:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise type_fault(method, field.path, ["Float", "Integer", "NilClass"], value)
    try:
        number = float(value)
    except OverflowError as error:
        raise type_fault(method, field.path, ["Float", "Integer", "NilClass"], value) from error
    if not math.isfinite(number):
        raise type_fault(method, field.path, ["Float", "Integer", "NilClass"], value)
    if abs(number) > _FLOATS[field.data_type]:
        raise _out_of_range(field, number, method, "numeric")
    return number


def _checkbox(field: Field, value: Any, method: str) -> Column:
    if not isinstance(value, bool):
        raise type_fault(method, field.path, ["TrueClass", "FalseClass", "NilClass"], value)
    return int(value)


def _date(field: Field, value: Any, method: str) -> Column:
    if not isinstance(value, str):
        raise type_fault(method, field.path, ["String", "NilClass"], value)
    try:
        if not _DATE.fullmatch(value):
            raise ValueError(value)
        return _in_range(field, date.fromisoformat(value), method).isoformat()
    except ValueError as error:
        why = f"Invalid date format. Expected YYYY-MM-DD, got '{value[:40]}'."
        raise crud_fault(method, "5", field.path, why) from error


def _date_time(field: Field, value: Any, method: str) -> Column:
    if not isinstance(value, str):
        raise type_fault(method, field.path, ["String", "NilClass"], value)
    try:
        if not _DATE_TIME.fullmatch(value):
            raise ValueError(value)
        _in_range(field, datetime.fromisoformat(value), method)
        return value
    except ValueError as error:
        why = f"Invalid date format. Expected YYYY-MM-DDTHH:MM:SSZ, got '{value[:40]}'."
        raise crud_fault(method, "5", field.path, why) from error


def _in_range(field: Field, day: _Day, method: str) -> _Day:
    if day.year < _FIRST_YEAR:
        raise crud_fault(method, "5", field.path, f"Invalid date. Year must be >= {_FIRST_YEAR}, got {day.year}.")
    return day


def _choice(field: Field, value: Any, method: str) -> Column:
    if not isinstance(value, str):
        raise type_fault(method, field.path, ["String", "NilClass"], value)
    if field.valid_values and value not in field.valid_values:
        allowed = ", ".join(field.valid_values)
        raise crud_fault(method, "5", field.path, f"Value is not legal. '{value[:80]}' is not one of [{allowed}].")
    return checked_text(value, field.path, method)


def _serializable(field: Field, value: Any, method: str) -> Column:
    if not isinstance(value, dict | list):
        raise type_fault(method, field.path, ["Hash", "Array", "NilClass"], value)
    return json.dumps(value, separators=(",", ":"))


def _tag_list(field: Field, value: Any, method: str) -> Column:
    """Words, each once, as one JSON list."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise type_fault(method, field.path, ["Array of String", "NilClass"], value)
    words = dict.fromkeys(checked_text(one, field.path, method) for one in value)
    return json.dumps(list(words), ensure_ascii=False, separators=(",", ":"))


def from_column(data_type: str) -> Callable[[Any], Any] | None:
    """How a plain column is shown on the wire; None when it is shown as it is."""
    return _DECODERS.get(data_type)


def _shown_password(value: str | None) -> str | None:
    return None if value is None else "*******"


def _shown_json(value: str | None) -> Any:
    return None if value is None else json.loads(value)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "checkbox": bool,
    "password": _shown_password,
    "serializable": _shown_json,
    "jsonb": _shown_json,
    "tag_list": _shown_json,
}

_CONVERTERS: dict[str, Callable[[Field, Any, str], Column]] = {
    **dict.fromkeys(("number", "percent", "duration", "timecode"), _integer),
    **dict.fromkeys(_FLOATS, _float),
    "checkbox": _checkbox,
    "date": _date,
    "date_time": _date_time,
    "list": _choice,
    "status_list": _choice,
    "serializable": _serializable,
    "jsonb": _serializable,
    "tag_list": _tag_list,
}
