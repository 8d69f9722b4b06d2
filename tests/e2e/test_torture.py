"""Ten of each fault battery; ``make torture`` runs them long."""

from __future__ import annotations

from pathlib import Path

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.torture.adoptions import adopt_publishes
from tests.torture.faulty_store import faulty_store
from tests.torture.kills import kill_publishes
from tests.torture.races import race
from tests.torture.world import World


@pytest.fixture
def world(tmp_path: Path, fresh_studio: SandboxReport) -> World:
    return World(tmp_path, dict(fresh_studio.env))


def test_ten_killed_publishes_are_whole_or_absent_after_recover(world: World) -> None:
    endings = kill_publishes(world, 10, seed=1)
    assert sum(endings.values()) == 10


def test_ten_races_for_a_version_in_the_store_have_one_winner_each(world: World) -> None:
    assert sum(race(world, 10, share="store").values()) == 10


def test_ten_races_for_a_version_on_a_disk_have_one_winner_each(world: World) -> None:
    assert sum(race(world, 10, share="disk").values()) == 10


def test_publishes_of_machines_that_died_are_listed_and_adopted_by_another(world: World) -> None:
    assert sum(adopt_publishes(world, 14, seed=1).values()) == 14


def test_ten_publishes_into_a_store_that_answers_badly_are_complete(tmp_path: Path) -> None:
    endings = faulty_store(World(tmp_path, {}), 10, seed=1)
    assert sum(endings.values()) == 10
    assert [ending for ending in endings if "nothing was spoilt" in ending] == []
