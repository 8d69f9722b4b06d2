"""The journal: durable rows, one owner an operation, a local disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from onepiece_core.errors import ErrorReport, JournalError, StateNotLocal
from onepiece_core.filesystems import NETWORK_FILESYSTEMS, filesystem_type
from onepiece_core.journal import Journal
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import Write


def begin(journal: Journal, operation: str = "pub-1", fingerprint: str = "f") -> None:
    journal.begin(operation, kind="publish", fingerprint=fingerprint, name="x_v001", request={"scene": "show:x.ma"})


def test_an_operation_is_found_by_another_process(tmp_path: Path) -> None:
    begin(Journal(tmp_path))
    found = Journal(tmp_path).get("pub-1")
    assert (found.name, found.state, found.request) == ("x_v001", "running", {"scene": "show:x.ma"})
    assert found.owner.is_alive()


def test_a_step_is_open_until_its_work_is_done(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    begin(journal)
    with journal.step("pub-1", "stage") as detail:
        assert Journal(tmp_path).open_step("pub-1") == "stage"
        detail["files"] = 3
    assert journal.open_step("pub-1") is None
    assert journal.closed_steps("pub-1") == {"stage": {"files": 3}}


def test_a_step_that_fails_stays_open(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    begin(journal)
    with pytest.raises(ZeroDivisionError), journal.step("pub-1", "push"):
        raise ZeroDivisionError
    assert journal.open_step("pub-1") == "push"


def test_an_operation_is_taken_from_a_dead_owner_and_from_nobody_else(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from onepiece_core.journal import Journal;"
        "Journal(pathlib.Path(sys.argv[1])).begin('pub-1', kind='publish', fingerprint='f', name='x', request={});"
        "print('ready', flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "ready\n"
    journal = Journal(tmp_path)
    assert journal.take("pub-1") is False
    owner.kill()
    owner.communicate()
    assert journal.take("pub-1") is True
    assert journal.get("pub-1").owner.is_alive()


def test_a_parked_operation_may_be_taken_by_anybody(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    begin(journal)
    journal.settle("pub-1", "parked", error=ErrorReport(code="tracker.unavailable", message="away"))
    assert [operation.id for operation in journal.list_unfinished()] == ["pub-1"]
    assert journal.take("pub-1") is True


def test_discarded_and_failed_operations_are_not_found_by_their_options(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    begin(journal)
    assert journal.find_by_fingerprint("f") is not None
    journal.settle("pub-1", "discarded")
    assert journal.find_by_fingerprint("f") is None


def test_the_outbox_is_filled_once_and_remembers_every_change(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    begin(journal)
    outbox = JournalOutbox(journal, "pub-1")
    outbox.fill([Write(1, "version", {"code": "x"}), Write(2, "movie", {})])
    outbox.sending(1, 10.0)
    outbox.unanswered(1, 20.0)
    outbox.fill([Write(1, "version", {"code": "other"}), Write(2, "movie", {})])
    first, second = JournalOutbox(Journal(tmp_path), "pub-1").rows()
    assert (first.write.payload, first.state, first.sent_at, first.failed_at) == (
        {"code": "x"},
        "unanswered",
        10.0,
        20.0,
    )
    assert second.state == "waiting"
    outbox.done(1, {"id": 7})
    assert outbox.rows()[0].result == {"id": 7}


def test_a_network_filesystem_is_refused_by_its_type(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    share = tmp_path / "share with space"
    share.mkdir()
    escaped = str(share).replace(" ", "\\040")
    mounts.write_text(
        "22 1 254:1 / / rw,relatime - ext4 /dev/vda rw\n"
        f"90 22 0:99 / {escaped} rw,relatime shared:1 - nfs4 filer:/export rw\n"
    )
    assert filesystem_type(share / "state", mounts) == "nfs4"
    assert filesystem_type(tmp_path, mounts) == "ext4"
    with pytest.raises(StateNotLocal) as caught:
        Journal(share / "state", mounts=mounts)
    assert "ONEPIECE_STATE_DIR" in (caught.value.report.hint or "")
    assert not (share / "state" / "journal.db").exists()


def test_this_machines_temporary_folder_is_local(tmp_path: Path) -> None:
    assert filesystem_type(tmp_path)
    assert filesystem_type(tmp_path) not in NETWORK_FILESYSTEMS


def test_a_damaged_journal_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database, but long enough to look at" * 40)
    with pytest.raises(JournalError):
        Journal(tmp_path)
