"""A server tells what its rules ask for, though several workers look for it."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal
from tests.support.local_farms import end_workers
from tests.support.receivers import Hook
from tests.support.receivers import serving as receiving
from tests.support.trafalgar import job_body, make_folder, serving


def test_a_failed_render_and_a_publish_that_others_left_are_told_once_by_two_workers(tmp_path: Path) -> None:
    hook = Hook()
    with receiving(hook) as port:
        rules = "[notify.rules.publish_failed]\n[notify.rules.render_failed]\n"
        folder = make_folder(tmp_path, f'[notify]\nwebhook_url = "http://127.0.0.1:{port}/h"\n{rules}')
        with serving(folder, workers=2) as (_, client):
            job = client.post("/render/v1/jobs", json=job_body("exit 3", farm="local")).json()
            assert hook.was_taken.wait(60)
            hook.was_taken.clear()
            journal = Journal(folder / "state")
            journal.begin("pub-1", kind="publish", fingerprint="f", name="FG_sh010", request={})
            journal.settle("pub-1", "failed", error=ErrorReport(code="storage.disk_full", message="Full"))
            journal.close()
            assert hook.was_taken.wait(60)
        end_workers(folder / "state" / "farms" / "local")
    assert [key for key, _ in hook.taken] == [f"notify-webhook-{job['job_id']}-failed", "notify-webhook-pub-1-failed"]
