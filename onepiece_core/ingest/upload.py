"""Send the files of a drop: each once, hashed on its way, nothing overwritten, a sequence whole or not registered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from onepiece_core.errors import (
    InputMissing,
    InputRefused,
    InputUnreadable,
    ObjectMissing,
    OnePieceError,
    OperationCancelled,
    PreconditionFailed,
    SourceChanged,
)
from onepiece_core.ingest.destination import find_existing, same_hash
from onepiece_core.ingest.model import DropFile, DropItem, DropPlan
from onepiece_core.ingest.parts import IngestParts
from onepiece_core.progress import Progress
from onepiece_core.storage.bounded import run_bounded
from onepiece_core.storage.engine import Download, Moved, NotMoved, Upload
from onepiece_core.storage.places import Place
from onepiece_core.storage.store import IF_ABSENT

OPERATION = "ingest"
_AT_ONCE = 8
# What the drop itself is the cause of; everything else is a transfer that failed.
_CAUSES: tuple[tuple[type[OnePieceError], str], ...] = (
    (SourceChanged, "file.changing"),
    (InputMissing, "file.changing"),
    (InputUnreadable, "file.unreadable"),
    (InputRefused, "file.special"),
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that is at its key. ``is_new``: this run sent it."""

    key: str
    xxh128: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """A file that is not. ``is_failure``: the transfer failed, the file may be good."""

    code: str
    message: str
    is_failure: bool


Outcome = Arrived | Missed


@dataclass(slots=True)
class Uploaded:
    """What became of each file that was to be sent, by its relative path."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    bytes_sent: int = 0

    def arrived(self, item: DropItem) -> list[Arrived] | None:
        """All files of ``item`` at their keys, in their order; None when one is missing."""
        found = [self.outcomes.get(file.relative) for file in item.files]
        return [each for each in found if isinstance(each, Arrived)] if all(map(_has_arrived, found)) else None


def _has_arrived(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Arrived)


def upload_drop(plan: DropPlan, place: Place, parts: IngestParts) -> Uploaded:
    """Send what is not there. One bad file makes its item incomplete, and the others go on.

    Raises:
        OperationCancelled, StorageUnavailable, AccessDenied, BucketMissing: it cannot go on; what arrived stays.
    """
    run = _Run(list(plan.ready()), place, parts)
    try:
        run.compare()
        parts.checkpoint("compared")
        run.send()
    finally:
        parts.memory.flush()
    return run.uploaded


class _Run:
    def __init__(self, items: Sequence[DropItem], place: Place, parts: IngestParts) -> None:
        self._items, self._place, self._parts = items, place, parts
        self._files: dict[str, tuple[DropItem, DropFile]] = {
            place.key(file.relative): (item, file) for item in items for file in item.files
        }
        self._broken: set[int] = set()
        self.uploaded = Uploaded()

    def compare(self) -> None:
        """Settle all files whose key is taken, before anything is sent."""
        unsure: list[tuple[str, DropFile]] = []
        existing = find_existing(self._parts.store, self._files)
        for key, etag in existing.items():
            _, file = self._files[key]
            known = self._parts.memory.find(file)
            if known is not None and known.etag == etag:
                self._settle(key, Arrived(key, known.file_xxh128, is_new=False))
            else:
                unsure.append((key, file))
        compared = run_bounded(self._compare_one, unsure, jobs=_AT_ONCE)
        for done, ((key, file), outcome) in enumerate(compared, 1):
            self._parts.reporter.step(
                Progress(operation=OPERATION, phase="compare", done=done, total=len(unsure), item=key)
            )
            if isinstance(outcome, Arrived):
                self._parts.memory.note(file, existing[key], outcome.xxh128)
            if outcome is not None:
                self._settle(key, outcome)

    def _compare_one(self, job: tuple[str, DropFile]) -> Outcome | None:
        """None: it went away meanwhile, and is sent."""
        key, file = job
        try:
            xxh128 = same_hash(self._parts.store, key, file)
        except ObjectMissing:
            return None
        except OnePieceError as error:
            if isinstance(error, OperationCancelled):
                raise
            return _missed(error)
        if xxh128 is None:
            return Missed("destination.differs", f"{self._place.bucket} holds another {key} already", is_failure=False)
        return Arrived(key, xxh128, is_new=False)

    def send(self) -> None:
        total = sum(file.stamp.size_bytes for item, file in self._files.values() if self._is_to_send(item, file))
        engine, reporter = self._parts.engine, self._parts.reporter
        for result in engine.move(self._uploads(), reporter, operation=OPERATION, total_bytes=total):
            self._take(result)
            self._parts.checkpoint("moved")

    def _uploads(self) -> Iterator[Upload | Download]:
        """Read by the engine's threads, one at a time."""
        for key, (item, file) in self._files.items():
            if self._is_to_send(item, file):
                yield Upload(key, file.path, file.stamp, IF_ABSENT)

    def _is_to_send(self, item: DropItem, file: DropFile) -> bool:
        return id(item) not in self._broken and file.relative not in self.uploaded.outcomes

    def _take(self, result: Moved | NotMoved) -> None:
        key = result.item.key
        _, file = self._files[key]
        if isinstance(result, Moved):
            self.uploaded.bytes_sent += result.bytes_moved
            self._parts.memory.note(file, result.etag, result.xxh128)
            self._settle(key, Arrived(key, result.xxh128, is_new=True))
        elif isinstance(result.error, PreconditionFailed):
            # Somebody was faster, or it was sent by a run whose note of it is lost.
            self._settle(key, self._compare_one((key, file)) or _missed(result.error))
        else:
            self._settle(key, _missed(result.error))

    def _settle(self, key: str, outcome: Outcome) -> None:
        item, file = self._files[key]
        self.uploaded.outcomes[file.relative] = outcome
        if isinstance(outcome, Missed):
            self._broken.add(id(item))


def _missed(error: OnePieceError) -> Missed:
    code = next((code for kind, code in _CAUSES if isinstance(error, kind)), None)
    return Missed(code or error.report.code, error.report.message, is_failure=code is None)
