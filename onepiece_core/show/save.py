"""A template from a project: its episodes, sequences, shots and assets, their values, their tasks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.show.fill import literal
from onepiece_core.show.site import Link, Site
from onepiece_core.show.template import SCHEMA, ShowTemplate
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.tracker import Entity, Tracker

# What is saved, and the types that it may lie in, the nearest first.
_TYPES: Mapping[str, tuple[str, ...]] = {
    "Episode": (),
    "Scene": (),
    "Sequence": ("Episode",),
    "Asset": (),
    "Shot": ("Sequence", "Episode"),
}
_KINDS = frozenset(
    (
        "text",
        "number",
        "float",
        "percent",
        "duration",
        "timecode",
        "currency",
        "list",
        "status_list",
        "checkbox",
        "date",
    )
)
# Said in other ways, or about this one show alone.
_NOT_SAVED = frozenset(
    ("id", "project", "cached_display_name", "start_date", "due_date", "time_logs_sum", "client_code", "implicit")
)
Task = tuple[str, str | None, str | None]


def save_project(
    tracker: Tracker, project: str, name: str, *, variables: Mapping[str, str], with_values: bool = True
) -> ShowTemplate:
    """The template that would make this project again.

    Args:
        variables: where a code or a value holds one of these values, the variable stands.
        with_values: False: the tree, the steps and the names of tasks alone.

    Raises:
        ProjectMissing: there is none, or several.
        TrackerError: the site does not answer.
    """
    found = find_project(tracker, {"name": project})
    return _Saving(Site(tracker), found, variables, with_values).template(name, found["name"])


@dataclass(slots=True)
class _Saving:
    site: Site
    project: Entity
    variables: Mapping[str, str]
    with_values: bool
    _below: dict[tuple[str, int], list[tuple[str, Entity]]] = field(default_factory=lambda: defaultdict(list))
    _sets: dict[tuple[str, tuple[Task, ...]], str] = field(default_factory=dict)
    _tasks: dict[tuple[str, int], tuple[Task, ...]] = field(default_factory=dict)

    def template(self, name: str, project_name: str) -> ShowTemplate:
        rows = {kind: self._rows(kind) for kind in _TYPES}
        self._tasks = self._read_tasks()
        self._name_sets(rows)
        for kind, some in rows.items():
            for row in some:
                self._below[self._parent(kind, row)].append((kind, row))
        entities = list(self._entities(("Project", self.project["id"])))
        value: dict[str, Any] = {"schema": SCHEMA, "name": name, "description": f"Saved from {project_name}"}
        tasks = {told: [self._task(task) for task in tasks] for (_, tasks), told in self._sets.items()}
        return ShowTemplate.model_validate(
            {**value, "variables": dict(self.variables), "tasks": tasks, "entities": entities}
        )

    def _rows(self, kind: str) -> list[Entity]:
        known = self.site.fields(kind)
        fields = {"code", *self._saved(known), *(link.name for _, link in self._links(kind))}
        order: Any = [{"field_name": "code", "direction": "asc"}, {"field_name": "id", "direction": "asc"}]
        return self.site.tracker.find(kind, [["project", "is", self.project]], sorted(fields), order=order)

    def _links(self, kind: str) -> Iterator[tuple[str, Link]]:
        for parent in _TYPES[kind]:
            link = self.site.link(kind, parent)
            if link is not None and not link.is_many:
                yield parent, link

    def _parent(self, kind: str, row: Entity) -> tuple[str, int]:
        for parent, link in self._links(kind):
            if row.get(link.name):
                return parent, row[link.name]["id"]
        return "Project", self.project["id"]

    def _saved(self, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        for name, schema in known.items() if self.with_values else ():
            if schema.get("data_type") in _KINDS and schema.get("editable") is not False and name not in _NOT_SAVED:
                yield name

    def _values(self, kind: str, row: Entity) -> dict[str, Any]:
        known = self.site.fields(kind)
        taken = self.site.name_field(kind)
        found = {name: row.get(name) for name in self._saved(known) if name != taken}
        return {
            name: self._text(value) if isinstance(value, str) else value
            for name, value in found.items()
            if value not in (None, "", False) and value != known[name].get("default_value")
        }

    def _text(self, text: str) -> str:
        return literal(text, self.variables)

    def _entities(self, above: tuple[str, int]) -> Iterator[dict[str, Any]]:
        seen: set[tuple[str, str]] = set()
        for kind, row in self._below.get(above, ()):
            code = str(row.get("code") or "")
            if not code.strip() or (kind, code.casefold()) in seen:
                continue  # nothing tells it from the first
            seen.add((kind, code.casefold()))
            told: dict[str, Any] = {"type": kind, "code": self._text(code)}
            if values := self._values(kind, row):
                told["fields"] = values
            if tasks := self._tasks.get((kind, row["id"])):
                told["tasks"] = [self._sets[kind, tasks]]
            if children := list(self._entities((kind, row["id"]))):
                told["children"] = children
            yield told

    def _read_tasks(self) -> dict[tuple[str, int], tuple[Task, ...]]:
        fields = ("content", "entity", "step.Step.short_name", "step.Step.code", "sg_status_list")
        found: dict[tuple[str, int], dict[tuple[str, str], Task]] = defaultdict(dict)
        for row in self.site.tracker.find("Task", [["project", "is", self.project]], fields):
            entity, content = row.get("entity"), str(row.get("content") or "")
            if not entity or entity["type"] not in _TYPES or not content.strip():
                continue
            step = row.get("step.Step.short_name") or row.get("step.Step.code")
            status = row.get("sg_status_list") if self.with_values else None
            key = content.casefold(), str(step or "").casefold()
            found[entity["type"], entity["id"]].setdefault(key, (content, step, status))
        return {owner: tuple(tasks.values()) for owner, tasks in found.items()}

    def _name_sets(self, rows: Mapping[str, Iterable[Entity]]) -> None:
        """``shot`` where all shots have the same tasks, else ``shot-1`` is what most have."""
        for kind, some in rows.items():
            counts = Counter(tasks for row in some if (tasks := self._tasks.get((kind, row["id"]))))
            for number, (tasks, _) in enumerate(counts.most_common(), 1):
                self._sets[kind, tasks] = kind.lower() if len(counts) == 1 else f"{kind.lower()}-{number}"

    def _task(self, task: Task) -> dict[str, Any]:
        content, step, status = task
        told = {"name": self._text(content)}
        told |= {"step": self._text(step)} if step else {}
        return told | ({"status": self._text(status)} if status else {})
