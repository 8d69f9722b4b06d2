"""A machine dies and takes its disk with it: what is in the store decides."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.torture.world import BUCKET, World

LEASE_SECONDS = 2.0


@pytest.fixture
def world(tmp_path: Path, studio: SandboxReport) -> World:
    return World(tmp_path, dict(studio.env))


def die_with_the_disk(world: World, name: str, moment: tuple[str, int]) -> dict[str, object]:
    """Publish until ``moment``, lose the journal, the inputs and the destination, and adopt from the store."""
    state, folder = world.root / "dead", world.inputs(name, frames=3)
    request = world.request(name, folder)
    # One file after the other: what was sent when the machine dies is the same each time.
    process = world.start(state, do="publish", request=request, die_at=moment, lease_seconds=LEASE_SECONDS, jobs=1)
    assert world.answer(process) is None
    for lost in (state, folder, world.root / "shared"):
        shutil.rmtree(lost)
    time.sleep(LEASE_SECONDS + 1.2)
    place = f"s3://{BUCKET}/vfx/FG/{name}"
    listed = world.run(world.root / "heir", do="list", at=place)["unfinished"]
    return world.run(world.root / "heir", do="adopt", operation=listed[0]["operation"], at=place)


def test_a_package_that_was_sent_whole_comes_back_and_is_registered(world: World) -> None:
    name = "FG_lostwhole_v001"
    assert die_with_the_disk(world, name, ("push.data", 1))["outcome"] == "completed"
    assert world.state_of(name) == "complete"


def test_a_registered_package_comes_back_without_a_second_row(world: World) -> None:
    name = "FG_lostregistered_v001"
    assert die_with_the_disk(world, name, ("tracker.batch.replied", 1))["outcome"] == "completed"
    assert world.state_of(name) == "complete"


def test_a_package_that_was_sent_in_part_is_discarded_and_its_name_is_free(world: World) -> None:
    name = "FG_lostpart_v001"
    assert die_with_the_disk(world, name, ("store.put_file.replied", 2))["outcome"] == "discarded"
    assert world.state_of(name) == "absent"
    left = [info.key.rpartition("/")[2] for info in world.store.iter_objects(f"vfx/FG/{name}/")]
    assert sorted(left) == ["claim.json", "operation.json"]
    request = world.request(name, world.inputs(name, frames=3, salt=1))
    assert world.run(world.root / "third", do="publish", request=request)["tracker"]["version_id"]
    assert world.state_of(name) == "complete"
