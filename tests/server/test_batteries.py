"""A few rounds of the batteries that `make torture` runs long."""

from __future__ import annotations

from pathlib import Path

from tests.support.rights import needs_mount
from tests.torture.api_description import try_the_api
from tests.torture.full_disks import fill_disks
from tests.torture.many_workers import post_to_many
from tests.torture.request_bodies import send_bodies
from tests.torture.server_kills import kill_servers, kill_servers_of_postgres
from tests.torture.stream_clients import come_and_go


def test_ten_killed_servers_keep_what_they_acknowledged_and_hand_each_job_over_once(tmp_path: Path) -> None:
    endings = kill_servers(tmp_path, 10, seed=1)
    assert sum(endings.values()) == 10
    assert endings["killed when all was answered"] < 10


def test_killed_servers_whose_record_is_in_postgresql_keep_what_they_acknowledged_too(tmp_path: Path) -> None:
    assert kill_servers_of_postgres(tmp_path, 2, seed=2).total() == 2


def test_clients_of_streams_come_and_go_and_the_server_ends_while_they_are_there(tmp_path: Path) -> None:
    assert come_and_go(tmp_path, 15, times=2).total() == 2 * 2 * 15 + 2 * 15


@needs_mount
def test_a_full_disk_is_told_nothing_refused_reaches_the_farm_and_jobs_are_taken_again(tmp_path: Path) -> None:
    assert fill_disks(tmp_path, 2, seed=1).total() == 4


def test_two_workers_take_what_eight_clients_post_and_a_key_sent_many_times_at_once_is_one_job(
    tmp_path: Path,
) -> None:
    assert post_to_many(tmp_path, 104, keys=2).total() == 104 + 2


def test_stories_of_calls_are_answered_as_the_description_says(tmp_path: Path) -> None:
    answers = try_the_api(tmp_path, 1, 30, seed=1)
    assert answers["POST /render/v1/jobs: 201"] >= 1


def test_bodies_that_are_too_large_too_slow_or_end_too_early_are_no_jobs_and_hold_up_nobody(tmp_path: Path) -> None:
    assert send_bodies(tmp_path, 6, slow=20).total() == 6 + 3 * 20
