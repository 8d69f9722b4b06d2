"""From what a file says to what a site takes: each value by its field's type, links by the names of what they link.

All names of all rows are looked up together, a request for some hundreds of them.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from onepiece_core.tracker.tracker import Entity, Filter, Tracker

# What people call a row of a type, where it is not its code.
NAME_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Project": ("name", "code"),
    "Task": ("content",),
    "HumanUser": ("login", "email", "name"),
    "ApiUser": ("name",),
    "Group": ("code",),
    "Department": ("name", "code"),
    "Step": ("short_name", "code"),
    "Tag": ("name",),
    "Note": ("subject",),
    "Ticket": ("title",),
    "Delivery": ("title",),
}
_NAMES_A_REQUEST = 500
_LINK = re.compile(r"(?:(?P<type>[A-Z][A-Za-z0-9]+)?(?P<mark>[#:]))?(?P<rest>.+)", re.DOTALL)
_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")
_WHOLE = ("number", "percent", "duration", "timecode")
_REAL = ("float", "currency")
_TEXT = ("text", "list", "status_list", "color", "footage", "uuid", "entity_type", "pivot_column")


class ValueRefused(ValueError):
    """A value that its field does not take; the message is for people."""


@dataclass(frozen=True, slots=True)
class NamedLink:
    """A link that is still a name. ``types``: what it may be."""

    types: tuple[str, ...]
    name: str


@dataclass(slots=True)
class Links:
    """Names of rows -> rows. Collect with :meth:`want`, then :meth:`read`, then :meth:`get`."""

    tracker: Tracker
    project: Entity | None
    _wanted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _found: dict[tuple[str, str], list[Entity]] = field(default_factory=lambda: defaultdict(list))

    def want(self, link: NamedLink) -> None:
        for entity_type in link.types:
            self._wanted[entity_type].add(link.name)

    def read(self) -> None:
        """Ask for everything that is wanted. Raises TrackerError."""
        for entity_type, names in self._wanted.items():
            ordered = sorted(names)
            for start in range(0, len(ordered), _NAMES_A_REQUEST):
                self._read(entity_type, ordered[start : start + _NAMES_A_REQUEST])
        self._wanted.clear()

    def get(self, link: NamedLink) -> Entity:
        """Raises ValueRefused when there is none, or more than one."""
        found = [each for entity_type in link.types for each in self._found[entity_type, link.name.casefold()]]
        unique = {(each["type"], each["id"]): each for each in found}
        if len(unique) != 1:
            told = "there is none" if not unique else f"{len(unique)} are called so"
            raise ValueRefused(f"no {' or '.join(link.types[:3])} {link.name!r}: {told}")
        ((kind, number),) = unique
        return {"type": kind, "id": number}

    def _read(self, entity_type: str, names: Sequence[str]) -> None:
        known = self.tracker.schema_fields(entity_type)
        fields = [name for name in NAME_FIELDS.get(entity_type, ("code",)) if name in known]
        # A shot may be named with what it lies in: sc02/0010.
        last = sorted({name.rpartition("/")[2] for name in names} if entity_type == "Shot" else set(names))
        filters: list[Filter] = [{"filter_operator": "any", "filters": [[each, "in", last] for each in fields]}]
        if self.project is not None and "project" in known and entity_type != "Project":
            filters.append(["project", "is", self.project])
        parents = [each for each in _PARENTS if each.partition(".")[0] in known] if entity_type == "Shot" else []
        rows = self.tracker.find(entity_type, filters, [*fields, *parents])
        by_name: dict[str, list[Entity]] = defaultdict(list)
        for row in rows:
            for each in fields:
                by_name[str(row.get(each) or "").casefold()].append(row)
        for name in names:
            self._found[entity_type, name.casefold()] = list(_named(name, by_name))


_PARENTS = ("sg_sequence.Sequence.code", "sg_sequence.Sequence.episode.Episode.code")


def _named(name: str, by_name: Mapping[str, list[Entity]]) -> Iterator[Entity]:
    whole = by_name.get(name.casefold(), [])
    if whole or "/" not in name:
        yield from whole
        return
    *above, last = name.casefold().split("/")
    for row in by_name.get(last, []):
        told = [str(row.get(parent) or "").casefold() for parent in _PARENTS]
        if all(_same(one, other) for one, other in zip(reversed(above), told, strict=False)):
            yield row


def _same(asked: str, told: str) -> bool:
    """A sequence may be called sc02, or ep010_sc02."""
    return told == asked or told.endswith(f"_{asked}")


def convert(value: Any, schema: Mapping[str, Any]) -> Any:
    """``value`` as a field of this schema takes it; a link by name comes back as NamedLink, several as a list.

    Raises ValueRefused.
    """
    kind = schema.get("data_type")
    if value is None:
        return [] if kind == "multi_entity" else None
    if kind in ("entity", "multi_entity"):
        types = tuple(schema.get("valid_types") or ())
        return _links(value, types) if kind == "multi_entity" else _link(value, types)
    if kind in ("status_list", "list"):
        return _listed(_text(value), schema.get("valid_values") or [])
    if kind in _WHOLE:
        return _whole(value)
    if kind in _REAL:
        return _real(value)
    if kind == "checkbox":
        return _checked(value)
    if kind in ("date", "date_time"):
        return _date(value) if kind == "date" else _date_time(value)
    if kind == "tag_list":
        return [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    if kind in _TEXT:
        return _text(value)
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueRefused("a text is expected")


def _listed(text: str, valid: Sequence[str]) -> str:
    if not valid or text in valid:
        return text
    close = next((each for each in valid if str(each).casefold() == text.casefold()), None)
    if close is not None:
        return str(close)
    raise ValueRefused(f"{text!r} is none of {', '.join(map(str, valid[:20]))}")


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value.strip(), re.ASCII):
        return int(value)
    raise ValueRefused(f"{value!r} is no whole number")


def _real(value: Any) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueRefused(f"{value!r} is no number")
    return number


def _checked(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    told = str(value).strip().lower()
    if told in _TRUE or told in _FALSE:
        return told in _TRUE
    raise ValueRefused(f"{value!r} is neither yes nor no")


def _date(value: Any) -> str:
    try:
        return date.fromisoformat(_text(value).strip()).isoformat()
    except ValueError as cause:
        raise ValueRefused(f"{value!r} is no date like 2024-12-31") from cause


def _date_time(value: Any) -> str:
    """In UTC, as the API writes it; a time without a zone is UTC."""
    try:
        told = datetime.fromisoformat(_text(value).strip())
    except ValueError as cause:
        raise ValueRefused(f"{value!r} is no time like 2024-12-31T12:00:00Z") from cause
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _links(value: Any, types: tuple[str, ...]) -> list[Any]:
    some: Iterable[Any] = re.split(r"[;,]", value) if isinstance(value, str) else value
    if not isinstance(some, list):
        raise ValueRefused("a list of links is expected")
    return [_link(each, types) for each in some if not (isinstance(each, str) and not each.strip())]


def _link(value: Any, types: tuple[str, ...]) -> Any:
    """``ep010_sc02``, ``Shot:0010``, ``#123``, ``Shot#123``, or an object with ``type`` and ``id`` or ``name``."""
    if isinstance(value, Mapping):
        kind, name = value.get("type"), value.get("name", value.get("code"))
        if isinstance(kind, str) and isinstance(value.get("id"), int):
            return {"type": kind, "id": value["id"]}
        if isinstance(kind, str) and isinstance(name, str):
            return NamedLink((kind,), name)
        raise ValueRefused("a link needs type and id, or type and name")
    if not isinstance(value, str) or not value.strip():
        raise ValueRefused("a link is expected, by name")
    found = _LINK.fullmatch(value.strip())
    assert found is not None
    chosen = (found["type"],) if found["type"] else types
    if found["type"] and types and found["type"] not in types:
        if found["mark"] == ":":  # the name itself holds a colon
            return NamedLink(types, value.strip())
        raise ValueRefused(f"{found['type']} is none of {', '.join(types)}")
    if found["mark"] == "#":
        if not found["rest"].isdecimal() or len(chosen) != 1:
            raise ValueRefused(f"{value!r} is no link: write Type#123")
        return {"type": chosen[0], "id": int(found["rest"])}
    return NamedLink(chosen, found["rest"].strip() if found["mark"] else value.strip())
