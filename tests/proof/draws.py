"""What hypothesis draws: values, rows, changes and questions.

Nothing here looks at a site or its model: where a draw needs a row it draws a number, and the machine takes the row
that the number stands for then. What is drawn must not depend on when a server died.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from onepiece_core.tracker.tracker import Filter, Order
from tests.proof.model import NUMBERS, PLAIN, RELATIONS, STATUSES, Key, Model, Query
from tests.proof.operations import link

_T = TypeVar("_T")

TYPES = tuple(PLAIN)
PICKS = st.integers(0, 99)
# Both cases, letters that ASCII does not know, and what SQL and HTML would take for theirs.
TEXTS = st.text("aAbB1_éÉ影<%'", min_size=1, max_size=4)
COUNTS = st.integers(-2, 4)
# "Any of the linked rows": what that means for a negative operator is another question.
_POSITIVE = ("is", "contains", "starts_with", "ends_with")


def picked(among: Sequence[_T], pick: int) -> _T | None:
    return among[pick % len(among)] if among else None


# Values


def plain_value(entity_type: str, name: str) -> st.SearchStrategy[Any]:
    if name in NUMBERS:
        return st.none() | COUNTS
    if name == "sg_status_list":
        return st.sampled_from(STATUSES[entity_type])
    return TEXTS if name in ("code", "subject") else st.none() | TEXTS


def plain_values(entity_type: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: plain_value(entity_type, name) for name in PLAIN[entity_type]})


def of_any_type(make: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(TYPES).flatmap(lambda entity_type: st.tuples(st.just(entity_type), make(entity_type)))


# (type, plain values)
VALUES = of_any_type(plain_values)
# (type, (a relation's field, how, which rows))
LINKS = of_any_type(
    lambda entity_type: st.tuples(
        st.sampled_from(sorted(RELATIONS[entity_type])),
        st.sampled_from(("set", "add", "remove")),
        st.lists(PICKS, max_size=3),
    )
)
# What a batch is made of: a new row, a change of a picked one, a picked one to retire.
PARTS = st.tuples(st.sampled_from(("create", "create", "update", "delete")), VALUES, PICKS)


# Questions


def _plain_filter(entity_type: str, name: str) -> st.SearchStrategy[list[Any]]:
    value = plain_value(entity_type, name)
    equal = st.tuples(st.sampled_from(("is", "is_not")), value)
    among = st.tuples(st.sampled_from(("in", "not_in")), st.lists(value, min_size=1, max_size=3))
    pairs = equal | among
    if name in NUMBERS:
        pairs |= st.tuples(st.sampled_from(("less_than", "greater_than")), COUNTS)
        pairs |= st.tuples(st.just("between"), st.tuples(COUNTS, COUNTS).map(sorted))
    elif name != "sg_status_list":
        parts = st.sampled_from(("contains", "not_contains", "starts_with", "ends_with"))
        pairs |= st.tuples(parts, TEXTS)
    return pairs.map(lambda pair: [name, *pair])


def _link_filter(entity_type: str, name: str) -> st.SearchStrategy[list[Any]]:
    """A filter on a link, its rows still as picks; or on the name of what is linked."""
    other_type = RELATIONS[entity_type][name].types[0]
    title = next(iter(PLAIN[other_type]))
    behind = st.tuples(st.sampled_from(_POSITIVE), TEXTS).map(lambda pair: [f"{name}.{other_type}.{title}", *pair])
    one = st.tuples(st.sampled_from(("is", "is_not")), PICKS)
    some = st.tuples(st.sampled_from(("in", "not_in")), st.lists(PICKS, min_size=1, max_size=3))
    return behind | (one | some).map(lambda pair: [name, *pair])


def _queries(entity_type: str) -> st.SearchStrategy[Query]:
    plain = [_plain_filter(entity_type, name) for name in PLAIN[entity_type]]
    leaves = st.one_of(*plain, *(_link_filter(entity_type, name) for name in RELATIONS[entity_type]))
    tree = st.fixed_dictionaries(
        {"filter_operator": st.sampled_from(("any", "all")), "filters": st.lists(leaves, min_size=1, max_size=3)}
    )
    fields = ["id", *(name for name in PLAIN[entity_type] if name != "sg_status_list")]
    return st.builds(
        Query,
        st.just(entity_type),
        st.lists(leaves | tree, max_size=3).map(tuple),
        st.lists(st.tuples(st.sampled_from(fields), st.sampled_from(("asc", "desc"))), max_size=2).map(tuple),
        st.sampled_from((0, 0, 1, 2, 5)),
        st.booleans(),
    )


QUERIES = st.sampled_from(TYPES).flatmap(_queries)


def with_rows(query: Query, model: Model) -> Query:
    """The query with rows in place of picks. What could be about no row is left out."""
    filters = [_with_rows(query.entity_type, each, model) for each in query.filters]
    return Query(query.entity_type, tuple(filter(None, filters)), query.order, query.limit, query.retired_only)


def _with_rows(entity_type: str, each: Any, model: Model) -> Any:
    if isinstance(each, dict):
        inside = list(filter(None, (_with_rows(entity_type, one, model) for one in each["filters"])))
        return {**each, "filters": inside} if inside else None
    path, operator, value = each
    if path not in RELATIONS[entity_type]:
        return each
    keys = [key for other_type in RELATIONS[entity_type][path].types for key in model.keys(other_type)]
    if not keys:
        return None
    rows: list[Key] = [keys[pick % len(keys)] for pick in ([value] if isinstance(value, int) else value)]
    return [path, operator, rows[0] if isinstance(value, int) else rows]


def filters_of(query: Query) -> list[Filter]:
    """As the API has them."""
    return [_filter(query.entity_type, each) for each in query.filters]


def order_of(query: Query) -> list[Order]:
    return [Order(field_name=name, direction="asc" if way == "asc" else "desc") for name, way in query.order]


def _filter(entity_type: str, each: Any) -> Any:
    if isinstance(each, dict):
        return {**each, "filters": [_filter(entity_type, one) for one in each["filters"]]}
    path, operator, value = each
    if path in RELATIONS[entity_type]:
        value = [link(key) for key in value] if operator in ("in", "not_in") else link(value)
    return [path, operator, value]
