"""How two templates differ: rows that only one has, values that both have otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from onepiece_core.show.plan import ShowPlan
from onepiece_core.show.tree import Node, Show

State = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One row. ``changes``: field -> old and new value. ``added``: only the new side has it."""

    type: str
    path: str
    state: State
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def diff_shows(old: Show, new: Show) -> list[Difference]:
    """In the order of the old one, then what is new."""
    return list(_differences(_by_path(old), _by_path(new)))


def diff_plan(plan: ShowPlan) -> list[Difference]:
    """From the project as it is to the template."""
    found: list[Difference] = []
    for row in (plan.project, *plan.rows):
        if row.action == "create":
            found.append(Difference(row.node.type, row.node.path, "added"))
        elif row.action == "differs":
            changes = {change.field: (change.was, change.value) for change in row.changes}
            found.append(Difference(row.node.type, row.node.path, "changed", changes))
    found += [Difference(kind, code, "removed") for kind, codes in plan.more.items() for code in codes]
    return found


def _by_path(show: Show) -> dict[tuple[str, str, str], Node]:
    return {(node.type, node.path.casefold(), (node.step or "").casefold()): node for node in show.nodes}


def _differences(
    old: Mapping[tuple[str, str, str], Node], new: Mapping[tuple[str, str, str], Node]
) -> Iterator[Difference]:
    for key, node in old.items():
        other = new.get(key)
        if other is None:
            yield Difference(node.type, _told(node), "removed")
            continue
        names = sorted(node.values.keys() | other.values.keys())
        changes = {
            name: (node.values.get(name), other.values.get(name))
            for name in names
            if _comparable(node.values.get(name)) != _comparable(other.values.get(name))
        }
        if changes:
            yield Difference(node.type, _told(node), "changed", changes)
    yield from (Difference(node.type, _told(node), "added") for key, node in new.items() if key not in old)


def _told(node: Node) -> str:
    return f"{node.path} ({node.step})" if node.step else node.path


def _comparable(value: Any) -> Any:
    """YAML tells every value as text."""
    if isinstance(value, list):
        return list(map(_comparable, value))
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
