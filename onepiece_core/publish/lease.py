"""Hold a version in both places while a publish works on it."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from onepiece_core.errors import LeaseLost, OnePieceError, StorageError
from onepiece_core.log import get_logger
from onepiece_core.publish.claims import Claim, ClaimPlace, ClaimState, may_take

log = get_logger(__name__)


class Lease:
    """The claims of one operation, renewed by a thread for as long as the ``with`` block runs.

    ``guard`` is asked before each write: it raises as soon as the claims are lost or *could* be. On leaving the
    block they are released as they stand, so that anybody may go on; ``finish`` and ``discard`` say that nobody need.
    """

    def __init__(self, places: list[ClaimPlace], claim: Claim, *, renew_seconds: float) -> None:
        self._places = places
        self._claim = claim
        self._held: list[tuple[ClaimPlace, Claim, bool]] = []
        self._renew_seconds = renew_seconds
        self._lease_seconds = claim.lease_seconds
        # Writing stops before the lease is over, with time left for a write under way.
        self._safe_seconds = claim.lease_seconds - min(10.0, claim.lease_seconds / 6)
        self._renewed = time.monotonic()
        self._lost: OnePieceError | None = None
        self._stop = threading.Event()
        self._renewing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = False

    def acquire(self, *, owner_is_dead: bool, has_record: list[bool]) -> None:
        """Claim every place in turn, or none. Raises VersionExists or OperationBusy and leaves no trace."""
        try:
            for place, recorded in zip(self._places, has_record, strict=True):
                over = place.look()
                may_take(over, self._claim.operation, place.where, owner_is_dead=owner_is_dead, has_record=recorded)
                self._held.append((place, place.acquire(self._claim, over=over), over is None))
        except OnePieceError:
            self._give_back()
            raise
        self._renewed = time.monotonic()

    def _give_back(self) -> None:
        for place, claim, is_first in reversed(self._held):
            try:
                if is_first:
                    place.erase(claim)
                else:
                    place.change(claim, "released")
            except OnePieceError as error:
                log.warning("publish.claim_left", place=place.where, error=error.report.code)
        self._held.clear()

    @property
    def fence(self) -> int:
        return max((claim.fence for _, claim, _ in self._held), default=0)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._renew_for_ever, name="onepiece-lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=60)
        if not self._ended:
            try:
                self._change("released")
            except OnePieceError as problem:
                # The lease runs out by itself; what went wrong is told by the error on its way out.
                log.info("publish.release_failed", error=problem.report.code)

    def _renew_for_ever(self) -> None:
        while not self._stop.wait(self._renew_seconds):
            try:
                self._renew()
            except LeaseLost as error:
                self._lost = error
                return
            except StorageError as error:
                log.warning("publish.renewal_failed", error=error.report.code, next_attempt_seconds=self._renew_seconds)

    def _renew(self, *, when_older_than: float = 0) -> None:
        with self._renewing:
            started = time.monotonic()
            if started - self._renewed < when_older_than:  # another thread was here first
                return
            for place, claim, _ in self._held:
                place.renew(claim)
            self._renewed = started

    def guard(self, needed_seconds: float = 0) -> None:
        """Raise LeaseLost unless the claims are surely ours, and for as long as a write needs to take effect."""
        if self._lost is not None:
            raise self._lost
        allowed_age = max(0.0, min(self._safe_seconds, self._lease_seconds - needed_seconds))
        if time.monotonic() - self._renewed > allowed_age:
            # The process slept, a store was away, or too little is left: ask the places before anything is written.
            self._renew(when_older_than=allowed_age)

    def finish(self) -> None:
        """The publish is complete."""
        self._end("finished")

    def park(self) -> None:
        """Complete on disk and in the store; the registration waits, and anybody may go on with it."""
        self._end("parked")

    def discard(self) -> None:
        """Nothing of the publish is left; the name may be claimed again."""
        self._end("discarded")

    def _end(self, state: ClaimState) -> None:
        self._change(state)
        self._ended = True

    def _change(self, state: ClaimState) -> None:
        with self._renewing:
            for place, claim, _ in reversed(self._held):
                place.change(claim, state)
