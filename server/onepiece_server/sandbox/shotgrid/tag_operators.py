"""Filter operators of tag lists: a column of names, any of which may match."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from collections.abc import Callable

from onepiece_server.sandbox.shotgrid.asked import Condition, Expression, text
from onepiece_server.sandbox.shotgrid.folding import folded


def _any(expression: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM json_each({expression}) AS tag WHERE {condition})"


def _is(expression: str, condition: Condition) -> Expression:
    value = condition.one()
    if value is None or value == "":
        return Expression(f"NOT {_any(expression, '1')}", [], 20)
    return Expression(_any(expression, "fold(tag.value) = ?"), [folded(text(condition, value))], 20)


def _name_contains(expression: str, condition: Condition) -> Expression:
    value = folded(text(condition, condition.one()))
    return Expression(_any(expression, "instr(fold(tag.value), ?) > 0"), [value], 20)


def _name_id(expression: str, condition: Condition) -> Expression:
    """The tag with this id is among them."""
    value = condition.one()
    if isinstance(value, bool) or not isinstance(value, int):
        raise condition.wrong_type(["Integer"], value)
    named = 'fold(tag.value) = (SELECT fold(t.name) FROM "Tag" AS t WHERE t.id = ? AND t."__retired" = 0)'
    return Expression(_any(expression, named), [max(min(value, 2**62), -1)], 30)


TAGS: dict[str, Callable[[str, Condition], Expression]] = {
    "is": _is,
    "name_contains": _name_contains,
    "name_id": _name_id,
}
