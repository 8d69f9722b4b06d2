"""Packages that left: those that this machine packed, and those that only the tracker knows of."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from onepiece_core.dashboard.board import MAX_PAGE
from onepiece_core.dashboard.keyset import Place, page_size, place_of
from onepiece_core.dashboard.manifests import Listing, Listings
from onepiece_core.dashboard.model import DeliveryDetail, DeliveryEntry, DeliverySummary, Found, Page
from onepiece_core.dashboard.operations import error_of, iter_operations, place, taken
from onepiece_core.dashboard.receipts import FILES, Receipts
from onepiece_core.deliver.apply import KIND
from onepiece_core.errors import DashboardMissing
from onepiece_core.journal import Journal, Operation
from onepiece_core.shown import shown
from onepiece_core.verify_kept import find_verify

_TRACKED = "tracker-"


class TrackedDelivery(NamedTuple):
    """A Delivery of the tracker. ``project``: its short code; ``versions``: codes."""

    id: int
    title: str
    project: str = ""
    recipient: str = ""
    status: str = ""
    created_at: float = 0.0
    versions: tuple[str, ...] = ()
    place: str = ""


_Row = Operation | TrackedDelivery


class Deliveries:
    """Any thread may call it."""

    def __init__(self, journal: Journal, tracked: Callable[[], Sequence[TrackedDelivery]]) -> None:
        self._journal, self._tracked = journal, tracked
        self._listings, self._receipts = Listings(), Receipts()

    def generation(self) -> str:
        return hashlib.blake2b(repr(list(self._tracked())).encode("utf-8", "replace"), digest_size=8).hexdigest()

    def list(self, names: frozenset[str] | None, limit: int, cursor: str | None) -> Page[DeliverySummary]:
        """``names``: what the project may be called, casefolded; None for any."""
        size, before = page_size(limit, MAX_PAGE), place_of(cursor)
        wanted = (row for row in self._iter(before) if names is None or names & self._names(row))
        found, more = taken(wanted, size, _place)
        total = None
        if names is None:
            rows = self._journal.rows("select count(*) from operations where kind = ?", KIND)
            total = int(rows[0][0]) + len(self._unknown_here())
        return Page(items=[self._summary(row) for row in found], next_cursor=more, total=total)

    def get(self, delivery: str) -> DeliveryDetail:
        """Raises DashboardMissing."""
        if delivery.startswith(_TRACKED):
            row = next((each for each in self._tracked() if f"{_TRACKED}{each.id}" == delivery), None)
            if row is not None:
                return _tracked_detail(row)
        operation = self._journal.find(delivery)
        if operation is None or operation.kind != KIND:
            raise DashboardMissing("There is no such delivery", delivery=delivery[:200])
        receipt = self._receipts.find(operation)
        listing = self._listing(operation)
        summary = self._summary(operation)
        if listing.source is not None:
            sizes = [each.size_bytes for each in listing.entries if each.size_bytes is not None]
            told = {"manifest": listing.source, "files": len(listing.entries)}
            told["size_bytes"] = summary.size_bytes or sum(sizes) or None  # type: ignore[assignment]
            return DeliveryDetail(
                summary=summary.model_copy(update=told),
                entries=list(listing.entries),
                receipt=receipt,
                note=listing.note,
            )
        return _without_entries(summary, receipt, _codes(receipt), listing.note)

    def search(self, text: str, limit: int) -> Sequence[Found]:
        wanted = text.casefold()
        found = taken((row for row in self._iter(None) if wanted in _title(row).casefold()), limit, _place)[0]
        return [
            Found(kind="delivery", project=each.project, key=each.id, label=each.name, hint=each.status)
            for each in map(self._summary, found)
        ]

    def _iter(self, before: Place | None) -> Iterator[_Row]:
        """The newest first."""
        others = (row for row in self._unknown_here() if before is None or _place(row) < before)
        ours = iter_operations(self._journal, KIND, before)
        return heapq.merge(ours, sorted(others, key=_place, reverse=True), key=_place, reverse=True)

    def _unknown_here(self) -> Sequence[TrackedDelivery]:
        """Those of the tracker that this machine did not make."""
        tracked = self._tracked()
        if not tracked:
            return ()
        told = self._journal.rows("select result from operations where kind = ? and result is not null", KIND)
        ours = {json.loads(row["result"]).get("delivery") for row in told}
        return [row for row in tracked if row.id not in ours]

    def _summary(self, row: _Row) -> DeliverySummary:
        if isinstance(row, TrackedDelivery):
            return _tracked_summary(row)
        receipt = self._receipts.find(row)
        return _summary(row, receipt).model_copy(update=self._verified(row, receipt))

    def _verified(self, operation: Operation, receipt: Mapping[str, Any]) -> dict[str, object]:
        """What was said last of the package since it was made, where it lies or where it was sent."""
        if not receipt:
            return {}
        places = (shown(str(operation.request.get("output") or "")), str(receipt.get("destination") or ""))
        found = (find_verify(self._journal.folder, place) for place in places if place)
        since = [kept for kept in found if kept is not None and kept.at >= operation.created_at]
        last = max(since, key=lambda kept: kept.at, default=None)
        return {} if last is None else {"verified": last.ok, "verified_at": last.at}

    def _names(self, row: _Row) -> frozenset[str]:
        if isinstance(row, TrackedDelivery):
            return frozenset({row.project.casefold()})
        told = row.request if "project" in row.request else self._receipts.find(row)
        return frozenset(str(told[name]).casefold() for name in ("project", "show_code") if told.get(name))

    def _listing(self, operation: Operation) -> Listing:
        request = operation.request
        stem = request.get("manifest")
        own = [Path(f"{stem}.json")] if isinstance(stem, str) else []
        upstream = [Path(path) for path in request.get("upstream") or [] if isinstance(path, str)]
        return self._listings.find(upstream, own, Path(str(request.get("output") or "")))


def _place(row: _Row) -> Place:
    return (row.created_at, f"{_TRACKED}{row.id}") if isinstance(row, TrackedDelivery) else place(row)


def _title(row: _Row) -> str:
    return row.title if isinstance(row, TrackedDelivery) else row.name


def _summary(operation: Operation, receipt: Mapping[str, Any]) -> DeliverySummary:
    request = operation.request
    told = request if "project" in request else receipt
    codes = _codes(receipt)
    size = receipt.get("size_bytes")
    return DeliverySummary(
        id=operation.id,
        name=operation.name,
        project=str(told.get("show_code") or told.get("project") or ""),
        recipient=str(told.get("context") or ""),
        status=operation.state,
        created_at=operation.created_at,
        versions=len(codes) if receipt else None,
        files=receipt.get(FILES),
        size_bytes=size if isinstance(size, int) else None,
        place=str(receipt.get("destination") or request.get("output") or ""),
        error=error_of(operation),
    )


def _codes(receipt: Mapping[str, Any]) -> list[str]:
    codes = receipt.get("delivered")
    return [str(code) for code in codes] if isinstance(codes, list) else []


def _tracked_summary(row: TrackedDelivery) -> DeliverySummary:
    return DeliverySummary(
        id=f"{_TRACKED}{row.id}",
        name=row.title,
        project=row.project,
        recipient=row.recipient,
        status=row.status,
        created_at=row.created_at or None,
        versions=len(row.versions),
        place=row.place,
    )


def _tracked_detail(row: TrackedDelivery) -> DeliveryDetail:
    return _without_entries(_tracked_summary(row), {}, row.versions, "It was not packed on this machine")


def _without_entries(
    summary: DeliverySummary, receipt: dict[str, Any], codes: Sequence[str], why: str
) -> DeliveryDetail:
    """The Versions alone, and why."""
    if not codes:
        told = why or "Nothing has been packed yet"
        return DeliveryDetail(summary=summary, entries=[], receipt=receipt, note=f"No list of files: {told}.")
    return DeliveryDetail(
        summary=summary.model_copy(update={"manifest": "tracker"}),
        entries=[DeliveryEntry(path="", version=code) for code in codes],
        receipt=receipt,
        note=f"Only the Versions are known: {why}.",
    )
