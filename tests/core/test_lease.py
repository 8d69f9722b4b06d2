"""A lease holds both places or none, keeps them alive, and stops its holder in time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from onepiece_core.errors import LeaseLost, StorageUnavailable, VersionExists
from onepiece_core.publish.claims import Claim, DiskClaims, StoreClaims
from onepiece_core.publish.lease import Lease
from onepiece_core.testing.memory_store import Fault, MemoryStore


class Places:
    def __init__(self, folder: Path, *faults: Fault) -> None:
        self.folder, self.store = folder, MemoryStore(faults=faults)

    def lease(self, operation: str = "pub-1", lease_seconds: float = 120, renew_seconds: float = 30) -> Lease:
        claim = Claim.mine(operation, "x_v001", user="ada", since="2026-01-01", lease_seconds=lease_seconds)
        return Lease([self.stored(), self.on_disk()], claim, renew_seconds=renew_seconds)

    def stored(self) -> StoreClaims:
        return StoreClaims(self.store, "vfx/FG/x_v001")

    def on_disk(self) -> DiskClaims:
        return DiskClaims(self.folder / ".onepiece" / "x_v001", self.folder)

    def states(self) -> list[str | None]:
        standings = [place.look() for place in (self.stored(), self.on_disk())]
        return [standing.claim.state if standing and standing.claim else None for standing in standings]


def acquired(lease: Lease) -> Lease:
    lease.acquire(owner_is_dead=False, has_record=[False, False])
    return lease


def test_leaving_the_block_releases_both_places(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with acquired(places.lease()):
        assert places.states() == ["held", "held"]
    assert places.states() == ["released", "released"]


def test_what_was_finished_stays_finished(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with acquired(places.lease()) as lease:
        lease.finish()
    assert places.states() == ["finished", "finished"]


def test_losing_one_place_gives_the_other_back_without_a_trace(tmp_path: Path) -> None:
    places = Places(tmp_path)
    winner = Claim.mine("pub-2", "x_v001", user="bo", since="2026-01-01", lease_seconds=120)
    places.on_disk().acquire(winner, over=None)
    with pytest.raises(VersionExists):
        acquired(places.lease())
    assert places.states() == [None, "held"]


def test_a_store_that_cannot_be_reached_leaves_the_disk_untouched(tmp_path: Path) -> None:
    places = Places(tmp_path / "out", Fault("put", 0))
    with pytest.raises(StorageUnavailable):
        acquired(places.lease())
    assert not (tmp_path / "out").exists()


def test_a_claim_whose_reply_is_lost_is_still_ours(tmp_path: Path) -> None:
    from onepiece_core.errors import PreconditionFailed

    # The store's own second try meets the object that the first one made.
    places = Places(tmp_path, Fault("put", 1, "reply_lost", lambda: PreconditionFailed("it is there already")))
    with acquired(places.lease()):
        assert places.states() == ["held", "held"]


def test_the_lease_is_renewed_for_as_long_as_the_block_runs(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with acquired(places.lease(lease_seconds=2, renew_seconds=0.2)) as lease:
        time.sleep(3)
        lease.guard()
        standing = places.on_disk().look()
        assert standing is not None
        assert not standing.lease_is_over


def test_a_holder_that_slept_past_its_lease_is_stopped_when_another_took_over(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with acquired(places.lease(lease_seconds=0.3, renew_seconds=60)) as sleeper:
        time.sleep(0.5)
        with acquired(places.lease(lease_seconds=60)):
            with pytest.raises(LeaseLost):
                sleeper.guard()
            assert places.states() == ["held", "held"]
    assert places.states() == ["released", "released"]


def test_a_holder_that_slept_goes_on_when_nobody_took_over(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with acquired(places.lease(lease_seconds=2, renew_seconds=60)) as lease:
        time.sleep(2.1)
        lease.guard()
        standing = places.stored().look()
        assert standing is not None
        assert not standing.lease_is_over
