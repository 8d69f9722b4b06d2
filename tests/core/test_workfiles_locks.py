"""Locks beside workfiles: real processes race for them, are killed with them, and lose them only by the rule."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.errors import DestinationReadOnly, OnePieceError, WorkfileLocked, WorkfileMissing
from onepiece_core.journal import Owner
from onepiece_core.workfiles import locks
from onepiece_core.workfiles.keeper import LockKeeper
from tests.support.rights import public_folder, without_root

RACER = """
import sys, time
from pathlib import Path
from onepiece_core.errors import OnePieceError
from onepiece_core.workfiles import locks
workfile, start, steal = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "steal"
print("ready", flush=True)
while not start.exists():
    time.sleep(0.001)
try:
    locks.take(workfile, steal=steal)
except OnePieceError as error:
    print(error.report.code, flush=True)
else:
    print("won", flush=True)
sys.stdin.read()  # the winner must live on, or its lock would be stale
"""


@pytest.fixture
def workfile(tmp_path: Path) -> Path:
    path = tmp_path / "comp_v004.nk"
    path.write_text("version 15.1 v2\n")
    return path


def someone_else(alive: bool = True) -> Owner:
    me = Owner.me()
    return Owner("another-machine", me.pid, me.pid_started) if alive else Owner(me.host, 2**22 + 7, 1.0)


def age(workfile: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(locks.lock_path(workfile), (then, then))


def race(workfile: Path, count: int, *, steal: bool) -> list[str]:
    start = workfile.with_name("start")
    command = [sys.executable, "-c", RACER, str(workfile), str(start), "steal" if steal else "-"]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    told = []
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    start.touch()
    for racer in racers:
        assert racer.stdout
        told.append(racer.stdout.readline().strip())
    for racer in racers:
        racer.communicate()
    return told


def test_a_lock_says_who_and_is_gone_after_its_release(workfile: Path):
    assert locks.read(workfile) is None
    lock = locks.take(workfile)
    assert locks.read(workfile) == lock
    assert (lock.host, lock.pid, lock.is_stale) == (socket.gethostname(), os.getpid(), False)
    assert locks.release(workfile) is True
    assert locks.read(workfile) is None
    assert locks.release(workfile) is False
    assert [path.name for path in workfile.parent.iterdir()] == [workfile.name]


def test_its_own_lock_is_renewed_and_not_refused(workfile: Path):
    first = locks.take(workfile)
    age(workfile, 60)
    again = locks.take(workfile)
    assert (again.token, again.taken_at) == (first.token, first.taken_at)
    assert again.heartbeat_at > time.time() - 30


def test_of_twenty_processes_one_wins(workfile: Path):
    told = race(workfile, 20, steal=False)
    assert told.count("won") == 1
    assert told.count("workfile.locked") == 19


def test_of_twenty_thieves_one_wins(workfile: Path):
    locks.take(workfile, owner=someone_else())
    age(workfile, 121)
    told = race(workfile, 20, steal=True)
    assert told.count("won") == 1
    assert told.count("workfile.locked") == 19
    leftovers = {path.name for path in workfile.parent.iterdir()} - {workfile.name, "start"}
    assert leftovers == {locks.lock_path(workfile).name}


def test_a_live_lock_is_not_stolen(workfile: Path):
    locks.take(workfile, owner=someone_else(), user="nami")
    for steal in (False, True):
        with pytest.raises(WorkfileLocked) as caught:
            locks.take(workfile, steal=steal)
        report = caught.value.report
        assert (report.context["user"], report.context["host"]) == ("nami", "another-machine")
        assert report.context["is_stale"] is False
        assert "nami" in report.message


def test_a_lock_that_nobody_renews_is_stolen_only_when_asked_for(workfile: Path):
    locks.take(workfile, owner=someone_else(), user="nami")
    age(workfile, 121)
    with pytest.raises(WorkfileLocked) as caught:
        locks.take(workfile)
    assert caught.value.report.context["is_stale"] is True
    assert "--steal" in str(caught.value.report.hint)
    assert locks.take(workfile, steal=True).pid == os.getpid()
    with pytest.raises(WorkfileLocked):
        locks.renew(workfile, owner=someone_else())


def test_a_process_that_is_killed_leaves_a_stale_lock(workfile: Path):
    hold = "import sys; from pathlib import Path; from onepiece_core.workfiles import locks\n"
    hold += "locks.take(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(workfile)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    found = locks.read(workfile)
    assert found is not None
    assert (found.pid, found.is_stale) == (holder.pid, False)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    found = locks.read(workfile)
    assert found is not None
    assert found.is_stale is True
    with pytest.raises(WorkfileLocked):
        locks.take(workfile)
    assert locks.take(workfile, steal=True).pid == os.getpid()


def test_a_process_killed_while_it_changes_a_lock_keeps_nobody_out(workfile: Path):
    locks.take(workfile, owner=someone_else())
    age(workfile, 121)
    guard = locks.lock_path(workfile).name + ".guard"
    hold = (
        "import sys; from pathlib import Path; from onepiece_core.storage.locking import file_lock\n"
        "with file_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(workfile.with_name(guard))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout
    holder.stdout.readline()
    holder.kill()
    holder.communicate()
    assert workfile.with_name(guard).exists()
    assert locks.take(workfile, steal=True).pid == os.getpid()


def test_only_the_holder_releases_a_lock_or_anybody_a_stale_one(workfile: Path):
    locks.take(workfile, owner=someone_else())
    for steal in (False, True):
        with pytest.raises(WorkfileLocked):
            locks.release(workfile, steal=steal)
    age(workfile, 121)
    with pytest.raises(WorkfileLocked):
        locks.release(workfile)
    assert locks.release(workfile, steal=True) is True


def test_a_dead_process_of_another_machine_counts_by_its_heartbeat_alone(workfile: Path):
    locks.take(workfile, owner=Owner("another-machine", 2**22 + 7, 1.0))
    found = locks.read(workfile)
    assert found is not None
    assert found.is_stale is False


def test_a_name_can_be_locked_before_its_file_is_there(tmp_path: Path):
    locks.take(tmp_path / "comp_v005.nk")
    assert locks.read(tmp_path / "comp_v005.nk") is not None
    with pytest.raises(WorkfileMissing):
        locks.take(tmp_path / "gone" / "comp_v005.nk")
    assert locks.release(tmp_path / "gone" / "comp_v005.nk") is False


@pytest.mark.parametrize("name", ["a b.nk", "été_ショット_v001.nk", "x" * 240 + "_v001.nk", "-rf.nk", "a\nb.nk"])
def test_any_name_can_be_locked(tmp_path: Path, name: str):
    workfile = tmp_path / name
    workfile.touch()
    locks.take(workfile)
    assert locks.read(workfile) is not None
    assert locks.release(workfile) is True


def test_a_folder_that_may_not_be_written_is_told():
    with public_folder() as folder:
        workfile = folder / "comp_v001.nk"
        workfile.touch()
        with without_root(), pytest.raises(DestinationReadOnly):
            locks.take(workfile)
        locks.take(workfile, owner=someone_else())
        with without_root():
            assert locks.read(workfile) is not None


@given(
    st.binary(max_size=5000)
    | st.dictionaries(st.text(), st.integers() | st.text()).map(lambda d: json.dumps(d).encode())
)
def test_a_damaged_lock_is_a_lock_of_nobody(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    workfile = tmp_path_factory.mktemp("damaged") / "a.nk"
    locks.lock_path(workfile).write_bytes(data)
    found = locks.read(workfile)
    assert found is not None
    assert (found.user, found.is_stale) == ("", False)
    with pytest.raises(WorkfileLocked):
        locks.take(workfile)
    age(workfile, 121)
    assert locks.take(workfile, steal=True).pid == os.getpid()


def test_a_keeper_renews_its_locks_and_tells_of_a_lost_one(workfile: Path, tmp_path: Path):
    lost: list[tuple[Path, OnePieceError]] = []
    with LockKeeper(renew_seconds=0.05, on_lost=lambda path, error: lost.append((path, error))) as keeper:
        keeper.take(workfile)
        age(workfile, 100)
        wait_until(lambda: (found := locks.read(workfile)) is not None and found.heartbeat_at > time.time() - 50)
        locks.lock_path(workfile).unlink()
        wait_until(lambda: bool(lost))
        assert lost[0][0] == workfile
        assert keeper.held == frozenset()
        keeper.take(workfile)
    assert locks.read(workfile) is None


def wait_until(is_so: object, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)
