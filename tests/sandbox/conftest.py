"""``site``: a sandbox ShotGrid site for a test process; ``sg``: its client; ``project``: one of the test's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.shotgrid_site import SiteProcess

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    process = SiteProcess(tmp_path_factory.mktemp("site")).start()
    yield process
    assert process.stop() == 0
    assert "Traceback" not in process.log()


@pytest.fixture(scope="session")
def sg(site: SiteProcess) -> Any:
    return site.client()


@pytest.fixture
def project(sg: Any) -> dict[str, Any]:
    return sg.create("Project", {"name": f"Project {next(_numbers)}"})
