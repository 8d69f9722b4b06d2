"""Deliveries that are killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.deliver_kills import kill_before_rename, kill_deliveries


def test_ten_killed_deliveries_leave_nothing_half_and_nothing_double(studio, tmp_path: Path):
    endings = kill_deliveries(tmp_path, studio.env, 10, seed=6)
    assert endings["kills"] >= 10


@pytest.mark.parametrize("name", ["P.json", "P.csv", "out.receipt.json"])
def test_a_delivery_that_is_killed_while_it_writes_beside_its_package_leaves_nothing_there(
    studio, tmp_path: Path, name: str
) -> None:
    kill_before_rename(tmp_path / "world", studio.env, name)
