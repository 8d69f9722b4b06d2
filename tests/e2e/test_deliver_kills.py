"""Deliveries that are killed."""

from __future__ import annotations

from pathlib import Path

from tests.torture.deliver_kills import kill_deliveries


def test_ten_killed_deliveries_leave_nothing_half_and_nothing_double(studio, tmp_path: Path):
    endings = kill_deliveries(tmp_path, studio.env, 10, seed=6)
    assert endings["kills"] >= 10
