"""Summary types: what ``summarize`` can tell about a field of many rows, as SQL over the field's column."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onepiece_server.sandbox.shotgrid.asked import DATES, NUMBERS, Condition, Expression
from onepiece_server.sandbox.shotgrid.faults import Fault, shown
from onepiece_server.sandbox.shotgrid.links import link_source
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field
from onepiece_server.sandbox.shotgrid.operators import OPERATORS, scalar_condition
from onepiece_server.sandbox.shotgrid.query import Scope

_STATUS = frozenset({"status_list"})
_CHECKBOX = frozenset({"checkbox"})
# Data types that each summary type fits; None: all of them.
FITS: dict[str, frozenset[str] | None] = {
    "record_count": None,
    "count": None,
    "sum": NUMBERS,
    "maximum": NUMBERS,
    "minimum": NUMBERS,
    "average": NUMBERS,
    "earliest": DATES,
    "latest": DATES,
    "percentage": frozenset(OPERATORS) - {"image", "tag_list"},
    "status_percentage": _STATUS,
    "status_percentage_as_float": _STATUS,
    "status_list": _STATUS,
    "checked": _CHECKBOX,
    "unchecked": _CHECKBOX,
}
# The simple ones; ``{}`` is the column.
_SIMPLE = {
    "record_count": "COUNT(*)",
    "count": "COUNT({})",
    "sum": "COALESCE(SUM({}), 0)",
    "maximum": "MAX({})",
    "minimum": "MIN({})",
    "average": "AVG({})",
    "earliest": "MIN({})",
    "latest": "MAX({})",
    "checked": "COALESCE(SUM({} = 1), 0)",
    "unchecked": "COALESCE(SUM({} IS NOT 1), 0)",
}
# Statuses that say nothing about how far the work is.
_IGNORED = "('na', 'omt')"
_SEVERAL = "ip"
_NOTHING = "na"


def summaries_sql(scope: Scope, wanted: Any) -> dict[str, Expression]:
    """SQL for each field asked for. Of two types for one field the last one counts, as on a real site."""
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, dict) for one in wanted):
        raise scope.fault(f"expected [Array] of [Hash] for 'summaries' but got: {shown(wanted)}")
    return {str(one.get("field")): _summary(scope, one) for one in wanted}


def _summary(scope: Scope, asked: dict[str, Any]) -> Expression:
    path, kind = asked.get("field"), asked.get("type")
    if not isinstance(kind, str) or kind not in FITS:
        raise scope.fault(f"invalid summary type {shown(kind)}: type must be one of: {', '.join(FITS)}")
    alias, field, rest = scope.step(path)
    if rest:
        raise scope.fault(f"{str(path)[:200]} leads through several entities and cannot be summarized:")
    fits = FITS[kind]
    if fits is not None and field.data_type not in fits:
        raise does_not_fit(scope, field, f"summary type '{kind}'")
    if kind == "count" and field.is_many:
        return _count_linked(scope, alias, field)
    column = f'{alias}."{field.name}__id"' if field.storage == ENTITY else scope.column(alias, field)
    if kind in _SIMPLE:
        return Expression(_SIMPLE[kind].format(column), [])
    if kind == "percentage":
        return _percentage(scope, column, field, asked)
    return _STATUSES[kind](scope, column, asked)


def does_not_fit(scope: Scope, field: Field, what: str) -> Fault:
    return scope.fault(f"{field.path}'s '{field.data_type}' data type doesn't support the {what}")


def _count_linked(scope: Scope, alias: str, field: Field) -> Expression:
    """How many rows link to anything."""
    source = link_source(scope.schema, field).at(scope.statement.alias("l"))
    link = source.owner_id.split(".")[0]
    exists = f"SELECT 1 FROM {source.table} AS {link} WHERE {source.where} AND {source.owner_id} = {alias}.id"
    return Expression(f"COALESCE(SUM(EXISTS ({exists})), 0)", [])


def _percentage(scope: Scope, column: str, field: Field, asked: dict[str, Any]) -> Expression:
    """The share of rows that have ``value``; of a checkbox, without one, of those that are checked."""
    value = asked.get("value")
    if field.data_type == "checkbox":
        value = {None: True, "checked": True, "unchecked": False}.get(value, value) if _is_key(value) else value
    condition = Condition(scope.method, str(asked["field"]), field, "is", [value], scope.zone)
    matches = scalar_condition(column, condition)
    return Expression(_rounded(f"100.0 * SUM(COALESCE({matches.text}, 0)) / COUNT(*)", "0"), matches.params)


def _is_key(value: Any) -> bool:
    return value is None or isinstance(value, str | bool)


def _rounded(share: str, otherwise: str) -> str:
    """A whole number, half up; ``otherwise`` where there is nothing to share."""
    return f"COALESCE(CAST({share} + 0.5 AS INTEGER), {otherwise})"


def _share(column: str, scope: Scope, asked: dict[str, Any]) -> Expression:
    """Hundredths of the rows that count which have the status ``value``; NULL where none counts."""
    value = asked.get("value")
    if value is not None and not isinstance(value, str):
        raise scope.fault(f"summary 'value' expected [String, NilClass] data type(s) but got: {shown(value)}")
    counts = f"({column} IS NULL OR {column} NOT IN {_IGNORED})"
    matches = f"COALESCE(SUM({counts} AND {column} IS ?), 0)"
    return Expression(f"100.0 * {matches} / NULLIF(SUM({counts}), 0)", [value])


def _status_percentage(scope: Scope, column: str, asked: dict[str, Any]) -> Expression:
    share = _share(column, scope, asked)
    return Expression(_rounded(share.text, "-1"), share.params)


def _status_percentage_as_float(scope: Scope, column: str, asked: dict[str, Any]) -> Expression:
    share = _share(column, scope, asked)
    return Expression(f"COALESCE({share.text}, -1)", share.params)


def _status_list(_: Scope, column: str, __: dict[str, Any]) -> Expression:
    """One status for all rows: theirs when they agree, else "in progress"."""
    status = f"CASE WHEN {column} NOT IN {_IGNORED} THEN {column} END"
    kinds = f"COUNT(DISTINCT {status}) + COALESCE(MAX({column} IS NULL), 0)"
    return Expression(
        f"CASE {kinds} WHEN 0 THEN '{_NOTHING}' WHEN 1 THEN COALESCE(MAX({status}), '{_NOTHING}') "
        f"ELSE '{_SEVERAL}' END",
        [],
    )


_STATUSES: dict[str, Callable[[Scope, str, dict[str, Any]], Expression]] = {
    "status_percentage": _status_percentage,
    "status_percentage_as_float": _status_percentage_as_float,
    "status_list": _status_list,
}
