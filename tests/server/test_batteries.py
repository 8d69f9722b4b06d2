"""A few rounds of the batteries that `make torture` runs long."""

from __future__ import annotations

from pathlib import Path

from tests.torture.server_kills import kill_servers


def test_ten_killed_servers_keep_what_they_acknowledged_and_hand_each_job_over_once(tmp_path: Path) -> None:
    endings = kill_servers(tmp_path, 10, seed=1)
    assert sum(endings.values()) == 10
    assert endings["killed when all was answered"] < 10
