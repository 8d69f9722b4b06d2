"""Many rows of one type with one request: made, changed, retired, revived. See ``tracker/steps.py`` for what a step is.

A row to be made is found again by the fields that make it unique. What is there already is left alone, however often
it is there: people may have made it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from onepiece_core.errors import TrackerRefused, TrackerUnanswered
from onepiece_core.tracker.tracker import BatchRequest, Entity, Filter, Tracker

# "API batch() request with index 3 failed.  All requests rolled back."
_INDEX = re.compile(r"request with index (\d+)")


class RowsStep:
    """Makes the rows that are not there.

    Payload: ``type``, ``unique`` (names of fields), ``rows``: ``[{"key": text, "data": {...}}]``. The result is
    ``{key: {"id": 7, "was_there": bool}}``.
    """

    is_read = False
    is_shared = False
    is_long = False

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.tracker, self.type, self.unique = tracker, payload["type"], payload["unique"]
        self.rows: dict[str, dict[str, Any]] = {row["key"]: row["data"] for row in payload["rows"]}
        self.there: dict[str, int] = {}
        self.before: set[str] | None = None

    def find(self) -> Any | None:
        keys = {identity_of(data, self.unique): key for key, data in self.rows.items()}
        self.there = {}
        for entity in self.tracker.find(self.type, _filters(self.unique, self.rows.values()), self.unique):
            key = keys.get(identity_of(entity, self.unique))
            if key is not None:
                self.there.setdefault(key, entity["id"])
        if self.before is None:
            self.before = set(self.there)
        return self._result() if len(self.there) == len(self.rows) else None

    def prepare(self) -> None:
        """Nothing to read."""

    def send(self) -> Any:
        missing = [key for key in self.rows if key not in self.there]
        requests = [creation(self.type, self.rows[key]) for key in missing]
        made = cast("list[Entity]", _batch(self.tracker, missing, requests))
        if len(made) != len(missing):
            raise TrackerUnanswered(f"{self.tracker.url} tells of {len(made)} rows where {len(missing)} were asked for")
        self.there |= {key: entity["id"] for key, entity in zip(missing, made, strict=True)}
        return self._result()

    def _result(self) -> dict[str, dict[str, Any]]:
        before = self.before or set()
        return {key: {"id": self.there[key], "was_there": key in before} for key in self.rows}


class RowUpdatesStep:
    """Writes values into rows. Carried out twice it leaves the same, so nothing is looked up.

    Payload: ``type``, ``rows``: ``[{"key": text, "id": 7, "data": {...}, "modes": {field: "add"}}]``.
    """

    is_read = False
    is_shared = False
    is_long = False

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.tracker, self.type, self.rows = tracker, payload["type"], payload["rows"]

    def find(self) -> Any | None:
        return None

    def prepare(self) -> None:
        """Nothing to read."""

    def send(self) -> Any:
        requests: list[BatchRequest] = []
        for row in self.rows:
            request: BatchRequest = {"request_type": "update", "entity_type": self.type, "entity_id": row["id"]}
            request["data"] = row["data"]
            if row.get("modes"):
                request["multi_entity_update_modes"] = row["modes"]
            requests.append(request)
        _batch(self.tracker, [row["key"] for row in self.rows], requests)
        return {row["key"]: {"id": row["id"], "was_there": False} for row in self.rows}


class RowDeletesStep:
    """Retires rows; what is retired already is done. Payload: ``type``, ``rows``: ``[{"key": text, "id": 7}]``."""

    is_read = False
    is_shared = False
    is_long = False
    retired_only = False

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.tracker, self.type, self.rows = tracker, payload["type"], payload["rows"]
        self.left: set[int] = set()
        self.first: set[int] | None = None

    def find(self) -> Any | None:
        ids = [row["id"] for row in self.rows]
        found = self.tracker.find(self.type, [["id", "in", ids]], (), retired_only=self.retired_only)
        self.left = {entity["id"] for entity in found}
        if self.first is None:
            self.first = set(self.left)
        return None if self.left else self._result()

    def prepare(self) -> None:
        """Nothing to read."""

    def send(self) -> Any:
        left = [row for row in self.rows if row["id"] in self.left]
        requests: list[BatchRequest] = [
            {"request_type": "delete", "entity_type": self.type, "entity_id": row["id"]} for row in left
        ]
        _batch(self.tracker, [row["key"] for row in left], requests)
        return self._result()

    def _result(self) -> dict[str, dict[str, Any]]:
        first = self.first or set()
        return {row["key"]: {"id": row["id"], "was_there": row["id"] not in first} for row in self.rows}


class RowRevivesStep(RowDeletesStep):
    """Brings retired rows back. The API revives one row a request."""

    retired_only = True

    def send(self) -> Any:
        for row in self.rows:
            if row["id"] in self.left:
                self.tracker.revive(self.type, row["id"])
        return self._result()


ROW_STEPS: Mapping[str, Any] = {
    "rows": RowsStep,
    "row_updates": RowUpdatesStep,
    "row_deletes": RowDeletesStep,
    "row_revives": RowRevivesStep,
}


def creation(entity_type: str, data: Mapping[str, Any]) -> BatchRequest:
    """One row of a batch that makes rows."""
    return {"request_type": "create", "entity_type": entity_type, "data": dict(data)}


def _batch(tracker: Tracker, keys: Sequence[str], requests: Sequence[BatchRequest]) -> list[Entity | bool]:
    """One transaction. A refusal that names one of the requests names its row: ``row`` in the error's context."""
    try:
        return tracker.batch(requests)
    except TrackerRefused as error:
        report, index = error.report, refused_index(error)
        if index is None or index >= len(keys):
            raise
        context = {**report.context, "row": keys[index]}
        raise TrackerRefused(report.message, hint=report.hint, **context) from error


def refused_index(error: TrackerRefused) -> int | None:
    """Which request of a batch was refused, where the tracker says it."""
    named = _INDEX.search(error.report.message)
    return None if named is None else int(named[1])


def identity_of(data: Mapping[str, Any], unique: Sequence[str]) -> tuple[Any, ...]:
    """What makes a row itself; equal for data as it is written and as the site shows it."""
    return tuple(_comparable(data.get(field)) for field in unique)


def _comparable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return (value.get("type"), value.get("id"))
    # Sites compare text without regard to case.
    return value.casefold() if isinstance(value, str) else value


def _filters(unique: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[Filter]:
    """Rows that may be these: each field one of the values that they have."""
    filters: list[Filter] = []
    every = list(rows)
    for field in unique:
        values: dict[Any, Any] = {_comparable(data.get(field)): data.get(field) for data in every}
        if None in values:
            continue  # `in` knows no empty value; what comes too much is left aside
        found = list(values.values())
        filters.append([field, "is", found[0]] if len(found) == 1 else [field, "in", found])
    return filters
