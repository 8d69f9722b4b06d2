"""What a site says about the types of a show: their fields, what links a row to what it lies in, its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.errors import UsageError
from onepiece_core.tracker.row_plan import fields_of
from onepiece_core.tracker.row_values import NAME_FIELDS, ValueRefused
from onepiece_core.tracker.tracker import Entity, Tracker

# Where a row of one type keeps the one that it lies in; the first that the site has.
_USUAL: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Sequence", "Episode"): ("episode", "sg_episode"),
    ("Shot", "Sequence"): ("sg_sequence",),
    ("Shot", "Episode"): ("sg_episode", "episode"),
    ("Shot", "Scene"): ("sg_scene", "scene"),
    ("Shot", "Shot"): ("parent_shots",),
    ("Scene", "Episode"): ("sg_episode", "episode"),
    ("Scene", "Sequence"): ("sg_sequence", "sequence"),
    ("Asset", "Asset"): ("parents",),
    ("Asset", "Episode"): ("episodes",),
    ("Asset", "Sequence"): ("sequences",),
    ("Asset", "Shot"): ("shots",),
}
# Types whose rows are nobody's hierarchy.
_NEVER = frozenset({"Project", "HumanUser", "ApiUser", "Step", "Status", "EventLogEntry"})


@dataclass(frozen=True, slots=True)
class Link:
    """The field that holds a row's parent; ``is_many``: it holds several."""

    name: str
    is_many: bool


@dataclass(slots=True)
class Site:
    """Asks for each type once."""

    tracker: Tracker
    _fields: dict[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    _steps: dict[str, list[Entity]] | None = None

    def fields(self, entity_type: str) -> Mapping[str, Mapping[str, Any]]:
        """Raises UsageError: the site has no such type."""
        if entity_type not in self._fields:
            self._fields[entity_type] = fields_of(self.tracker, entity_type)
        return self._fields[entity_type]

    def check_type(self, entity_type: str) -> None:
        """Raise UsageError for a type whose rows belong to no project, or that the site does not have."""
        if entity_type in _NEVER or "project" not in self.fields(entity_type):
            raise UsageError(f"A show holds no {entity_type}", hint="Episode, Sequence, Shot, Asset, Task, ...")

    def name_field(self, entity_type: str) -> str:
        return NAME_FIELDS.get(entity_type, ("code",))[0]

    def link(self, child: str, parent: str, named: str | None = None) -> Link | None:
        """The field that puts a ``child`` into a ``parent``; None: the site has none."""
        known = self.fields(child)
        names = (named,) if named else ("entity",) if child == "Task" else _USUAL.get((child, parent), ())
        names = names or tuple(
            name
            for name, schema in known.items()
            if schema.get("data_type") == "entity" and schema.get("valid_types") == [parent] and name != "project"
        )
        for name in names:
            schema = known.get(name, {})
            kind = schema.get("data_type")
            if kind in ("entity", "multi_entity") and parent in (schema.get("valid_types") or [parent]):
                return Link(name, kind == "multi_entity")
        return None

    def step(self, name: str, entity_type: str) -> Entity:
        """A pipeline step by short name or code, of this type or of any. Raises ValueRefused."""
        found = self._read_steps().get(name.casefold(), [])
        fitting = [step for step in found if step.get("entity_type") == entity_type]
        fitting = fitting or [step for step in found if not step.get("entity_type")]
        if not fitting:
            of = sorted({step["entity_type"] for step in found})
            raise ValueRefused(
                f"the step {name!r} is one of {', '.join(of)}, not of {entity_type}"
                if of
                else f"the site has no step {name!r}"
            )
        return {"type": "Step", "id": min(step["id"] for step in fitting)}

    def _read_steps(self) -> dict[str, list[Entity]]:
        if self._steps is None:
            self._steps = {}
            for step in self.tracker.find("Step", [], ("code", "short_name", "entity_type")):
                for name in {str(step.get("code") or "").casefold(), str(step.get("short_name") or "").casefold()}:
                    self._steps.setdefault(name, []).append(step)
        return self._steps
