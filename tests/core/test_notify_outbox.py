"""Messages about deliveries, to servers on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from onepiece_core.config.models import NotifySettings
from onepiece_core.journal import Journal
from onepiece_core.notify.outbox import queue_messages, send_messages
from tests.support.receivers import DROP, Hook, Mail, serving


def test_a_message_that_is_not_taken_goes_out_later_and_only_once(tmp_path: Path):
    journal, hook = Journal(tmp_path), Hook()
    with serving(hook) as port:
        secret = f"http://127.0.0.1:{port}/services/T0/B0/secret"
        settings = NotifySettings(webhook_url=SecretStr(secret))
        hook.status = 503
        queue_messages(journal, settings, "FG-1", "Frost Giant: 2 Versions", "comp_v001")
        (warning,) = send_messages(journal, settings)
        assert "503" in warning.message
        assert "secret" not in warning.message
        hook.status = 200
        queue_messages(journal, settings, "FG-1", "Frost Giant: 2 Versions", "comp_v001")
        assert send_messages(journal, settings) == []
        assert send_messages(journal, settings) == []
    assert hook.taken == [("notify-webhook-FG-1", {"text": "Frost Giant: 2 Versions\ncomp_v001"})]
    assert b"secret" not in (tmp_path / "journal.db").read_bytes()
    journal.close()


def test_an_e_mail_carries_a_key_of_its_delivery(tmp_path: Path):
    journal, mail = Journal(tmp_path), Mail()
    with serving(mail) as port:
        settings = NotifySettings(
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_starttls=False,
            mail_from="show@studio.test",
            mail_to=["client@studio.test"],
        )
        queue_messages(journal, settings, "FG-2", "Delivered\nBcc: all@studio.test", "comp_v001")
        assert send_messages(journal, settings) == []
    (text,) = mail.taken
    assert "Message-ID: <notify-mail-FG-2@onepiece>" in text
    assert "\nBcc:" not in text
    journal.close()


def test_a_message_whose_answer_was_lost_comes_again_under_its_own_key_alone(tmp_path: Path):
    journal, hook = Journal(tmp_path), Hook()
    with serving(hook) as port:
        settings = NotifySettings(webhook_url=SecretStr(f"http://127.0.0.1:{port}/hook"))
        hook.status = DROP
        for key in ("FG-1", "FG-2"):
            queue_messages(journal, settings, key, "Delivered", key)
        assert len(send_messages(journal, settings)) == 2
        hook.status = 200
        assert send_messages(journal, settings) == []
        assert send_messages(journal, settings) == []
    assert [key for key, _ in hook.taken] == ["notify-webhook-FG-1", "notify-webhook-FG-2"] * 2
    journal.close()


SENDER = """
import sys
from pathlib import Path
from pydantic import SecretStr
from onepiece_core.config.models import NotifySettings
from onepiece_core.notify.outbox import send_messages
from onepiece_core.journal import Journal
journal = Journal(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
assert send_messages(journal, NotifySettings(webhook_url=SecretStr(sys.argv[2]))) == []
"""


def test_several_processes_that_send_what_waits_send_each_message_once(tmp_path: Path):
    journal, hook = Journal(tmp_path), Hook()
    with serving(hook) as port:
        url = f"http://127.0.0.1:{port}/hook"
        settings = NotifySettings(webhook_url=SecretStr(url))
        for number in range(30):
            queue_messages(journal, settings, f"FG-{number:02d}", "Delivered", "comp_v001")
        command = [sys.executable, "-c", SENDER, str(tmp_path), url]
        senders = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
        ]
        for sender in senders:
            assert sender.stdout is not None
            assert sender.stdout.readline() == "ready\n"
        for sender in senders:
            assert sender.stdin is not None
            sender.stdin.write("go\n")
            sender.stdin.flush()
        for sender in senders:
            sender.communicate(timeout=60)
            assert sender.returncode == 0
    assert sorted(key for key, _ in hook.taken) == [f"notify-webhook-FG-{number:02d}" for number in range(30)]
    journal.close()
