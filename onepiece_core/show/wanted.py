"""The nodes of a show as a site takes them: values converted, links and steps found, what cannot be made refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.errors import ManifestError
from onepiece_core.show.site import Link, Site
from onepiece_core.show.tree import Node, Show
from onepiece_core.tracker.row_values import Links, NamedLink, ValueRefused, convert
from onepiece_core.tracker.tracker import Entity

_SHOWN = 10


@dataclass(slots=True, eq=False)
class Wanted:
    """A node with what the site needs for it.

    Attributes:
        parent: what it lies in; None: the project.
        link: where its parent stands; None: it lies in the project itself.
        data: fields, without project, name and parent.
        id: None: not there, as far as anybody knows.
    """

    node: Node
    parent: Wanted | None
    link: Link | None
    data: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None


class Converter:
    """Turns nodes into what is wanted. Nodes that share their values are converted once."""

    def __init__(self, site: Site, project: Entity | None) -> None:
        self._site = site
        self._links = Links(site.tracker, project)
        self._done: dict[tuple[str, str | None, str, int], dict[str, Any] | ValueRefused] = {}
        self._kept: list[Mapping[str, Any]] = []  # whose ids stand above

    def convert(self, show: Show) -> list[Wanted]:
        """Parents first; what is refused, and what lies in it, goes to ``show.refused``."""
        for entity_type in {node.type for node in show.nodes}:
            self._site.check_type(entity_type)
        converted = [self._data(node) for node in show.nodes]
        self._links.read()
        linked: dict[int, Mapping[str, Any] | ValueRefused] = {}
        made: dict[int, Wanted] = {}
        for node, data in zip(show.nodes, converted, strict=True):
            if id(data) not in linked:
                linked[id(data)] = self._linked(data)
            try:
                made[id(node)] = self._wanted(node, linked[id(data)], made)
            except ValueRefused as error:
                show.refused.setdefault(node.where, f"{node.type} {node.code}: {error}")
        return list(made.values())

    def convert_project(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of the project itself. Raises ManifestError."""
        try:
            data = dict(self._values("Project", values))
            self._want(data)
            self._links.read()
            return dict(self._linked_or_raise(data))
        except ValueRefused as error:
            raise ManifestError(f"The project: {error}") from error

    def _wanted(self, node: Node, data: Mapping[str, Any] | ValueRefused, made: Mapping[int, Wanted]) -> Wanted:
        if isinstance(data, ValueRefused):
            raise data
        if not node.code.strip():
            raise ValueRefused("its code is empty")
        if node.parent is None:
            link = self._site.link("Task", "Project") if node.type == "Task" else None
            return Wanted(node, None, link, data)
        parent = made.get(id(node.parent))
        if parent is None:
            raise ValueRefused(f"{node.parent.type} {node.parent.code} was refused")
        link = self._site.link(node.type, node.parent.type, node.link)
        if link is None:
            named = f"the field {node.link!r}" if node.link else "no field"
            verb = "does not link" if node.link else "links"
            raise ValueRefused(f"{named} of {node.type} {verb} to {node.parent.type} on this site")
        return Wanted(node, parent, link, data)

    def _data(self, node: Node) -> dict[str, Any] | ValueRefused:
        above = node.parent.type if node.parent is not None else "Project"
        key = (node.type, node.step, above if node.type == "Task" else "", id(node.values))
        if key not in self._done:
            self._kept.append(node.values)
            try:
                data = dict(self._values(node.type, node.values))
                if node.step is not None:
                    data["step"] = self._site.step(node.step, above)
                self._want(data)
                self._done[key] = data
            except ValueRefused as error:
                self._done[key] = error
        return self._done[key]

    def _values(self, entity_type: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        known = self._site.fields(entity_type)
        taken = {"id", "project", self._site.name_field(entity_type)}
        for name, value in values.items():
            if value is None or value == "":
                continue  # an empty cell says nothing
            schema = known.get(name)
            if schema is None:
                raise ValueRefused(f"{entity_type} has no field {name!r}")
            if schema.get("editable") is False or name in taken:
                raise ValueRefused(f"{name} cannot be set here")
            try:
                yield name, convert(value, schema)
            except ValueRefused as error:
                raise ValueRefused(f"{name}: {error}") from error

    def _want(self, data: Mapping[str, Any]) -> None:
        for value in data.values():
            for link in value if isinstance(value, list) else [value]:
                if isinstance(link, NamedLink):
                    self._links.want(link)

    def _linked(self, data: Mapping[str, Any] | ValueRefused) -> Mapping[str, Any] | ValueRefused:
        if isinstance(data, ValueRefused):
            return data
        try:
            return self._linked_or_raise(data)
        except ValueRefused as error:
            return error

    def _linked_or_raise(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        def linked(value: Any) -> Any:
            if isinstance(value, list):
                return [linked(each) for each in value]
            return self._links.get(value) if isinstance(value, NamedLink) else value

        return {name: linked(value) for name, value in data.items()}


def refuse_all(show: Show, what: str) -> None:
    """Of a template nothing is made when anything of it is refused. Raises ManifestError."""
    if show.refused:
        reasons = list(dict.fromkeys(show.refused.values()))
        more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
        raise ManifestError(
            f"{what}: {'; '.join(reasons[:_SHOWN])}{more}", hint="Nothing was written.", refused=len(show.refused)
        )


def refuse_doubles(show: Show, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Without the second of two equal rows, and what lies in it."""
    seen: dict[tuple[Any, ...], Wanted] = {}
    gone: set[int] = set()
    kept: list[Wanted] = []
    steps = double_contents(wanted)
    for each in wanted:
        if each.parent is not None and id(each.parent) in gone:
            gone.add(id(each))
            continue
        key = (each.node.type, each.node.code.casefold(), id(each.parent) if is_below(each) else None)
        first = seen.setdefault((*key, _step(each)) if key[1] in steps and each.node.type == "Task" else key, each)
        if first is each:
            kept.append(each)
        else:
            gone.add(id(each))
            told = f"{each.node.type} {each.node.code}: it is the same as {first.node.where}"
            show.refused.setdefault(each.node.where, told)
    return kept


def without_refused(show: Show, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Without sequences and episodes that only refused rows have named."""
    kept: list[Wanted] = []
    used: set[int] = set()
    for each in reversed(wanted):
        if each.node.where not in show.refused or id(each) in used:
            kept.append(each)
            used.add(id(each.parent))
    return kept[::-1]


def is_below(each: Wanted) -> bool:
    """Its parent is a part of what it is: two parents can have a row of that code each."""
    return each.link is not None and not each.link.is_many


def double_contents(wanted: Sequence[Wanted]) -> set[str]:
    """Contents that tasks of one row have more than once: their steps tell them apart."""
    seen: set[tuple[int, str]] = set()
    double: set[str] = set()
    for each in wanted:
        if each.node.type == "Task":
            key = (id(each.parent), each.node.code.casefold())
            if key in seen:
                double.add(key[1])
            seen.add(key)
    return double


def _step(each: Wanted) -> int | None:
    step = each.data.get("step")
    return step["id"] if step else None
