"""The Delivery in the tracker with its Versions: made once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from onepiece_core.deliver.model import DeliveryPlan
from onepiece_core.tracker.bulk import BulkTiming
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import Write
from onepiece_core.tracker.sending import send_all
from onepiece_core.tracker.tracker import Tracker

if TYPE_CHECKING:
    from onepiece_core.deliver.apply import DeliverParts

_KEY = "delivery"
# What finds a Delivery again.
_UNIQUE = ("project", "title")


def register_delivery(plan: DeliveryPlan, versions: Sequence[int], operation: str, parts: DeliverParts) -> int:
    """The Delivery's id.

    Raises: TrackerUnavailable (the same command again goes on), TrackerRefused.
    """
    outbox = JournalOutbox(parts.journal, operation)
    links = [{"type": "Version", "id": each} for each in versions]
    row = {"key": _KEY, "data": {**_data(plan, parts.tracker), "versions": links}}
    earlier = len(outbox.rows())
    outbox.fill([Write(1, "rows", {"type": "Delivery", "unique": list(_UNIQUE), "rows": [row]})])
    _send(outbox, parts)
    (made,) = [each.result[_KEY] for each in outbox.rows() if each.write.seq == 1]
    identifier = int(made["id"])
    if earlier or made["was_there"]:
        # Of an earlier run, or made by a person: what it holds stays.
        more = {"key": _KEY, "id": identifier, "data": {"versions": links}, "modes": {"versions": "add"}}
        outbox.fill([Write(max(earlier, 1) + 1, "row_updates", {"type": "Delivery", "rows": [more]})])
        _send(outbox, parts)
    return identifier


def _data(plan: DeliveryPlan, tracker: Tracker) -> dict[str, Any]:
    fields = tracker.schema_fields("Delivery")
    wanted = {
        "sg_status_list": "dlvr",
        "sg_delivery_type": "Outgoing",
        "sg_contents": plan.place.uri,
    }
    data: dict[str, Any] = {
        "project": {"type": "Project", "id": plan.project["id"]},
        "title": f"{plan.request.name} ({plan.request.context})",
    }
    for name, value in wanted.items():
        valid = (fields.get(name) or {}).get("valid_values")
        if name in fields and (not valid or value in valid):
            data[name] = value
    return data


def _send(outbox: JournalOutbox, parts: DeliverParts) -> None:
    timing = BulkTiming(parts.clock, parts.settle_seconds, parts.timeout_seconds)
    send_all(
        outbox,
        parts.tracker,
        timing,
        parts.reporter,
        operation="deliver",
        what_stays="What is packed and sent stays",
    )
