"""Several processes on one record: whoever looks sees how the farm stands, and no two do the rounds at once."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from onepiece_core.config.models import Settings
from onepiece_core.render.model import JobFilter
from onepiece_core.render.opening import open_service


def test_one_at_a_time_and_the_next_at_once(tmp_path: Path) -> None:
    settings = Settings()
    with closing(open_service(settings, tmp_path, dict(os.environ))) as first:
        first.list_jobs(JobFilter())
        with closing(open_service(settings, tmp_path, dict(os.environ))) as second:
            assert not second.poller.once(), "the first one does the rounds"
        assert first.poller.once(), "what the second one closed was not its lease"
    with closing(open_service(settings, tmp_path, dict(os.environ))) as third:
        assert third.poller.once()
