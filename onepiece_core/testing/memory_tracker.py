"""A tracker in memory, with faults: for tests of what is built on the Tracker protocol."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from onepiece_core.errors import InputUnreadable, TrackerRefused, TrackerUnanswered, TrackerUnavailable
from onepiece_core.tracker.retry import Clock, SystemClock
from onepiece_core.tracker.tracker import BatchRequest, Entity, Filter, Order

T = TypeVar("T")

WRITES = ("create", "update", "delete", "revive", "batch", "upload", "upload_thumbnail")
# What makes rows.
MAKES = ("create", "batch", "upload", "upload_thumbnail")

# The fields of a stock site that publishing touches, by type; all types have these too:
_COMMON = ("id", "created_at", "created_by", "updated_at", "image")
_FIELDS: dict[str, tuple[str, ...]] = {
    "Project": ("name", "code", "sg_status", "archived"),
    "HumanUser": ("name", "login", "email"),
    "Episode": ("code", "project"),
    "Sequence": ("code", "project", "episode"),
    "Shot": ("code", "project", "sg_sequence", "description", "sg_status_list"),
    "Asset": ("code", "project", "description", "sg_asset_type"),
    "Step": ("code", "short_name"),
    "Task": ("content", "project", "entity", "step", "sg_status_list"),
    "Version": (
        "code", "project", "entity", "sg_task", "user", "description", "sg_path_to_frames", "sg_path_to_movie",
        "sg_first_frame", "sg_last_frame", "frame_count", "frame_range", "sg_status_list", "sg_uploaded_movie",
    ),
    "Playlist": ("code", "project", "versions"),
    "PublishedFileType": ("code", "short_name"),
    "PublishedFile": (
        "code", "name", "version_number", "project", "entity", "task", "version", "path", "path_cache",
        "published_file_type", "description", "sg_status_list",
    ),
    "PublishedFileDependency": ("published_file", "dependent_published_file"),
    "LocalStorage": ("code", "linux_path", "mac_path", "windows_path"),
    "Attachment": ("this_file", "file_size", "filename", "display_name", "attachment_links"),
    "Note": ("subject", "content", "project"),
}  # fmt: skip
_STATUSES = {"Version": ["rev", "vwd", "apr", "na"], "PublishedFile": ["wtg", "ip", "cmpt"]}


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call.

    ``refuse``: a fault of the site. ``unavailable``: not carried out. ``drop``: carried out, the answer is lost.
    ``late``: no answer, and carried out ``seconds`` after that. ``lose``: no answer and never carried out.
    """

    kind: Literal["refuse", "unavailable", "drop", "late", "lose"]
    seconds: float = 0.0


# Says what goes wrong with a call: gets the method's name and the number of the call among ``MAKES`` or reads.
FaultPlan = Callable[[str, int], Fault | None]


def no_faults(_method: str, _number: int) -> Fault | None:
    """The default plan."""
    return None


def every(count: int, fault: Fault, methods: Iterable[str] = MAKES) -> FaultPlan:
    """Every ``count``-th call that makes rows."""
    hit = frozenset(methods)
    return lambda method, number: fault if method in hit and number % count == 0 else None


class MemoryTracker:
    """See the Tracker protocol. Retired rows stay, with ``retired_only`` to see them.

    Attributes:
        calls: the methods called so far, in order.
    """

    def __init__(self, *, clock: Clock | None = None, faults: FaultPlan = no_faults) -> None:
        self.faults = faults
        self.calls: list[str] = []
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._rows: dict[str, dict[int, Entity]] = {entity_type: {} for entity_type in _FIELDS}
        self._retired: set[tuple[str, int]] = set()
        self._late: list[tuple[float, Callable[[], Any]]] = []
        self._numbers = {"makes": 0, "others": 0}

    @property
    def url(self) -> str:
        return "memory://tracker"

    # Reads

    def server_info(self) -> dict[str, Any]:
        return self._call("server_info", lambda: {"version": [8, 98, 0], "api_max_entities_per_page": 5000})

    def check_credentials(self) -> None:
        self._call("check_credentials", lambda: None)

    def find(
        self,
        entity_type: str,
        filters: Sequence[Filter],
        fields: Sequence[str] = (),
        *,
        order: Sequence[Order] = (),
        limit: int = 0,
        retired_only: bool = False,
    ) -> list[Entity]:
        def search() -> list[Entity]:
            rows = self._table(entity_type)
            found = [
                row
                for entity_id, row in sorted(rows.items())
                if ((entity_type, entity_id) in self._retired) is retired_only and self._matches(row, filters)
            ]
            for each in reversed(order):
                found.sort(
                    key=lambda row, name=each["field_name"]: _sortable(self._value(row, name)),  # type: ignore[misc]
                    reverse=each.get("direction") == "desc",
                )
            return [self._shown(row, fields) for row in (found[:limit] if limit else found)]

        return self._call("find", search)

    def find_one(self, entity_type: str, filters: Sequence[Filter], fields: Sequence[str] = ()) -> Entity | None:
        found = self.find(entity_type, filters, fields, limit=1)
        return found[0] if found else None

    def schema_fields(self, entity_type: str) -> dict[str, dict[str, Any]]:
        def read() -> dict[str, dict[str, Any]]:
            self._table(entity_type)
            names = (*_COMMON, *_FIELDS[entity_type])
            fields: dict[str, dict[str, Any]] = {name: {"data_type": "text"} for name in names}
            if entity_type in _STATUSES:
                fields["sg_status_list"] = {"data_type": "status_list", "valid_values": list(_STATUSES[entity_type])}
            return fields

        return self._call("schema_fields", read)

    # Writes

    def create(self, entity_type: str, data: dict[str, Any], return_fields: Sequence[str] = ()) -> Entity:
        return self._call("create", lambda: self._create(entity_type, data, return_fields))

    def update(self, entity_type: str, entity_id: int, data: dict[str, Any]) -> Entity:
        return self._call("update", lambda: self._update(entity_type, entity_id, data))

    def delete(self, entity_type: str, entity_id: int) -> bool:
        return self._call("delete", lambda: self._retire(entity_type, entity_id))

    def revive(self, entity_type: str, entity_id: int) -> bool:
        def back() -> bool:
            self._row(entity_type, entity_id)
            was = (entity_type, entity_id) in self._retired
            self._retired.discard((entity_type, entity_id))
            return was

        return self._call("revive", back)

    def batch(self, requests: Sequence[BatchRequest]) -> list[Entity | bool]:
        if not requests:
            return []

        def all_or_none() -> list[Entity | bool]:
            before = copy.deepcopy(self._rows), set(self._retired)
            try:
                return [self._carry_out(request) for request in requests]
            except BaseException:
                self._rows, self._retired = before
                raise

        return self._call("batch", all_or_none)

    def upload(
        self, entity_type: str, entity_id: int, path: Path, *, field_name: str, display_name: str | None = None
    ) -> int:
        size = _size_bytes(path)

        def attach() -> int:
            name = display_name or path.name
            attachment = self._create("Attachment", {"file_size": size, "filename": name, "display_name": name})
            link = {"type": "Attachment", "id": attachment["id"], "name": name, "link_type": "upload"}
            self._update(entity_type, entity_id, {field_name: link})
            return int(attachment["id"])

        return self._call("upload", attach)

    def upload_thumbnail(self, entity_type: str, entity_id: int, path: Path) -> int:
        size = _size_bytes(path)

        def attach() -> int:
            attachment = self._create("Attachment", {"file_size": size, "filename": path.name})
            self._update(entity_type, entity_id, {"image": f"{self.url}/thumbnail/{attachment['id']}"})
            return int(attachment["id"])

        return self._call("upload_thumbnail", attach)

    # Faults

    def _call(self, method: str, action: Callable[[], T]) -> T:
        with self._lock:
            self._carry_out_late()
            self.calls.append(method)
            kind = "makes" if method in MAKES else "others"
            self._numbers[kind] += 1
            fault = self.faults(method, self._numbers[kind])
            if fault is None:
                return action()
            return self._fail(method, fault, action)

    def _fail(self, method: str, fault: Fault, action: Callable[[], T]) -> T:
        if fault.kind == "refuse":
            raise TrackerRefused(f"{self.url} refused {method}")
        if fault.kind == "unavailable" or method not in WRITES:
            raise TrackerUnavailable(f"{self.url} cannot be reached ({method})")
        if fault.kind == "drop":
            action()
        elif fault.kind == "late":
            self._late.append((self._clock.now() + fault.seconds, action))
        raise TrackerUnanswered(f"{self.url} did not answer ({method})")

    def _carry_out_late(self) -> None:
        now = self._clock.now()
        due = [action for at, action in self._late if at <= now]
        self._late = [(at, action) for at, action in self._late if at > now]
        for action in due:
            # Nobody is there any more to hear a refusal.
            with suppress(TrackerRefused):
                action()

    # Rows

    def _table(self, entity_type: str) -> dict[int, Entity]:
        if entity_type not in self._rows:
            raise TrackerRefused(f"{self.url}: there is no entity type {entity_type!r}")
        return self._rows[entity_type]

    def _row(self, entity_type: str, entity_id: int) -> Entity:
        row = self._table(entity_type).get(entity_id)
        if row is None:
            raise TrackerRefused(f"{self.url}: there is no {entity_type} {entity_id}")
        return row

    def _carry_out(self, request: BatchRequest) -> Entity | bool:
        kind, entity_type = request["request_type"], request["entity_type"]
        if kind == "create":
            return self._create(entity_type, request["data"], request.get("return_fields") or ())
        if kind == "update":
            modes = request.get("multi_entity_update_modes") or {}
            row = self._row(entity_type, request["entity_id"])
            links = {name: _links(row, name, request["data"][name], mode) for name, mode in modes.items()}
            return self._update(entity_type, request["entity_id"], {**request["data"], **links})
        return self._retire(entity_type, request["entity_id"])

    def _create(self, entity_type: str, data: dict[str, Any], return_fields: Sequence[str] = ()) -> Entity:
        rows = self._table(entity_type)
        self._check_fields(entity_type, data)
        maker = {"type": "ApiUser", "id": 1, "name": "memory"}
        entity_id = len(rows) + 1
        row = {"type": entity_type, "id": entity_id, "created_by": maker, "created_at": self._clock.now()}
        rows[entity_id] = {**row, **copy.deepcopy(data)}
        return self._shown(rows[entity_id], (*data, *return_fields))

    def _update(self, entity_type: str, entity_id: int, data: dict[str, Any]) -> Entity:
        self._check_fields(entity_type, data)
        row = self._row(entity_type, entity_id)
        row.update(copy.deepcopy(data))
        return self._shown(row, tuple(data))

    def _retire(self, entity_type: str, entity_id: int) -> bool:
        self._row(entity_type, entity_id)
        if (entity_type, entity_id) in self._retired:
            return False
        self._retired.add((entity_type, entity_id))
        return True

    def _check_fields(self, entity_type: str, data: dict[str, Any]) -> None:
        known = {*_COMMON, *_FIELDS[entity_type]}
        for name, value in data.items():
            if name not in known:
                raise TrackerRefused(f"{self.url}: {entity_type}.{name} is no field")
            if isinstance(value, dict) and value.get("type") in self._rows:
                self._row(value["type"], value["id"])
        status = data.get("sg_status_list")
        if status is not None and status not in _STATUSES.get(entity_type, [status]):
            raise TrackerRefused(f"{self.url}: {status!r} is no status of {entity_type}")

    def _shown(self, row: Entity, fields: Sequence[str]) -> Entity:
        shown = {"type": row["type"], "id": row["id"]}
        return {**shown, **{name: copy.deepcopy(self._value(row, name)) for name in fields}}

    def _value(self, row: Entity, path: str) -> Any:
        field, _, rest = path.partition(".")
        value = row.get(field)
        if isinstance(value, dict) and value.get("type") in self._rows and "name" not in value:
            value = {**value, "name": self._name(value)}
        if not rest:
            return value
        wanted, _, deeper = rest.partition(".")
        if not isinstance(value, dict) or value.get("type") != wanted:
            return None
        return self._value(self._row(wanted, value["id"]), deeper)

    def _name(self, link: Entity) -> Any:
        row = self._rows[link["type"]].get(link["id"], {})
        # A PublishedFile has a name too, but is shown by its code.
        fields = ("name",) if link["type"] in ("Project", "HumanUser") else ("code", "content", "display_name")
        return next((row[field] for field in fields if row.get(field)), None)

    # Filters

    def _matches(self, row: Entity, filters: Sequence[Filter], *, all_of: bool = True) -> bool:
        answers = [self._is_met(row, each) for each in filters]
        return all(answers) if all_of else any(answers)

    def _is_met(self, row: Entity, each: Filter) -> bool:
        if isinstance(each, dict):
            return self._matches(row, each["filters"], all_of=each["filter_operator"] in ("all", "and"))
        path, relation, *values = each
        wanted = list(values[0]) if len(values) == 1 and isinstance(values[0], list | tuple) else values
        value = _comparable(self._value(row, path))
        among = [_comparable(one) for one in wanted]
        if relation in ("is", "in"):
            return value in among
        if relation in ("is_not", "not_in"):
            return value not in among
        if relation in _TEXT:
            return _TEXT[relation](str(value or ""), str(among[0]))
        if relation in ("greater_than", "less_than"):
            return value is not None and (value > among[0] if relation == "greater_than" else value < among[0])
        raise TrackerRefused(f"{self.url}: the relation {relation!r} is not known here")


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "not_contains": lambda value, part: part not in value,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def _comparable(value: Any) -> Any:
    """Links are equal by type and id, text without regard to case."""
    if isinstance(value, dict):
        return value.get("type"), value.get("id")
    return value.casefold() if isinstance(value, str) else value


def _links(row: Entity, name: str, value: list[Entity], mode: str) -> list[Entity]:
    """What a multi-entity field holds after an update."""
    before: list[Entity] = [] if mode == "set" else row.get(name) or []
    named = [_comparable(each) for each in value]
    rest = [each for each in before if _comparable(each) not in named]
    return rest if mode == "remove" else [*rest, *value]


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, _comparable(value) if value is not None else 0)


def _size_bytes(path: Path) -> int:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputUnreadable(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    if not size:
        raise InputUnreadable(f"{path} is empty", path=str(path))
    return size
