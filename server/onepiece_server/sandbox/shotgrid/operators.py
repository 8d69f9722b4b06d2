"""Filter operators by data type, as SQL over one expression; those of links are in ``link_operators``.

No value is a value like any other here: ``is_not "x"``, ``not_in`` and ``not_contains`` match rows without one.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from onepiece_server.sandbox.shotgrid.asked import Condition, Expression, kept, text, unsupported
from onepiece_server.sandbox.shotgrid.dates import calendar_range, relative_range
from onepiece_server.sandbox.shotgrid.folding import folded
from onepiece_server.sandbox.shotgrid.tag_operators import TAGS

Sql = tuple[str, list[Any]]
Operator = Callable[[str, Condition], Expression]

_MANY = 200  # more values than this travel as one JSON array
_LAST = "\U0010ffff"  # sorts after every letter


def scalar_condition(expression: str, condition: Condition) -> Expression:
    """SQL for ``condition`` where ``expression`` is the field's column.

    Raises:
        Fault: the data type has no such operator, or the values do not fit it.
    """
    table = OPERATORS.get(condition.field.data_type, {})
    build = table.get(condition.relation)
    if build is None:
        raise unsupported(condition, tuple(table))
    return build(expression, condition)


def negated(build: Operator) -> Operator:
    def negate(expression: str, condition: Condition) -> Expression:
        return opposite(build(expression, condition))

    return negate


def opposite(sql: Expression) -> Expression:
    return Expression(f"NOT COALESCE({sql.text}, 0)", sql.params, sql.weight + 4)


# Text


def _compared_text(expression: str, value: str) -> tuple[str, str]:
    """Both sides of a comparison without case: SQLite's own for ASCII (it can use an index), ours for the rest."""
    return (f"{expression} COLLATE NOCASE", value) if value.isascii() else (f"fold({expression})", folded(value))


def _without(expression: str) -> str:
    """No value: a site makes none of an empty text."""
    return f"({expression} IS NULL OR {expression} = '')"


def _text_is(expression: str, condition: Condition) -> Expression:
    value = condition.one()
    if value is None or value == "":
        return Expression(_without(expression), [])
    left, right = _compared_text(expression, text(condition, value))
    return Expression(f"{left} = ?", [right])


def _text_in(expression: str, condition: Condition) -> Expression:
    values = [text(condition, value) for value in condition.values if value is not None]
    if all(value.isascii() for value in values):
        found = one_of(f"{expression} COLLATE NOCASE", values)
    else:
        found = one_of(f"fold({expression})", [folded(value) for value in values])
    return Expression(f"({found.text} OR {_without(expression)})", found.params) if None in condition.values else found


def one_of(left: str, values: list[Any]) -> Expression:
    if not values:
        return Expression("0", [])
    if len(values) > _MANY:
        import json

        return Expression(f"{left} IN (SELECT value FROM json_each(?))", [json.dumps(values)])
    return Expression(f"{left} IN ({','.join('?' * len(values))})", list(values))


def _contains(expression: str, condition: Condition) -> Expression:
    value = folded(text(condition, condition.one()))
    if not value:
        return Expression(f"NOT {_without(expression)}", [])
    left = f"lower({expression})" if value.isascii() else f"fold({expression})"
    return Expression(f"instr({left}, ?) > 0", [value])


def _starts_with(expression: str, condition: Condition) -> Expression:
    value = folded(text(condition, condition.one()))
    if not value:
        return Expression(f"NOT {_without(expression)}", [])
    if value.isascii():
        # A range, which an index can answer.
        left = f"{expression} COLLATE NOCASE"
        return Expression(f"({left} >= ? AND {left} < ?)", [value, value + _LAST])
    return Expression(f"substr(fold({expression}), 1, {len(value)}) = ?", [value])


def _ends_with(expression: str, condition: Condition) -> Expression:
    value = folded(text(condition, condition.one()))
    if not value:
        return Expression(f"NOT {_without(expression)}", [])
    left = f"lower({expression})" if value.isascii() else f"fold({expression})"
    return Expression(f"substr({left}, -{len(value)}) = ?", [value])


# Numbers, dates, checkboxes: compared as they are kept


def _is(expression: str, condition: Condition) -> Expression:
    value = kept(condition, condition.one())
    return Expression(f"{expression} IS NULL", []) if value is None else Expression(f"{expression} = ?", [value])


def _in(expression: str, condition: Condition) -> Expression:
    values = [kept(condition, value) for value in condition.values]
    found = one_of(expression, [value for value in values if value is not None])
    return Expression(f"({found.text} OR {expression} IS NULL)", found.params) if None in values else found


def _compared(sign: str) -> Operator:
    def compare(expression: str, condition: Condition) -> Expression:
        # Nothing is less or greater than no value: a comparison with NULL is never true.
        return Expression(f"{expression} {sign} ?", [kept(condition, condition.one())])

    return compare


def _between(expression: str, condition: Condition) -> Expression:
    """Both ends included, in whichever order they come."""
    low, high = (kept(condition, value) for value in condition.several(2))
    if low is None or high is None:
        return Expression("0", [])
    return Expression(f"{expression} BETWEEN ? AND ?", [min(low, high), max(low, high)])


def _relative(direction: int) -> Operator:
    def within(expression: str, condition: Condition) -> Expression:
        return Expression(f"{expression} BETWEEN ? AND ?", [*relative_range(condition, direction, datetime.now(UTC))])

    return within


def _calendar(unit: str) -> Operator:
    def within(expression: str, condition: Condition) -> Expression:
        edges = calendar_range(condition, unit, datetime.now(UTC))
        return Expression(f"({expression} >= ? AND {expression} < ?)", [*edges])

    return within


def _none_only(expression: str, condition: Condition) -> Expression:
    if condition.one() is not None:
        raise condition.wrong_type(["NilClass"], condition.one())
    return Expression(f"{expression} IS NULL", [])


_Table = dict[str, Operator]

TEXT: _Table = {
    "is": _text_is,
    "is_not": negated(_text_is),
    "contains": _contains,
    "not_contains": negated(_contains),
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "in": _text_in,
    "not_in": negated(_text_in),
}
_CHOICE: _Table = {name: TEXT[name] for name in ("is", "is_not", "in", "not_in")}
_FLOAT: _Table = {
    "is": _is,
    "is_not": negated(_is),
    "less_than": _compared("<"),
    "greater_than": _compared(">"),
    "between": _between,
    "in": _in,
    "not_in": negated(_in),
}
_NUMBER: _Table = {**_FLOAT, "not_between": negated(_between)}
_DATE: _Table = {
    **_FLOAT,
    "in_last": _relative(-1),
    "not_in_last": negated(_relative(-1)),
    "in_next": _relative(1),
    "not_in_next": negated(_relative(1)),
    "in_calendar_day": _calendar("DAY"),
    "in_calendar_week": _calendar("WEEK"),
    "in_calendar_month": _calendar("MONTH"),
    "in_calendar_year": _calendar("YEAR"),
}
_CHECKBOX: _Table = {"is": _is, "is_not": negated(_is)}
_IMAGE: _Table = {"is": _none_only, "is_not": negated(_none_only)}

# A data type that is not here cannot be used in a filter.
OPERATORS: dict[str, _Table] = {
    "text": TEXT,
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
    "entity_type": _CHOICE,
    "color": _CHOICE,
    "uuid": _CHOICE,
    "footage": _CHOICE,
    "system_task_type": _CHOICE,
    "checkbox": _CHECKBOX,
    "image": _IMAGE,
    "tag_list": {
        "is": TAGS["is"],
        "is_not": negated(TAGS["is"]),
        "name_contains": TAGS["name_contains"],
        "name_not_contains": negated(TAGS["name_contains"]),
        "name_id": TAGS["name_id"],
    },
}
