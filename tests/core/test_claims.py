"""Claims: one holder at a time, on a disk and in a store."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from onepiece_core.errors import LeaseLost, OperationBusy, VersionExists
from onepiece_core.publish.claims import Claim, ClaimPlace, DiskClaims, StoreClaims, may_take
from onepiece_core.testing.memory_store import MemoryStore

Opened = Callable[[], ClaimPlace]


@pytest.fixture(params=["disk", "store"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens the same place again, as another process would."""
    if request.param == "disk":
        return lambda: DiskClaims(tmp_path / "out" / ".onepiece" / "x_v001", tmp_path / "out")
    store = MemoryStore()
    return lambda: StoreClaims(store, "vfx/FG/x_v001")


def claim(operation: str = "pub-1", lease_seconds: float = 120) -> Claim:
    return Claim.mine(operation, "x_v001", user="ada", since="2026-01-01T00:00:00Z", lease_seconds=lease_seconds)


def take(place: ClaimPlace, wanted: Claim) -> Claim:
    return place.acquire(wanted, over=place.look())


def test_the_first_claim_is_seen_by_everybody(opened: Opened) -> None:
    held = take(opened(), claim())
    standing = opened().look()
    assert standing is not None
    assert standing.claim == held
    assert held.fence == 1
    assert 0 <= standing.age_seconds < 60


def test_a_claim_made_on_an_outdated_look_is_refused(opened: Opened) -> None:
    late = opened()
    over = late.look()
    take(opened(), claim())
    with pytest.raises(VersionExists) as caught:
        late.acquire(claim("pub-2"), over=over)
    assert caught.value.report.context["state"] == "in_progress"
    assert caught.value.report.context["operation"] == "pub-1"


def test_of_eight_racers_one_wins(opened: Opened) -> None:
    ready, winners, losers = threading.Barrier(8), [], []

    def compete(number: int) -> None:
        place = opened()
        over = place.look()
        ready.wait()
        try:
            winners.append(place.acquire(claim(f"pub-{number}"), over=over).operation)
        except VersionExists:
            losers.append(number)

    threads = [threading.Thread(target=compete, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(winners), len(losers)) == (1, 7)
    standing = opened().look()
    assert standing is not None
    assert standing.claim is not None
    assert standing.claim.operation == winners[0]


def test_taking_over_adds_to_the_fence_and_the_former_holder_loses(opened: Opened) -> None:
    first_place, second_place = opened(), opened()
    first = take(first_place, claim())
    first_place.change(first, "released")
    second = take(second_place, claim())
    assert second.fence == 2
    for act in (first_place.renew, lambda held: first_place.change(held, "finished")):
        with pytest.raises(LeaseLost):
            act(first)
    second_place.renew(second)


def test_erasing_leaves_no_trace(opened: Opened, tmp_path: Path) -> None:
    place = opened()
    place.erase(take(place, claim()))
    assert opened().look() is None
    assert not (tmp_path / "out" / ".onepiece").exists()


def test_a_lease_ends_when_it_is_not_renewed_and_starts_anew_when_it_is(opened: Opened) -> None:
    place = opened()
    held = take(place, claim(lease_seconds=3.0))
    time.sleep(3.2)
    before = opened().look()
    place.renew(held)
    after = opened().look()
    assert before is not None
    assert after is not None
    assert (before.lease_is_over, after.lease_is_over) == (True, False)


def test_a_disk_claim_is_measured_by_the_disks_clock_not_by_ours(tmp_path: Path) -> None:
    place = DiskClaims(tmp_path / "x", tmp_path)
    take(place, claim())
    file = next((tmp_path / "x").glob("claim-*.json"))
    os.utime(file, (time.time() - 500, time.time() - 500))
    standing = place.look()
    assert standing is not None
    assert standing.age_seconds >= 499


def test_a_damaged_claim_still_holds_for_the_time_of_a_lease(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "claim-000001.json").write_bytes(b"{half")
    place = DiskClaims(tmp_path / "x", tmp_path)
    standing = place.look()
    assert standing is not None
    assert standing.claim is None
    assert not standing.lease_is_over
    with pytest.raises(VersionExists):
        may_take(standing, "pub-2", place.where, owner_is_dead=False, has_record=False)


@pytest.mark.parametrize("state", ["finished", "parked"])
def test_a_complete_version_is_never_taken_by_another_operation(opened: Opened, state: str) -> None:
    place = opened()
    place.change(take(place, claim()), state)  # type: ignore[arg-type]
    with pytest.raises(VersionExists) as caught:
        may_take(place.look(), "pub-2", place.where, owner_is_dead=False, has_record=True)
    assert caught.value.report.context["state"] == "finished"


def test_a_discarded_version_may_be_claimed_again(opened: Opened) -> None:
    place = opened()
    place.change(take(place, claim()), "discarded")
    may_take(place.look(), "pub-2", place.where, owner_is_dead=False, has_record=True)
    assert take(place, claim("pub-2")).fence == 2


def test_an_expired_claim_of_another_is_taken_only_where_nothing_could_be_recovered(opened: Opened) -> None:
    place = opened()
    place.change(take(place, claim()), "released")
    may_take(place.look(), "pub-2", place.where, owner_is_dead=False, has_record=False)
    with pytest.raises(VersionExists) as caught:
        may_take(place.look(), "pub-2", place.where, owner_is_dead=False, has_record=True)
    assert "recover --adopt pub-1" in (caught.value.report.hint or "")


def test_the_same_operation_goes_on_at_once_only_when_its_owner_is_known_to_be_gone(opened: Opened) -> None:
    place = opened()
    take(place, claim())
    may_take(place.look(), "pub-1", place.where, owner_is_dead=True, has_record=True)
    with pytest.raises(OperationBusy):
        may_take(place.look(), "pub-1", place.where, owner_is_dead=False, has_record=True)


def test_an_operation_that_another_machine_has_adopted_is_left_to_it(opened: Opened) -> None:
    place = opened()
    adopted = claim().model_copy(update={"host": "another-machine"})
    place.acquire(adopted, over=None)
    with pytest.raises(OperationBusy):
        may_take(place.look(), "pub-1", place.where, owner_is_dead=True, has_record=True)
