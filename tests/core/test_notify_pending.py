"""What the rules ask to be told: found in the journal and the record of render jobs, sent by whoever runs next."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.config.models import Settings
from onepiece_core.errors import ErrorReport
from onepiece_core.farm.states import JobState
from onepiece_core.journal import Journal
from onepiece_core.notify.memory import NotifyMemory
from onepiece_core.notify.pending import note_rules, notify_pending, notifying
from onepiece_core.render.model import Job
from onepiece_core.render.opening import open_store
from onepiece_core.render.store import NewJob
from tests.support.receivers import DROP, Hook, Mail, serving


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    with serving(hook):
        yield hook


def settings_for(hook: Hook, **rules: Any) -> Settings:
    url = f"http://127.0.0.1:{hook.server_address[1]}/hook"
    return Settings.model_validate({"notify": {"webhook_url": url, "rules": rules}})


def begin(journal: Journal, operation: str, kind: str = "publish") -> None:
    journal.begin(operation, kind=kind, fingerprint=operation, name=f"FG_{operation}", request={})


def fail(journal: Journal, operation: str) -> None:
    begin(journal, operation)
    journal.settle(operation, "failed", error=ErrorReport(code="storage.disk_full", message="The disk is full"))


def keys(hook: Hook) -> list[str]:
    return [key for key, _ in hook.taken]


def test_only_what_fails_after_the_rule_exists_is_told_and_once(tmp_path: Path, hook: Hook) -> None:
    journal, settings = Journal(tmp_path), settings_for(hook, publish_failed={})
    fail(journal, "old")
    note_rules(settings, tmp_path)
    fail(journal, "new")
    begin(journal, "well")
    journal.settle("well", "finished", result={})
    assert notify_pending(settings, tmp_path) == []
    assert notify_pending(settings, tmp_path) == []
    ((key, told),) = hook.taken
    assert key == "notify-webhook-new-failed"
    assert told["text"].startswith("Publish of FG_new failed\nThe disk is full (storage.disk_full)\n")
    journal.close()


def test_a_publish_that_only_waits_for_the_tracker_or_was_cancelled_did_not_fail(tmp_path: Path, hook: Hook) -> None:
    journal, settings = Journal(tmp_path), settings_for(hook, publish_failed={})
    note_rules(settings, tmp_path)
    begin(journal, "waits")
    away = ErrorReport(code="tracker.unavailable", message="Away")
    journal.settle("waits", "parked", result={"version": 1}, error=away)
    begin(journal, "stopped")
    journal.settle("stopped", "parked", error=ErrorReport(code="operation.cancelled", message="Stopped"))
    begin(journal, "broken")
    journal.settle("broken", "parked", error=ErrorReport(code="storage.unavailable", message="S3 is away"))
    assert notify_pending(settings, tmp_path) == []
    assert keys(hook) == ["notify-webhook-broken-parked"]
    journal.close()


KILLED = """
import sys
from pathlib import Path
from onepiece_core.journal import Journal
Journal(Path(sys.argv[1])).begin("pub-1", kind="publish", fingerprint="f", name="FG_sh010", request={})
print("begun", flush=True)
sys.stdin.readline()
"""


def test_a_publish_whose_process_was_killed_is_told_by_the_next_one(tmp_path: Path, hook: Hook) -> None:
    settings = settings_for(hook, publish_failed={})
    note_rules(settings, tmp_path)
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert notify_pending(settings, tmp_path) == []
        assert hook.taken == []
        process.kill()
    assert notify_pending(settings, tmp_path) == []
    assert notify_pending(settings, tmp_path) == []
    assert keys(hook) == ["notify-webhook-pub-1-interrupted"]


def test_refused_files_of_a_drop_are_told_once_though_it_is_registered_later(tmp_path: Path, hook: Hook) -> None:
    journal, settings = Journal(tmp_path), settings_for(hook, ingest_refused={})
    note_rules(settings, tmp_path)
    for name, refused in (("ing-1", 2), ("ing-2", 0)):
        begin(journal, name, "ingest")
        journal.settle(name, "parked", result={"files": 7, "refused": refused})
    notify_pending(settings, tmp_path)
    journal.settle("ing-1", "finished")
    notify_pending(settings, tmp_path)
    assert keys(hook) == ["notify-webhook-ing-1-refused"]
    assert "2 of 7 files refused" in hook.taken[0][1]["text"]
    journal.close()


def job(name: str, status: JobState) -> Job:
    ended = 2_000_000_000.0 if status == "failed" else None
    return Job(
        job_id=name,
        farm="local",
        status=status,
        raw_state=status,
        handle="1",
        name="<!channel> beauty",
        template="t",
        priority=50,
        user="anna",
        show_code="FG",
        created_at=1.0,
        updated_at=1.0,
        ended_at=ended,
    )


def test_a_render_job_that_fails_later_is_told_and_calls_nobody_by_its_name(tmp_path: Path, hook: Hook) -> None:
    settings = settings_for(hook, render_failed={})
    store = open_store(settings, tmp_path)
    for name in ("old", "new", "fine"):
        store.add(NewJob(job(name, "running"), "{}", name))
    store.save([job("old", "failed")])
    note_rules(settings, tmp_path)
    assert notify_pending(settings, tmp_path) == []
    assert hook.taken == []
    store.save([job("new", "failed")])
    assert notify_pending(settings, tmp_path) == []
    assert notify_pending(settings, tmp_path) == []
    assert keys(hook) == ["notify-webhook-new-failed"]
    assert hook.taken[0][1]["text"].startswith("Render of &lt;!channel&gt; beauty failed\n")
    store.close()


def test_who_muted_an_event_gets_no_mail_of_it_and_the_others_do(tmp_path: Path) -> None:
    journal, mail = Journal(tmp_path), Mail()
    with serving(mail) as port:
        rule = {"channels": ["email"], "to": ["anna@studio.test", "ben@studio.test"]}
        server = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_starttls": False, "mail_from": "show@studio.test"}
        settings = Settings.model_validate({"notify": {**server, "rules": {"publish_failed": rule}}})
        note_rules(settings, tmp_path)
        memory = NotifyMemory(tmp_path)
        memory.mute("Anna", "publish_failed")
        memory.mute("ben", "render_failed")
        fail(journal, "one")
        assert notify_pending(settings, tmp_path) == []
        (text,) = mail.taken
        assert "To: ben@studio.test" in text
        memory.unmute("anna", "publish_failed")
        fail(journal, "two")
        assert notify_pending(settings, tmp_path) == []
    assert sorted(text.split("To: ")[1].split("@")[0] for text in mail.taken[1:]) == ["anna", "ben"]
    journal.close()


TELLER = """
import sys
from pathlib import Path
from onepiece_core.config.models import Settings
from onepiece_core.notify.pending import notify_pending
settings = Settings.model_validate_json(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
notify_pending(settings, Path(sys.argv[1]))
"""


def teller(folder: Path, hook: Hook) -> subprocess.Popen[str]:
    told = f'{{"notify": {{"webhook_url": "http://127.0.0.1:{hook.server_address[1]}/h",'
    told += ' "rules": {"publish_failed": {}}}}'
    command = [sys.executable, "-c", TELLER, str(folder), told]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_that_find_the_same_failures_tell_each_once(tmp_path: Path, hook: Hook) -> None:
    journal = Journal(tmp_path)
    note_rules(settings_for(hook, publish_failed={}), tmp_path)
    for number in range(20):
        fail(journal, f"pub-{number:02d}")
    tellers = [teller(tmp_path, hook) for _ in range(2)]
    for process in tellers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in tellers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert sorted(keys(hook)) == [f"notify-webhook-pub-{number:02d}-failed" for number in range(20)]
    journal.close()


def test_one_killed_after_it_sent_and_before_it_wrote_so_is_sent_again_under_the_same_key(tmp_path: Path) -> None:
    journal, hook = Journal(tmp_path), Hook()
    hook.hold()
    with serving(hook):
        settings = settings_for(hook, publish_failed={})
        note_rules(settings, tmp_path)
        fail(journal, "pub-1")
        process = teller(tmp_path, hook)
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        assert hook.was_taken.wait(30)
        process.kill()
        process.communicate(timeout=30)
        assert process.returncode == -signal.SIGKILL
        hook.release()
        assert notify_pending(settings, tmp_path) == []
        assert notify_pending(settings, tmp_path) == []
    assert keys(hook) == ["notify-webhook-pub-1-failed"] * 2
    journal.close()


def test_a_lost_answer_leaves_a_warning_and_the_message(tmp_path: Path, hook: Hook) -> None:
    journal, settings = Journal(tmp_path), settings_for(hook, publish_failed={})
    note_rules(settings, tmp_path)
    fail(journal, "pub-1")
    hook.status = DROP
    assert [warning.code for warning in notify_pending(settings, tmp_path)] == ["notify.failed"]
    hook.status = 200
    assert notify_pending(settings, tmp_path) == []
    assert keys(hook) == ["notify-webhook-pub-1-failed"] * 2
    journal.close()


def test_a_thread_beside_the_server_tells_what_others_left(tmp_path: Path, hook: Hook) -> None:
    journal, settings = Journal(tmp_path), settings_for(hook, publish_failed={})
    note_rules(settings, tmp_path)
    with notifying(settings, tmp_path, seconds=0.05):
        fail(journal, "pub-1")
        assert hook.was_taken.wait(30)
    assert keys(hook) == ["notify-webhook-pub-1-failed"]
    journal.close()
