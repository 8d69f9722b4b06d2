"""What the machine does to a site: each operation can be sent through a tracker, and be carried out by the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onepiece_core.tracker.tracker import BatchRequest, Entity, Tracker
from tests.proof.model import RELATIONS, Key, Model

# The id that a new row of this type got.
NewId = Callable[[str], int]


def link(key: Key) -> Entity:
    return {"type": key[0], "id": key[1]}


def on_the_wire(entity_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """Links as the API has them."""
    return {name: _value(entity_type, name, value) for name, value in data.items()}


def _value(entity_type: str, name: str, value: Any) -> Any:
    relation = RELATIONS[entity_type].get(name)
    if relation is None:
        return value
    links = [link(key) for key in value]
    return next(iter(links), None) if relation.is_single else links


@dataclass(frozen=True)
class Create:
    entity_type: str
    data: dict[str, Any]

    def request(self, project: Entity) -> BatchRequest:
        data = {**on_the_wire(self.entity_type, self.data), "project": project}
        return {"request_type": "create", "entity_type": self.entity_type, "data": data}

    def send(self, tracker: Tracker, project: Entity) -> list[Any]:
        request = self.request(project)
        return [tracker.create(self.entity_type, request["data"])]

    def apply(self, model: Model, new_id: NewId) -> list[Any]:
        key = self.entity_type, new_id(self.entity_type)
        model.create(key, self.data)
        return [key]


@dataclass(frozen=True)
class Update:
    """``modes`` other than "set" travel in a batch."""

    key: Key
    data: dict[str, Any]
    modes: dict[str, Any] = field(default_factory=dict)

    def request(self, _project: Entity) -> BatchRequest:
        data = on_the_wire(self.key[0], self.data)
        request: BatchRequest = {"request_type": "update", "entity_type": self.key[0], "entity_id": self.key[1]}
        return {**request, "data": data, "multi_entity_update_modes": self.modes}

    def send(self, tracker: Tracker, project: Entity) -> list[Any]:
        if self.modes:
            return tracker.batch([self.request(project)])
        return [tracker.update(*self.key, on_the_wire(self.key[0], self.data))]

    def apply(self, model: Model, _new_id: NewId) -> list[Any]:
        model.update(self.key, self.data, self.modes)
        return [self.key]


@dataclass(frozen=True)
class Delete:
    key: Key

    def request(self, _project: Entity) -> BatchRequest:
        return {"request_type": "delete", "entity_type": self.key[0], "entity_id": self.key[1]}

    def send(self, tracker: Tracker, _project: Entity) -> list[Any]:
        return [tracker.delete(*self.key)]

    def apply(self, model: Model, _new_id: NewId) -> list[Any]:
        return [model.delete(self.key)]


@dataclass(frozen=True)
class Revive:
    key: Key

    def send(self, tracker: Tracker, _project: Entity) -> list[Any]:
        return [tracker.revive(*self.key)]

    def apply(self, model: Model, _new_id: NewId) -> list[Any]:
        return [model.revive(self.key)]


@dataclass(frozen=True)
class Batch:
    """All of them or none."""

    parts: tuple[Create | Update | Delete, ...]

    def send(self, tracker: Tracker, project: Entity) -> list[Any]:
        return tracker.batch([part.request(project) for part in self.parts])

    def apply(self, model: Model, new_id: NewId) -> list[Any]:
        return [answer for part in self.parts for answer in part.apply(model, new_id)]


@dataclass(frozen=True)
class Upload:
    key: Key
    path: Path
    name: str

    def send(self, tracker: Tracker, _project: Entity) -> list[Any]:
        tracker.upload(*self.key, self.path, field_name="sg_uploaded_movie", display_name=self.name)
        return []

    def apply(self, model: Model, _new_id: NewId) -> list[Any]:
        model.attach(self.key, "movie", self.name)
        return []


@dataclass(frozen=True)
class Thumbnail:
    key: Key
    path: Path

    def send(self, tracker: Tracker, _project: Entity) -> list[Any]:
        tracker.upload_thumbnail(*self.key, self.path)
        return []

    def apply(self, model: Model, _new_id: NewId) -> list[Any]:
        model.attach(self.key, "image", True)
        return []


Operation = Create | Update | Delete | Revive | Batch | Upload | Thumbnail


def answered(answers: list[Any]) -> list[Any]:
    """What a tracker answered, in the model's form: a row is its key."""
    return [(each["type"], each["id"]) if isinstance(each, dict) else each for each in answers]
