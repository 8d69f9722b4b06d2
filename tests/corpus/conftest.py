"""A bucket, a site and a project of each test's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.storage.s3.admin import create_bucket
from tests.support.ingests import IngestWorld
from tests.support.shotgrid import RunningSite, running_site
from tests.support.weed import Weed, weed

__all__ = ["weed"]

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, weed: Weed, site: RunningSite) -> Iterator[IngestWorld]:
    number = next(_NUMBERS)
    bucket = "corpus"
    if number == 1:
        create_bucket(weed.aws, bucket)
    tracker = site.tracker()
    tracker.create("Project", {"name": f"Corpus {number}"})
    made = IngestWorld(tmp_path, weed.aws, bucket, tracker, project=f"Corpus {number}", prefix=f"drop-{number}")
    yield made
    made.store.close()
