"""Carry a delivery out: pack, put in place, upload, tell the tracker. The same command again goes on after a kill."""

from __future__ import annotations

import getpass
import json
import os
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onepiece_core.checksums import hash_file
from onepiece_core.deliver.media import Places
from onepiece_core.deliver.model import DeliveryPlan, PlannedVersion
from onepiece_core.deliver.pack import Packed, pack, remove, stage_path
from onepiece_core.deliver.register import register_delivery
from onepiece_core.deliver.upload import Sent, refuse_taken, upload_delivery
from onepiece_core.errors import (
    DestinationDiffers,
    NothingToDeliver,
    OnePieceError,
    OperationBusy,
)
from onepiece_core.filesystems import make_folders, rename_into_place, write_file
from onepiece_core.journal import Journal, Operation
from onepiece_core.progress import Reporter
from onepiece_core.storage.engine import Engine
from onepiece_core.storage.store import Store
from onepiece_core.tracker.retry import Clock, SystemClock
from onepiece_core.tracker.tracker import Tracker

KIND = "deliver"
RECEIPT_SCHEMA = "onepiece.receipt.1"


def no_checkpoint(_name: str) -> None:
    """The default: nothing happens between two steps."""


@dataclass(frozen=True, slots=True)
class DeliverParts:
    """What a delivery needs, built by a front end.

    Attributes:
        checkpoint: called at each place where a process may die; the fault tests die there.
    """

    tracker: Tracker
    journal: Journal
    store: Store
    engine: Engine
    places: Places
    reporter: Reporter = field(default_factory=Reporter)
    clock: Clock = field(default_factory=SystemClock)
    settle_seconds: float = 30.0
    timeout_seconds: float = 20.0
    checkpoint: Callable[[str], None] = no_checkpoint


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of a delivery.

    Attributes:
        xxh128: of the archive; None for a folder.
        was_there: the output held the same bytes already.
        delivery: id of the Delivery in the tracker.
    """

    operation: str
    plan: DeliveryPlan
    delivered: tuple[PlannedVersion, ...]
    xxh128: str | None
    size_bytes: int
    was_there: bool
    sent: tuple[Sent, ...]
    delivery: int
    receipt: Path

    def told(self) -> dict[str, Any]:
        """The receipt's content but for who and when."""
        return {
            **self.plan.told(),
            "operation": self.operation,
            "size_bytes": self.size_bytes,
            "xxh128": self.xxh128,
            "was_there": self.was_there,
            "uploaded": [{"uri": each.uri, "was_there": each.was_there} for each in self.sent],
            "delivery": self.delivery,
            "delivered": [version.code for version in self.delivered],
            "refused": [version.code for version in self.plan.refused],
        }


def apply_delivery(
    plan: DeliveryPlan, parts: DeliverParts, *, on_delivered: Callable[[DeliveryReport], None] | None = None
) -> DeliveryReport:
    """Deliver what the plan calls ready.

    ``on_delivered`` is called before the operation is over: a run that dies there is repeated.

    Raises:
        NothingToDeliver: no Version is left.
        DestinationDiffers: the output, a manifest or a key holds other bytes. Nothing was changed.
        OperationBusy: another process is at this delivery.
        StorageError, TrackerError, OperationCancelled: it cannot go on; the same command again does.
    """
    if not plan.ready:
        raise nothing_left(plan)
    operation, goes_on = _begin(plan, parts)
    try:
        report = _Run(plan, parts, operation.id, goes_on=goes_on).run()
        if on_delivered is not None:
            on_delivered(report)
    except OnePieceError as error:
        parts.journal.settle(operation.id, "parked", error=error.report)
        raise
    parts.journal.settle(operation.id, "finished", result={"delivery": report.delivery})
    return report


def nothing_left(plan: DeliveryPlan) -> NothingToDeliver:
    refused = [f"{version.code}: {version.problems[0].message}" for version in plan.refused]
    text = "; ".join(refused[:3]) or "no Version has an approved status"
    return NothingToDeliver(f"There is nothing to deliver: {text}", refused=[each.code for each in plan.refused])


def _begin(plan: DeliveryPlan, parts: DeliverParts) -> tuple[Operation, bool]:
    """The operation, and whether it was begun earlier."""
    fingerprint = plan.request.fingerprint(parts.tracker.url)
    known = parts.journal.find_by_fingerprint(fingerprint)
    if known is not None and known.is_unfinished:
        if not parts.journal.take(known.id):
            raise OperationBusy(f"The process {known.owner.pid} is at this delivery already", operation=known.id)
        return known, True
    begun = parts.journal.begin(
        f"{KIND}-{uuid.uuid4().hex[:20]}",
        kind=KIND,
        fingerprint=fingerprint,
        name=plan.request.name,
        request=_told(plan),
    )
    return begun, False


def _told(plan: DeliveryPlan) -> dict[str, Any]:
    """What the journal says of a delivery before there is a receipt, and where its manifests are."""
    asked = plan.request
    return {
        "output": str(asked.output),
        "project": plan.project.get("name"),
        "show_code": plan.show_code,
        "context": asked.context,
        "manifest": None if asked.manifest is None else str(asked.manifest),
        "upstream": [str(path) for path in asked.upstream],
    }


class _Run:
    def __init__(self, plan: DeliveryPlan, parts: DeliverParts, operation: str, *, goes_on: bool) -> None:
        self.plan, self.parts, self.operation, self.goes_on = plan, parts, operation, goes_on
        self.output = plan.request.output
        self.began = datetime.now(UTC)

    def run(self) -> DeliveryReport:
        staged = stage_path(self.output, self.operation)
        # Killed after its archive was in place: it is proven where it is, rather than packed again to be compared.
        is_there = self.goes_on and self.plan.request.format == "zip" and self.output.is_file()
        archive = self.output if is_there else None
        packed = pack(self.plan, staged, self.parts.places, self.parts.reporter, archive=archive)
        self.plan = replace(self.plan, versions=packed.versions)
        try:
            if not packed.delivered:
                raise nothing_left(self.plan)
            self.parts.checkpoint("packed")
            was_there = self._put_in_place(packed)
        finally:
            remove(staged)
        self.parts.checkpoint("in place")
        sent = upload_delivery(self.plan, packed, self.parts)
        self.parts.checkpoint("uploaded")
        ids = [each.version.id for each in packed.delivered]
        delivery = register_delivery(self.plan, ids, self.operation, self.parts)
        self.parts.checkpoint("registered")
        return self._receipt(packed, was_there, sent, delivery)

    def _put_in_place(self, packed: Packed) -> bool:
        """Everything is compared before anything becomes visible."""
        was_there = os.path.lexists(self.output)
        if was_there and packed.staged != self.output and not is_same(packed.staged, self.output):
            raise differs(str(self.output))
        kept = self._kept(packed)
        for path, data in kept.items():
            if os.path.lexists(path) and (not path.is_file() or path.read_bytes() != data):
                raise differs(str(path))
        refuse_taken(self.plan, packed, self.parts.store)
        if not was_there:
            self._rename(packed.staged)
        self.parts.checkpoint("renamed")
        for path, data in kept.items():
            if not path.exists():
                make_folders(path.parent)
                write_file(path, data, owner=self.operation)
        return was_there

    def _rename(self, staged: Path) -> None:
        try:
            rename_into_place(staged, self.output)
        except FileExistsError as cause:
            raise differs(str(self.output)) from cause

    def _kept(self, packed: Packed) -> dict[Path, bytes]:
        """``P.json`` and ``P.csv``."""
        stem = self.plan.request.manifest
        if stem is None:
            return {}
        named = {Path(name).suffix: data for name, data in packed.manifests.items()}
        return {stem.with_name(stem.name + ending): data for ending, data in named.items()}

    def _receipt(self, packed: Packed, was_there: bool, sent: tuple[Sent, ...], delivery: int) -> DeliveryReport:
        is_file = self.output.is_file()
        report = DeliveryReport(
            operation=self.operation,
            plan=self.plan,
            delivered=tuple(each.version for each in packed.delivered),
            xxh128=next((each.xxh128 for each in sent if each.uri.endswith(".zip")), None) if is_file else None,
            size_bytes=self.output.stat().st_size
            if is_file
            else sum(file.size_bytes for each in packed.delivered for file in each.files),
            was_there=was_there,
            sent=sent,
            delivery=delivery,
            receipt=self.output.with_name(f"{self.plan.request.name}.receipt.json"),
        )
        told = {
            "schema": RECEIPT_SCHEMA,
            "host": socket.gethostname(),
            "user": _user(),
            "began_at": self.began.isoformat(timespec="seconds"),
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **report.told(),
        }
        data = json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"
        write_file(report.receipt, data, owner=self.operation)
        return report


def differs(where: str) -> DestinationDiffers:
    return DestinationDiffers(f"{where} is there already and holds other bytes", path=where)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def is_same(staged: Path, there: Path) -> bool:
    """Whether both hold the same bytes under the same names."""
    if staged.is_dir() != there.is_dir():
        return False
    if staged.is_file():
        return staged.stat().st_size == there.stat().st_size and _hash(staged) == _hash(there)
    ours, theirs = _files(staged), _files(there)
    return ours.keys() == theirs.keys() and all(is_same(ours[name], theirs[name]) for name in ours)


def _files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}


def _hash(path: Path) -> str:
    return hash_file(path).digests["xxh128"]
