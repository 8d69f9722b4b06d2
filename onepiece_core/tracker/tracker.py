"""The Tracker protocol: what the core asks of a production tracker.

Reads are retried inside (429, 5xx, lost connections, time-outs). A write is sent at most once: it raises
TrackerUnavailable when it surely was not carried out, TrackerUnanswered when nobody can know, TrackerRefused
when the tracker said no. Every implementation passes ``onepiece_core.testing.tracker_contract.TrackerContract``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypedDict

# An entity as the ShotGrid API shows it: always ``type`` and ``id``, then the fields asked for.
Entity = dict[str, Any]
# ["field", "operator", value, ...] triples or {"filter_operator": "any"|"all", "filters": [...]}.
Filter = list[Any] | dict[str, Any]


class Order(TypedDict):
    field_name: str
    direction: Literal["asc", "desc"]


class BatchRequest(TypedDict, total=False):
    """One of create, update and delete.

    ``multi_entity_update_modes``: of an update, by field: "add" or "remove" these links instead of "set" them.
    """

    request_type: Literal["create", "update", "delete"]
    entity_type: str
    entity_id: int
    data: dict[str, Any]
    multi_entity_update_modes: dict[str, Literal["set", "add", "remove"]]
    return_fields: list[str]


class Tracker(Protocol):
    """One site, one identity. Safe to use from several threads."""

    @property
    def url(self) -> str: ...

    def server_info(self) -> dict[str, Any]:
        """The site's version and abilities; no credentials needed."""
        ...

    def check_credentials(self) -> None:
        """Raise TrackerDenied when the site does not know us."""
        ...

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
        """Matching entities; ``limit`` 0 means all. An ``in []`` filter matches nothing and asks nobody."""
        ...

    def find_one(self, entity_type: str, filters: Sequence[Filter], fields: Sequence[str] = ()) -> Entity | None:
        """The match with the lowest id, or None."""
        ...

    def create(self, entity_type: str, data: dict[str, Any], return_fields: Sequence[str] = ()) -> Entity: ...

    def update(self, entity_type: str, entity_id: int, data: dict[str, Any]) -> Entity: ...

    def delete(self, entity_type: str, entity_id: int) -> bool:
        """Retire; False when it was retired already."""
        ...

    def revive(self, entity_type: str, entity_id: int) -> bool: ...

    def batch(self, requests: Sequence[BatchRequest]) -> list[Entity | bool]:
        """One transaction: all of them or none. Sends nothing for an empty list."""
        ...

    def upload(
        self, entity_type: str, entity_id: int, path: Path, *, field_name: str, display_name: str | None = None
    ) -> int:
        """Upload a file to a row's field; the Attachment's id."""
        ...

    def upload_thumbnail(self, entity_type: str, entity_id: int, path: Path) -> int: ...

    def schema_fields(self, entity_type: str) -> dict[str, dict[str, Any]]:
        """``{field name: {"data_type": ..., "valid_values": [...], ...}}`` (flattened from the site's schema)."""
        ...
