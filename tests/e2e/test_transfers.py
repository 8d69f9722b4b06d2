"""Ten kills and ten faults of each kind; ``make torture`` runs them long."""

from __future__ import annotations

from pathlib import Path

from tests.support.weed import Weed, weed
from tests.torture.transfers import MIB, kill_downloads, kill_uploads, transfer_through_faults

__all__ = ["weed"]


def test_an_upload_that_is_killed_ten_times_sends_no_more_again_than_was_in_flight(tmp_path: Path, weed: Weed) -> None:
    assert sum(kill_uploads(tmp_path, weed, 10, 160 * MIB, seed=1).values()) == 10


def test_a_download_that_is_killed_ten_times_fetches_no_more_again_than_was_in_flight(
    tmp_path: Path, weed: Weed
) -> None:
    assert sum(kill_downloads(tmp_path, weed, 10, 160 * MIB, seed=1).values()) == 10


def test_transfers_through_ten_faults_of_each_kind_give_right_bytes_or_a_typed_error(
    tmp_path: Path, weed: Weed
) -> None:
    endings = transfer_through_faults(tmp_path, weed, 10, seed=1)
    assert [ending for ending in endings if ending.endswith("right bytes")]
