"""``site``: a sandbox ShotGrid site for a test process; ``sg``: its client; ``project``: one of the test's own.

``start_site(folder)`` starts a site for one test, which is gone afterwards however the test ends.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.shotgrid_site import KEY, SiteProcess

StartSite = Callable[..., SiteProcess]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    process = SiteProcess(tmp_path_factory.mktemp("site")).start()
    yield process
    assert process.stop() == 0
    assert "Traceback" not in process.log()


@pytest.fixture
def start_site() -> Iterator[StartSite]:
    started: list[SiteProcess] = []

    def start(folder: Path, *options: str, key: str = KEY) -> SiteProcess:
        started.append(SiteProcess(folder, options, key))
        return started[-1].start()

    yield start
    for process in started:
        process.kill()


@pytest.fixture(scope="session")
def sg(site: SiteProcess) -> Any:
    return site.client()


@pytest.fixture
def project(sg: Any) -> dict[str, Any]:
    return sg.create("Project", {"name": f"Project {next(_numbers)}"})
