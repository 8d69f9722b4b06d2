"""How many requests a caller may send, over several processes and on a disk that takes nothing."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onepiece_core.errors import RateLimited
from onepiece_server.rates import MemoryBuckets, Rate, SharedBuckets
from tests.support.trafalgar import environment

SEND = """
import sys, threading
from pathlib import Path
from onepiece_core.errors import RateLimited
from onepiece_server.rates import Rate, SharedBuckets
rate = Rate(int(sys.argv[2]), SharedBuckets(Path(sys.argv[1]), lambda: 1000.0))
taken = 0
for _ in range(int(sys.argv[3])):
    try:
        rate.take("ann")
        taken += 1
    except RateLimited:
        pass
print(taken)
"""


def take(rate: Rate, times: int, caller: str = "ann") -> int:
    """How many of them were let through."""
    through = 0
    for _ in range(times):
        try:
            rate.take(caller)
        except RateLimited:
            continue
        through += 1
    return through


def shared(path: Path, per_minute: int, now: list[float]) -> Rate:
    return Rate(per_minute, SharedBuckets(path, lambda: now[0]))


@pytest.mark.parametrize("per_minute", [10, 6000])
def test_a_caller_has_its_number_and_what_a_while_adds_to_it(tmp_path: Path, per_minute: int) -> None:
    now = [1000.0]
    clocks = MemoryBuckets(lambda: now[0]), SharedBuckets(tmp_path / "limits.db", lambda: now[0])
    for buckets in clocks:
        rate = Rate(per_minute, buckets)
        assert take(rate, 2 * per_minute) == per_minute
        assert take(rate, per_minute, "nina") == per_minute, "nobody's number is another's"
        now[0] += 30
        assert take(rate, 2 * per_minute) == per_minute // 2
        with pytest.raises(RateLimited) as refused:
            rate.take("ann")
        assert refused.value.report.context["retry_after_seconds"] == 60 // per_minute + 1
        now[0] += 600
        assert take(rate, 2 * per_minute) == per_minute
        now[0] = 5.0  # the machine was started anew
        assert take(rate, 2 * per_minute) == per_minute
        now[0] = 1000.0
        rate.close()


@pytest.mark.parametrize(("per_minute", "most"), [(60, 60), (1000, 1000)])
def test_several_processes_let_through_what_one_would(tmp_path: Path, per_minute: int, most: int) -> None:
    def run(_: int) -> int:
        command = [sys.executable, "-c", SEND, str(tmp_path / "limits.db"), str(per_minute), str(per_minute)]
        done = subprocess.run(
            command, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=True
        )
        return int(done.stdout)

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(run, range(3))) == most


def test_a_file_that_cannot_be_used_leaves_each_process_its_own_count(tmp_path: Path) -> None:
    now, path = [1000.0], tmp_path / "server" / "limits.db"
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all" * 100)
    rate = shared(path, 10, now)
    assert take(rate, 20) == 10
    path.unlink()
    now[0] += 5
    assert take(rate, 20) == 10, "the shared count begins"
    assert take(shared(path, 10, now), 20) == 0
    rate.close()


def test_who_is_silent_for_long_is_forgotten(tmp_path: Path) -> None:
    import sqlite3

    now, path = [1000.0], tmp_path / "limits.db"
    rate = shared(path, 600, now)
    for number in range(50):
        rate.take(f"address 2001:db8::{number:x}")
    now[0] += 120
    rate.take("ann")
    rate.take("ann")
    rate.close()
    with sqlite3.connect(path) as db:
        assert [caller for (caller,) in db.execute("select caller from buckets")] == ["ann"]
