"""The outbox against the sandbox's ShotGrid, straight and while it spoils every fifth write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.registrations import count_rows, expected_rows, register_many
from tests.support.shotgrid import RunningSite, running_site


@pytest.fixture(params=["direct", "form"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningSite]:
    with running_site(tmp_path / "site", "--uploads", request.param) as running:
        yield running


def test_a_registration_is_whole(site: RunningSite, tmp_path: Path) -> None:
    tracker = site.tracker()
    tracker.create("LocalStorage", {"code": "here", "linux_path": str(tmp_path)})

    register_many(tracker, tmp_path, 1, settle_seconds=1, timeout_seconds=5)

    assert count_rows(tracker) == expected_rows(1)
    (version,) = tracker.find(
        "Version", [], ("code", "entity", "sg_status_list", "image", "sg_uploaded_movie", "sg_path_to_frames")
    )
    assert version["entity"]["name"] == "ep010_sc02_0010"
    assert version["sg_status_list"] == "rev"
    assert version["image"]
    assert version["sg_uploaded_movie"]["name"] == "FG_ep010_sc02_0010_comp_v001.mov"
    assert version["sg_path_to_frames"].endswith("_v001.%04d.exr")
    files = tracker.find("PublishedFile", [], ("version", "path", "path_cache", "published_file_type"))
    assert {each["version"]["id"] for each in files} == {version["id"]}
    assert all(each["path"]["link_type"] == "local" for each in files)
    assert "FG_ep010_sc02_0010_comp_v001/scene/FG_ep010_sc02_0010_comp_v001.nk" in {
        each["path_cache"] for each in files
    }


def test_files_outside_of_the_sites_storages_are_named_by_url(site: RunningSite, tmp_path: Path) -> None:
    tracker = site.tracker()

    register_many(tracker, tmp_path, 1, settle_seconds=1, timeout_seconds=5)

    files = tracker.find("PublishedFile", [], ("path",))
    assert len(files) == 4
    assert all(each["path"]["url"].startswith("file:///") for each in files)


@pytest.mark.parametrize("fault", [{"fault": "drop_reply"}, {"fault": "commit_late", "seconds": 0.8}], ids=str)
def test_every_fifth_write_spoilt_makes_exactly_the_rows_of_the_registrations(
    fault: dict[str, Any], site: RunningSite, tmp_path: Path
) -> None:
    with site.spoils(**fault, every=5):
        tracker = site.tracker(timeout_seconds=0.5)
        register_many(tracker, tmp_path, 8, settle_seconds=2, timeout_seconds=0.5)
        assert site.spoilt() >= 6

    assert count_rows(site.tracker()) == expected_rows(8)


def test_what_never_arrives_is_sent_again_once(site: RunningSite, tmp_path: Path) -> None:
    with site.spoils("drop_request", every=3):
        register_many(site.tracker(), tmp_path, 2, settle_seconds=0.5, timeout_seconds=5)
        assert site.spoilt()

    assert count_rows(site.tracker()) == expected_rows(2)
