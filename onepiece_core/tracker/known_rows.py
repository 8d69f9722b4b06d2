"""Rows that are found again by a key, before and after they are made; see ``tracker/steps.py`` for what a step is.

Where a key is there twice after all (two processes worked on one operation, each believing to be alone), the lowest id
stays and the others are retired; every process comes to the same choice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from onepiece_core.errors import ErrorReport, TrackerRefused, TrackerUnanswered
from onepiece_core.log import get_logger
from onepiece_core.tracker.row_steps import creation, refused_index
from onepiece_core.tracker.tracker import Entity, Tracker

log = get_logger(__name__)

# Without these a Version would not be found again.
_VERSION_MUST = ("project", "code", "sg_path_to_frames")
# More refused rows in one request than this are one trouble, and not that of the rows.
_MOST_REFUSED = 20


class KnownRows(ABC):
    """Rows of one entity type, each with a key of its own.

    Attributes:
        spares_others: a row that the tracker refuses is left out, as ``{"refused": report}`` of its key, and the
            others are made; else it stops them all.
    """

    is_read = False
    is_shared = False
    is_long = False
    entity_type = ""
    spares_others = False

    def __init__(self, tracker: Tracker, wanted: Mapping[str, dict[str, Any]]) -> None:
        self.tracker, self.wanted = tracker, dict(wanted)
        self.there: dict[str, Entity] = {}
        self.new: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, dict[str, Any]] = {}

    @abstractmethod
    def rows(self) -> list[tuple[str, Entity]]:
        """What is there now, lowest id first."""

    def data(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return wanted

    def result(self) -> Any:
        return {key: link_of(self.there[key]) for key in self.wanted}

    def may_retire(self, double: Entity, first: Entity) -> bool:  # noqa: ARG002
        return True

    def find(self) -> Any | None:
        self.there = {}
        for key, entity in self.rows():
            if key not in self.wanted:
                continue
            first = self.there.setdefault(key, entity)
            if first is not entity and self.may_retire(entity, first):
                log.warning("tracker.double_retired", row=name_of(entity), kept=first["id"])
                self.tracker.delete(entity["type"], entity["id"])
        return {**self.result(), **self.refused} if len(self.there) == len(self.wanted) else None

    def prepare(self) -> None:
        missing = {key: self.data(data) for key, data in self.wanted.items() if key not in self.there}
        self.new = {
            key: {name: value for name, value in data.items() if value is not None} for key, data in missing.items()
        }

    def send(self) -> Any:
        self._make(list(self.new))
        # Looked up rather than taken from the answer: another process may have made them at the same time.
        result = self.find()
        if result is None:
            raise TrackerUnanswered(f"{self.tracker.url} does not show the new {self.entity_type} yet")
        return result

    def _make(self, keys: list[str]) -> None:
        """A request is one transaction: after a refusal nothing of it is there; the rest is sent without the row."""
        while keys:
            try:
                if len(keys) == 1:
                    self.tracker.create(self.entity_type, self.new[keys[0]])
                else:
                    self.tracker.batch([creation(self.entity_type, self.new[key]) for key in keys])
            except TrackerRefused as error:
                if not self.spares_others or len(self.refused) >= _MOST_REFUSED:
                    raise
                index = 0 if len(keys) == 1 else refused_index(error)
                if index is None or index >= len(keys):
                    half = len(keys) // 2
                    self._make(keys[:half])
                    keys = keys[half:]
                else:
                    self._leave_out(keys.pop(index), error.report)
            else:
                return

    def _leave_out(self, key: str, report: ErrorReport) -> None:
        log.warning("tracker.row_refused", row=key, happened=report.message)
        del self.wanted[key]
        self.refused[key] = {"refused": report.model_dump(mode="json")}


def version_data(
    fields: Mapping[str, dict[str, Any]], wanted: Mapping[str, Any], statuses: Sequence[str]
) -> dict[str, Any]:
    """What of a new Version the site's ``fields`` know, with the first of ``statuses`` that it has."""
    data = {name: value for name, value in wanted.items() if name in fields or name in _VERSION_MUST}
    valid = (fields.get("sg_status_list") or {}).get("valid_values") or []
    status = next((each for each in statuses if each in valid), None)
    return data if status is None else {**data, "sg_status_list": status}


def link_of(entity: Entity) -> Entity:
    return {"type": entity["type"], "id": entity["id"]}


def name_of(entity: Entity) -> str:
    return f"{entity['type']} {entity['id']}"
