"""Filter operators by data type, as SQL over one expression.

None is a value like any other here: ``is_not "x"``, ``not_in`` and ``not_contains`` match rows without one.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onepiece_server.sandbox.shotgrid.dates import calendar_range, relative_range
from onepiece_server.sandbox.shotgrid.faults import Fault, type_fault
from onepiece_server.sandbox.shotgrid.model import Field
from onepiece_server.sandbox.shotgrid.values import escaped

Sql = tuple[str, list[Any]]
_Operator = Callable[[str, Field, list[Any]], Sql]

_MANY = 200  # more values than this travel as one JSON array


def scalar_condition(expression: str, field: Field, relation: str, values: list[Any]) -> Sql:
    """SQL for ``field relation values`` where ``expression`` is the field's column.

    Raises:
        Fault: the data type has no such operator, or the values do not fit it.
    """
    table = _TABLES.get(field.data_type)
    if table is None:
        raise Fault(f"API read() {field.path} of data type '{field.data_type}' can not be used in a filter.")
    build = table.get(relation)
    if build is None:
        raise unknown_relation(field, relation, table)
    return build(expression, field, values)


def unknown_relation(field: Field, relation: object, known: Any) -> Fault:
    return Fault(
        f"API read() {field.path}: '{str(relation)[:60]}' is not a valid relation for data type "
        f"'{field.data_type}'. Valid relations: {', '.join(known)}"
    )


def one(field: Field, values: list[Any]) -> Any:
    if len(values) != 1:
        raise Fault(f"API read() {field.path} expected 1 value but got {len(values)}")
    return values[0]


# Text


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise type_fault("read", field.path, ["String", "NilClass"], value)
    return checked(field, escaped(value))


def checked(field: Field, text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Fault(f"API read() {field.path}: invalid byte sequence for encoding UTF8") from error
    if "\0" in text:
        raise Fault(f"API read() {field.path}: string contains null byte")
    return text


def _folded(expression: str, text: str) -> tuple[str, str]:
    """Both sides of a comparison without case: SQLite's own for ASCII (it can use an index), ours for the rest."""
    if text.isascii():
        return f"{expression} COLLATE NOCASE", text
    return f"fold({expression})", text.casefold()


def _text_is(expression: str, field: Field, values: list[Any]) -> Sql:
    value = one(field, values)
    if value is None:
        return f"{expression} IS NULL", []
    left, right = _folded(expression, _text(field, value))
    return f"{left} = ?", [right]


def _negated(build: _Operator) -> _Operator:
    def negate(expression: str, field: Field, values: list[Any]) -> Sql:
        sql, params = build(expression, field, values)
        return f"NOT COALESCE({sql}, 0)", params

    return negate


def _text_in(expression: str, field: Field, values: list[Any]) -> Sql:
    texts = [_text(field, value) for value in values if value is not None]
    if all(text.isascii() for text in texts):
        sql, params = _in(f"{expression} COLLATE NOCASE", texts)
    else:
        sql, params = _in(f"fold({expression})", [text.casefold() for text in texts])
    return _or_null(expression, sql, values), params


def _in(left: str, values: list[Any]) -> Sql:
    if not values:
        return "0", []
    if len(values) > _MANY:
        import json

        return f"{left} IN (SELECT value FROM json_each(?))", [json.dumps(values)]
    return f"{left} IN ({','.join('?' * len(values))})", list(values)


def _or_null(expression: str, sql: str, values: list[Any]) -> str:
    return f"({sql} OR {expression} IS NULL)" if None in values else sql


def _contains(expression: str, field: Field, values: list[Any]) -> Sql:
    text = _text(field, one(field, values))
    return f"instr({_lower(expression, text)}, ?) > 0", [text.casefold()]


def _starts_with(expression: str, field: Field, values: list[Any]) -> Sql:
    text = _text(field, one(field, values))
    if text.isascii():
        return f"substr({expression}, 1, {len(text)}) = ? COLLATE NOCASE", [text]
    folded = text.casefold()
    return f"substr(fold({expression}), 1, {len(folded)}) = ?", [folded]


def _ends_with(expression: str, field: Field, values: list[Any]) -> Sql:
    text = _text(field, one(field, values)).casefold()
    if not text:
        return f"{expression} IS NOT NULL", []
    return f"substr({_lower(expression, text)}, -{len(text)}) = ?", [text]


def _lower(expression: str, text: str) -> str:
    return f"lower({expression})" if text.isascii() else f"fold({expression})"


# Numbers, dates, choices: compared as they are kept


def _kept(field: Field, value: Any) -> Any:
    """A filter's value as the column keeps it."""
    if field.data_type in ("number", "percent", "duration", "timecode", "float", "currency", "image"):
        return _number(field, value)
    if field.data_type == "checkbox":
        if not isinstance(value, bool):
            raise type_fault("read", field.path, ["TrueClass", "FalseClass", "NilClass"], value)
        return int(value)
    text = _text(field, value)
    if field.data_type == "date_time" and len(text) == 10:
        return f"{text}T00:00:00Z"
    return text


def _number(field: Field, value: Any) -> Any:
    if isinstance(value, str) and field.name == "id" and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise type_fault("read", field.path, ["Integer", "Float", "NilClass"], value)
    # Nothing that we keep is as large: the comparison stays right and SQLite can bind it.
    return max(min(value, 2**62), -(2**62))


def _is(expression: str, field: Field, values: list[Any]) -> Sql:
    value = one(field, values)
    if value is None:
        return f"{expression} IS NULL", []
    return f"{expression} = ?", [_kept(field, value)]


def _value_in(expression: str, field: Field, values: list[Any]) -> Sql:
    sql, params = _in(expression, [_kept(field, value) for value in values if value is not None])
    return _or_null(expression, sql, values), params


def _compared(sign: str) -> _Operator:
    def compare(expression: str, field: Field, values: list[Any]) -> Sql:
        return f"{expression} {sign} ?", [_kept(field, one(field, values))]

    return compare


def _between(expression: str, field: Field, values: list[Any]) -> Sql:
    if len(values) != 2:
        raise Fault(f"API read() {field.path} 'between' expected 2 values but got {len(values)}")
    return f"{expression} BETWEEN ? AND ?", [_kept(field, value) for value in values]


def _relative(direction: int) -> _Operator:
    def within(expression: str, field: Field, values: list[Any]) -> Sql:
        first, last = relative_range(field, values, direction)
        return f"{expression} BETWEEN ? AND ?", [first, last]

    return within


def _calendar(unit: str) -> _Operator:
    def within(expression: str, field: Field, values: list[Any]) -> Sql:
        first, last = calendar_range(field, one(field, values), unit)
        return f"({expression} >= ? AND {expression} < ?)", [first, last]

    return within


def _null_only(expression: str, field: Field, values: list[Any]) -> Sql:
    if one(field, values) is not None:
        raise type_fault("read", field.path, ["NilClass"], values[0])
    return f"{expression} IS NULL", []


_TEXT: dict[str, _Operator] = {
    "is": _text_is,
    "is_not": _negated(_text_is),
    "contains": _contains,
    "not_contains": _negated(_contains),
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "in": _text_in,
    "not_in": _negated(_text_in),
}
_CHOICE: dict[str, _Operator] = {
    "is": _text_is,
    "is_not": _negated(_text_is),
    "in": _text_in,
    "not_in": _negated(_text_in),
}
_FLOAT: dict[str, _Operator] = {
    "is": _is,
    "is_not": _negated(_is),
    "less_than": _compared("<"),
    "greater_than": _compared(">"),
    "between": _between,
    "in": _value_in,
    "not_in": _negated(_value_in),
}
_NUMBER: dict[str, _Operator] = {**_FLOAT, "not_between": _negated(_between)}
_DATE: dict[str, _Operator] = {
    **_NUMBER,
    "in_last": _relative(-1),
    "not_in_last": _negated(_relative(-1)),
    "in_next": _relative(1),
    "not_in_next": _negated(_relative(1)),
    "in_calendar_day": _calendar("DAY"),
    "in_calendar_week": _calendar("WEEK"),
    "in_calendar_month": _calendar("MONTH"),
    "in_calendar_year": _calendar("YEAR"),
}
_CHECKBOX: dict[str, _Operator] = {"is": _is, "is_not": _negated(_is)}
_IMAGE: dict[str, _Operator] = {"is": _null_only, "is_not": _negated(_null_only)}

_TABLES: dict[str, dict[str, _Operator]] = {
    "text": _TEXT,
    "entity_type": _TEXT,
    "color": _TEXT,
    "uuid": _TEXT,
    "footage": _TEXT,
    "number": _NUMBER,
    "currency": _NUMBER,
    "float": _FLOAT,
    "percent": _FLOAT,
    "duration": _FLOAT,
    "timecode": _FLOAT,
    "date": _DATE,
    "date_time": _DATE,
    "list": _CHOICE,
    "status_list": _CHOICE,
    "checkbox": _CHECKBOX,
    "image": _IMAGE,
}
