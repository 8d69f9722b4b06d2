"""Ingests of real drops into a real bucket and a sandbox site."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.storage.s3.admin import create_bucket
from tests.support.ingests import IngestWorld, verdicts
from tests.support.shotgrid import RunningSite, running_site
from tests.support.weed import Weed

_NUMBERS = itertools.count(1)
NAME = "FG_ep010_sc02_0010_comp_v004"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, weed: Weed, site: RunningSite) -> Iterator[IngestWorld]:
    bucket = f"ingest-{next(_NUMBERS)}"
    create_bucket(weed.aws, bucket)
    tracker = site.tracker()
    tracker.create("Project", {"name": f"Show of {bucket}"})
    made = IngestWorld(tmp_path, weed.aws, bucket, tracker, project=f"Show of {bucket}")
    yield made
    made.store.close()


def test_a_drop_arrives_and_is_registered(world: IngestWorld):
    world.frames(NAME, below="sc02")
    world.frames("FG_ep010_sc02_0020_comp_v001")
    report = world.ingest()
    assert {file.verdict for file in report.files} == {"ok"}
    assert report.summary["uploaded"] == 6
    assert all(file.version_id for file in report.files)
    world.check_exactly_once()


def test_a_second_run_uploads_nothing_and_registers_nothing(world: IngestWorld):
    world.frames(NAME)
    first = world.ingest()
    second = world.ingest()
    assert set(verdicts(second).values()) == {"destination.same"}
    assert (second.summary["uploaded"], second.summary["bytes_uploaded"]) == (0, 0)
    assert [file.version_id for file in second.files] == [file.version_id for file in first.files]
    world.check_exactly_once()
