"""What a site should hold, in plain Python: rows, links seen from both ends, and how many events there are.

The model knows nothing of requests, faults or databases. It says what an operation does to a site that carries it
out once, and what a question is answered with.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int]

# The plain fields of each type, and what they hold in a new row.
PLAIN: dict[str, dict[str, Any]] = {
    "Shot": {"code": None, "description": None, "sg_cut_in": None, "sg_status_list": "wtg"},
    "Version": {"code": None, "description": None, "frame_count": None, "sg_status_list": "rev"},
    "Playlist": {"code": None, "description": None},
    "Note": {"subject": None, "content": None, "sg_status_list": "opn"},
}
STATUSES = {"Shot": ("wtg", "ip", "fin"), "Version": ("rev", "vwd", "apr"), "Note": ("opn", "clsd")}
NUMBERS = ("sg_cut_in", "frame_count")


@dataclass(frozen=True)
class Relation:
    """One end of a relation: ``side`` is this field's place in the pairs of ``name``.

    Attributes:
        is_single: this field holds one link at most.
        is_single_there: the field at the other end does.
        types: what it links to.
    """

    name: str
    side: int
    types: tuple[str, ...]
    is_single: bool = False
    is_single_there: bool = False


RELATIONS: dict[str, dict[str, Relation]] = {
    "Shot": {
        "sg_versions": Relation("shown", 1, ("Version",), is_single_there=True),
        "notes": Relation("noted", 1, ("Note",)),
    },
    "Version": {
        "entity": Relation("shown", 0, ("Shot",), is_single=True),
        "playlists": Relation("listed", 1, ("Playlist",)),
        "notes": Relation("noted", 1, ("Note",)),
    },
    "Playlist": {"versions": Relation("listed", 0, ("Version",))},
    "Note": {"note_links": Relation("noted", 0, ("Shot", "Version"))},
}


class Refusal(Exception):
    """A site does not do this."""


@dataclass
class Row:
    fields: dict[str, Any]
    is_retired: bool = False


@dataclass(frozen=True)
class Seen:
    """What can be read of a site: the model's answer and the site's are compared in this form."""

    rows: dict[Key, dict[str, Any]]
    events: Counter[tuple[str, int]]
    attachments: int


def different(seen: dict[Key, dict[str, Any]], wanted: dict[Key, dict[str, Any]]) -> dict[Key, Any]:
    """What differs, as ``(seen, wanted)`` by row and field."""
    found: dict[Key, Any] = {}
    for key in seen.keys() | wanted.keys():
        one, other = seen.get(key), wanted.get(key)
        if one is None or other is None:
            found[key] = one, other
        elif one != other:
            found[key] = {name: (one.get(name), other.get(name)) for name in one if one.get(name) != other.get(name)}
    return found


@dataclass
class Model:
    rows: dict[Key, Row] = field(default_factory=dict)
    links: set[tuple[str, Key, Key]] = field(default_factory=set)
    events: Counter[tuple[str, int]] = field(default_factory=Counter)
    attachments: int = 0

    def copy(self) -> Model:
        return copy.deepcopy(self)

    def keys(self, entity_type: str | None = None, *, retired: bool = False) -> list[Key]:
        return sorted(
            key
            for key, row in self.rows.items()
            if row.is_retired is retired and (entity_type is None or key[0] == entity_type)
        )

    def seen(self) -> Seen:
        rows = {key: {"retired": row.is_retired, **self.shown(key)} for key, row in self.rows.items()}
        return Seen(rows, Counter(self.events), self.attachments)

    def shown(self, key: Key) -> dict[str, Any]:
        """Every field of a row. What links to a retired row is not shown."""
        links: dict[str, Any] = {name: self.linked(key, name) for name in RELATIONS[key[0]]}
        return {**self.rows[key].fields, **links}

    def linked(self, key: Key, name: str) -> list[Key]:
        relation = RELATIONS[key[0]][name]
        pairs = [pair[1:] for pair in self.links if pair[0] == relation.name]
        others = [pair[1 - relation.side] for pair in pairs if pair[relation.side] == key]
        return sorted(other for other in others if not self.rows[other].is_retired)

    # Changes

    def create(self, key: Key, data: dict[str, Any]) -> None:
        self._check(key[0], data)
        self.rows[key] = Row({**PLAIN[key[0]], "image": False, "movie": None})
        self._write(key, data, {})
        self._happened("New", key)

    def update(self, key: Key, data: dict[str, Any], modes: dict[str, str]) -> None:
        self._active(key)
        self._check(key[0], data)
        self._write(key, data, modes)

    def delete(self, key: Key) -> bool:
        """False when it was retired already."""
        row = self._row(key)
        was, row.is_retired = row.is_retired, True
        if not was:
            self._happened("Retirement", key)
        return not was

    def revive(self, key: Key) -> bool:
        row = self._row(key)
        was, row.is_retired = row.is_retired, False
        if was:
            self._happened("Revival", key)
        return was

    def attach(self, key: Key, name: str, value: Any) -> None:
        """An uploaded file: its own row, and what the field shows."""
        self._active(key).fields[name] = value
        self.attachments += 1

    def _happened(self, kind: str, key: Key) -> None:
        self.events[f"Shotgun_{key[0]}_{kind}", key[1]] += 1

    def _row(self, key: Key) -> Row:
        if key not in self.rows:
            raise Refusal(f"there is no {key}")
        return self.rows[key]

    def _active(self, key: Key) -> Row:
        row = self._row(key)
        if row.is_retired:
            raise Refusal(f"{key} is retired")
        return row

    def _check(self, entity_type: str, data: dict[str, Any]) -> None:
        for name, value in data.items():
            relation = RELATIONS[entity_type].get(name)
            if relation is not None:
                for other in value:
                    self._active(other)
            elif name not in PLAIN[entity_type]:
                raise Refusal(f"{entity_type} has no field {name}")
            elif name == "sg_status_list" and value not in STATUSES[entity_type]:
                raise Refusal(f"{value} is no status")

    def _write(self, key: Key, data: dict[str, Any], modes: dict[str, str]) -> None:
        for name, value in data.items():
            relation = RELATIONS[key[0]].get(name)
            if relation is None:
                self.rows[key].fields[name] = value
            else:
                self._link(key, relation, set(value), modes.get(name, "set"))

    def _link(self, key: Key, relation: Relation, wanted: set[Key], mode: str) -> None:
        def pair(other: Key) -> tuple[str, Key, Key]:
            return (relation.name, key, other) if relation.side == 0 else (relation.name, other, key)

        there = {each for each in self.links if each[0] == relation.name and each[1 + relation.side] == key}
        named = {pair(other) for other in wanted}
        if mode == "remove":
            self.links -= named
            return
        if mode == "set":
            # A retired row keeps its one link: nobody writes to it.
            kept = {each for each in there if relation.is_single_there and self.rows[each[1]].is_retired}
            self.links -= there - kept
        if relation.is_single_there:
            self.links -= {each for each in self.links if each[0] == relation.name and each[1] in wanted}
        self.links |= named

    # Questions

    def find(self, query: Query) -> list[Key]:
        found = [
            key for key in self.keys(query.entity_type, retired=query.retired_only) if self._matches(key, query.filters)
        ]
        for name, direction in reversed(query.order):
            found.sort(key=lambda key, name=name: _sortable(self._value(key, name)), reverse=direction == "desc")  # type: ignore[misc]
        return found[: query.limit] if query.limit else found

    def _matches(self, key: Key, filters: Iterable[Any], *, all_of: bool = True) -> bool:
        answers = (self._is_met(key, each) for each in filters)
        return all(answers) if all_of else any(answers)

    def _is_met(self, key: Key, each: Any) -> bool:
        if isinstance(each, dict):
            return self._matches(key, each["filters"], all_of=each["filter_operator"] == "all")
        path, operator, value = each
        own, _, rest = path.partition(".")
        if own in RELATIONS[key[0]]:
            others = self.linked(key, own)
            if rest:  # "entity.Shot.code": any of them
                _, _, deeper = rest.partition(".")
                return any(OPERATORS[operator](self._value(other, deeper), value) for other in others)
            return LINK_OPERATORS[operator](others, value)
        return OPERATORS[operator](self._value(key, path), value)

    def _value(self, key: Key, name: str) -> Any:
        return key[1] if name == "id" else self.rows[key].fields[name]


@dataclass(frozen=True)
class Query:
    """A question. Links in ``filters`` are keys."""

    entity_type: str
    filters: tuple[Any, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    limit: int = 0
    retired_only: bool = False


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _sortable(value: Any) -> tuple[bool, Any]:
    """Nothing comes last in ascending order."""
    return (True, 0) if value is None else (False, _folded(value))


def _in(value: Any, wanted: Sequence[Any]) -> bool:
    return _folded(value) in [_folded(each) for each in wanted]


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: value is not None and test(_folded(value), _folded(wanted))


def _not(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: not test(value, wanted)


_contains = _text(lambda value, part: part in value)

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, wanted: _folded(value) == _folded(wanted),
    "is_not": lambda value, wanted: _folded(value) != _folded(wanted),
    "in": _in,
    "not_in": _not(_in),
    "contains": _contains,
    "not_contains": _not(_contains),
    "starts_with": _text(str.startswith),
    "ends_with": _text(str.endswith),
    "less_than": lambda value, wanted: value is not None and value < wanted,
    "greater_than": lambda value, wanted: value is not None and value > wanted,
    "between": lambda value, wanted: value is not None and wanted[0] <= value <= wanted[1],
}
LINK_OPERATORS: dict[str, Callable[[list[Key], Any], bool]] = {
    "is": lambda others, wanted: wanted in others,
    "is_not": lambda others, wanted: wanted not in others,
    "in": lambda others, wanted: bool(set(others) & set(wanted)),
    "not_in": lambda others, wanted: not set(others) & set(wanted),
}
