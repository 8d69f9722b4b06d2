"""Ten of the ingests that `make torture` kills two hundred of."""

from __future__ import annotations

from pathlib import Path

from tests.support.shotgrid import running_site
from tests.support.weed import running_weed
from tests.torture.ingest_kills import kill_ingests


def test_killed_ingests_end_with_every_file_uploaded_and_registered_exactly_once(tmp_path: Path):
    with running_weed(tmp_path / "weed", bucket="ready") as weed, running_site(tmp_path / "site") as site:
        endings = kill_ingests(tmp_path / "drops", weed.aws, site, 10, seed=5)
    assert sum(endings.values()) == 10
    assert set(endings) - {"killed 0 times, whole"}
