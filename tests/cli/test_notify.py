"""``onepiece notify``, and commands that tell what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal
from tests.cli.conftest import Cli
from tests.support.receivers import Hook, Mail, serving


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    with serving(hook):
        yield hook


def write_settings(folder: Path, hook: Hook, mail: Mail | None = None, rules: str = "") -> Path:
    """Also the state folder."""
    told = f'state_dir = "{folder / "state"}"\n[notify]\n'
    told += f'webhook_url = "http://127.0.0.1:{hook.server_address[1]}/s3cr3t"\n'
    if mail is not None:
        told += f'smtp_host = "127.0.0.1"\nsmtp_port = {mail.server_address[1]}\nsmtp_starttls = false\n'
        told += 'mail_from = "show@studio.test"\n'
    (folder / "onepiece.toml").write_text(told + rules, encoding="utf-8")
    return folder / "state"


def test_a_message_goes_to_slack_and_one_with_a_name_only_once(cli: Cli, tmp_path: Path, hook: Hook) -> None:
    write_settings(tmp_path, hook)
    for _ in range(2):
        done = cli("notify", "slack", "<!here> Dailies are up", "--key", "dailies-1", "--json")
        assert done.told["state"] == "sent"
    assert hook.taken == [("notify-webhook-named-dailies-1", {"text": "<!here> Dailies are up"})]


def test_a_dry_run_sends_and_writes_nothing(cli: Cli, tmp_path: Path, hook: Hook) -> None:
    state = write_settings(tmp_path, hook, Mail())
    assert cli("notify", "slack", "Hello", "--dry-run", "--json").told["state"] == "dry_run"
    told = cli("notify", "email", "Hello", "--to", "a@b.test", "--dry-run", "--json").told
    assert told["to"] == ["a@b.test"]
    assert hook.taken == []
    assert not state.exists()


def test_what_was_not_taken_is_kept_named_without_the_secret_and_goes_with_the_next_one(
    cli: Cli, tmp_path: Path, hook: Hook
) -> None:
    write_settings(tmp_path, hook)
    hook.status = 503
    refused = cli("notify", "slack", "first", "--json")
    assert refused.error["code"] == "notify.failed"
    assert "503" in refused.error["message"]
    assert [row["subject"] for row in cli("notify", "list", "--json").told["waiting"]] == ["first"]
    assert "s3cr3t" not in refused.out + refused.err + cli("notify", "list").out
    hook.status = 200
    assert cli("notify", "slack", "second").status == 0
    assert [told["text"] for _, told in hook.taken] == ["first", "second"]


def test_an_e_mail_goes_to_each_one_alone(cli: Cli, tmp_path: Path, hook: Hook) -> None:
    mail = Mail()
    with serving(mail):
        write_settings(tmp_path, hook, mail)
        done = cli("notify", "email", "Up", "--to", "a@b.test", "--to", "c@d.test", "--text", "At ten.", "--json")
        assert done.told["to"] == ["a@b.test", "c@d.test"]
        bad = cli("notify", "email", "Up", "--to", "a@b.test\nBcc: x@y.test", "--json")
        assert bad.error["code"] == "onepiece.usage"
    assert ["To: a@b.test" in text for text in mail.taken] == [True, False]
    assert len(mail.taken) == 2


def test_without_a_server_nothing_is_written(cli: Cli) -> None:
    assert cli("notify", "slack", "Hello", "--json").error["code"] == "notify.not_configured"
    assert cli("notify", "email", "Hello", "--to", "a@b.test", "--json").error["code"] == "notify.not_configured"


def test_mutes_are_kept_listed_and_taken_back(cli: Cli, tmp_path: Path, hook: Hook) -> None:
    write_settings(tmp_path, hook, rules='[notify.rules.render_failed]\nchannels = ["email"]\nto = ["a@b.test"]\n')
    assert len(cli("notify", "mute", "--user", "anna", "--json").told["events"]) == 4
    cli("notify", "unmute", "publish_failed", "ingest_refused", "delivery_sent", "--user", "Anna")
    told = cli("notify", "list", "--json").told
    assert told["mutes"] == [{"user": "anna", "event": "render_failed"}]
    assert told["rules"]["render_failed"] == {"channels": ["email"], "to": ["a@b.test"]}


def test_recover_tells_what_an_earlier_process_could_not(cli: Cli, tmp_path: Path, hook: Hook) -> None:
    state = write_settings(tmp_path, hook, rules="[notify.rules.publish_failed]\n")
    env = {"ONEPIECE_STATE_DIR": str(state)}
    cli("recover", env=env)
    journal = Journal(state)
    journal.begin("pub-1", kind="publish", fingerprint="f", name="FG_sh010_v001", request={})
    journal.settle("pub-1", "failed", error=ErrorReport(code="storage.disk_full", message="The disk is full"))
    journal.close()
    for _ in range(2):
        cli("recover", env=env)
    assert [key for key, _ in hook.taken] == ["notify-webhook-pub-1-failed"]
