"""Our client keeps the Tracker contract against the sandbox's ShotGrid, with both ways of uploading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.errors import TrackerDenied
from onepiece_core.testing.tracker_contract import TrackerContract
from onepiece_core.tracker.tracker import Entity, Tracker
from tests.support.shotgrid import RunningSite, running_site


@pytest.fixture(scope="module", params=["direct", "form"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("site"), "--uploads", request.param) as running:
        yield running


class TestShotgridTracker(TrackerContract):
    @pytest.fixture
    def tracker(self, site: RunningSite) -> Iterator[Tracker]:
        tracker = site.tracker()
        yield tracker
        tracker.close()

    def test_a_wrong_key_is_denied(self, site: RunningSite) -> None:
        with pytest.raises(TrackerDenied):
            site.tracker(key="wrong").check_credentials()

    def test_more_rows_than_a_page_all_come(self, tracker: Tracker, project: Entity) -> None:
        page = tracker.server_info()["api_max_entities_per_page"]
        data = [{"code": f"{number:05d}", "project": project} for number in range(page + 5)]
        for start in range(0, len(data), 2000):
            tracker.batch(
                [{"request_type": "create", "entity_type": "Shot", "data": each} for each in data[start : start + 2000]]
            )

        assert len(tracker.find("Shot", [["project", "is", project]])) == page + 5

    def test_a_large_movie_comes_whole(self, tracker: Tracker, project: Entity, tmp_path: Path) -> None:
        movie = tmp_path / "long.mov"
        movie.write_bytes(bytes(range(256)) * 90_000)  # more than the client's part of 20,000,000 bytes
        version = tracker.create("Version", {"code": "v", "project": project})

        attachment = tracker.upload("Version", version["id"], movie, field_name="sg_uploaded_movie")
        told = tracker.find_one("Attachment", [["id", "is", attachment]], ["file_size"])
        assert told is not None
        assert told["file_size"] == 90_000 * 256
