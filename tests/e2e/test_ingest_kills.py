"""Ten of the ingests that `make torture` kills two hundred of."""

from __future__ import annotations

from pathlib import Path

from tests.torture.ingest_kills import kill_many_ingests


def test_killed_ingests_end_with_every_file_uploaded_and_registered_exactly_once(tmp_path: Path):
    endings = kill_many_ingests(tmp_path, 10, seed=5)
    assert sum(endings.values()) == 10
    assert set(endings) - {"killed 0 times, whole"}
