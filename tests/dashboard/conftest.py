"""A ShotGrid site of the test's own, and boards over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.config.models import DashboardSettings, Settings, ShotgridSettings, TrackerSettings
from onepiece_core.dashboard.opening import MirrorBoard, open_board
from tests.support.shotgrid_site import SCRIPT, SiteProcess


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteProcess]:
    site = SiteProcess(tmp_path / "site").start()
    yield site
    site.stop()


@pytest.fixture
def opened(site: SiteProcess, tmp_path: Path) -> Iterator[Callable[..., MirrorBoard]]:
    """Opens boards; without a thread: tests refresh them when they want to."""
    boards: list[MirrorBoard] = []

    def opened(name: str = "state", *, refreshes: bool = False, **dashboard: Any) -> MirrorBoard:
        settings = Settings(
            shotgrid=ShotgridSettings(url=site.url, script=SCRIPT, key=site.key),
            tracker=TrackerSettings(attempts=1, timeout_seconds=5),
            dashboard=DashboardSettings(**dashboard),
            state_dir=tmp_path / name,
        )
        board = open_board(settings, tmp_path / name, refreshes=refreshes)
        assert isinstance(board, MirrorBoard)
        boards.append(board)
        return board

    yield opened
    for board in boards:
        board.close()
