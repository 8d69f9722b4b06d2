"""What a plan asks the tracker, against the sandbox's ShotGrid: few requests, the right shots, cuts and versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.context import Context
from onepiece_core.errors import ProjectMissing
from onepiece_core.ingest.model import DropItem
from onepiece_core.ingest.tracked import ask_tracker, base_of
from onepiece_core.ingest.versions import check_tracked
from onepiece_core.tracker.tracker import BatchRequest, Tracker
from tests.support.shotgrid import running_site

SHOTS = 620


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    """The show with 620 shots, each with a cut and the Versions v001 and v003 of its comp."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        made = site.tracker()
        show = made.create("Project", {"name": "Ice Titan"})
        sequence = made.create("Sequence", {"code": "sc02", "project": show})
        shots: list[BatchRequest] = []
        versions: list[BatchRequest] = []
        for number in range(SHOTS):
            data = {"code": f"{number:04d}", "project": show, "sg_sequence": sequence}
            cut = {"sg_cut_in": 1001, "sg_cut_out": 1010}
            shots.append({"request_type": "create", "entity_type": "Shot", "data": {**data, **cut}})
            for version in (1, 3):
                row = {"code": name(number, version), "project": show, "sg_path_to_frames": path(number, version)}
                versions.append({"request_type": "create", "entity_type": "Version", "data": row})
        made.batch(shots)
        made.batch(versions)
        yield made
        made.close()


def name(number: int, version: int) -> str:
    return f"FG_ep010_sc02_{number:04d}_comp_v{version:03d}"


def path(number: int, version: int) -> str:
    return f"s3://vendor-in/FG/{name(number, version)}.mov"


def item(number: int, version: int) -> DropItem:
    context = Context("FG", None, "sc02", f"{number:04d}", "comp", version=version)
    return DropItem(name(number, version), f"{name(number, version)}.mov", (), context=context)


def test_more_shots_and_versions_than_a_request_holds_are_all_found(tracker: Tracker) -> None:
    items = [item(number, 2) for number in range(SHOTS)]
    tracked = ask_tracker(tracker, "Ice Titan", items)
    assert len(tracked.shots) == SHOTS
    assert tracked.shots["sc02/0010"].values.cut == (1001, 1010)
    assert tracked.shots["sc02/0010"].link["type"] == "Shot"
    assert len(tracked.versions) == SHOTS
    assert sorted(row.version or 0 for row in tracked.versions[base_of(name(619, 2))[0]]) == [1, 3]


@pytest.mark.parametrize(
    ("number", "version", "codes"),
    [
        (1, 4, set()),
        (1, 2, {"version.regress"}),
        (1, 3, {"version.there"}),
        (700, 1, {"shot.unknown"}),
    ],
)
def test_each_version_is_weighed(number: int, version: int, codes: set[str], tracker: Tracker) -> None:
    one = item(number, version)
    check_tracked([one], ask_tracker(tracker, "Ice Titan", [one]), lambda it: f"s3://vendor-in/FG/{it.pattern}", None)
    assert {problem.code for problem in one.problems} == codes
    elsewhere = item(1, 3)
    check_tracked([elsewhere], ask_tracker(tracker, "Ice Titan", [elsewhere]), lambda _: "s3://other/x.mov", None)
    assert elsewhere.is_refused


def test_a_project_that_nobody_knows_is_an_error(tracker: Tracker) -> None:
    with pytest.raises(ProjectMissing):
        ask_tracker(tracker, "Nowhere", [])


def test_a_version_token_inside_of_a_name_is_asked_for_too(tracker: Tracker, tmp_path: Path) -> None:
    code = "FG_ep010_sc02_0001_comp_v009_left"
    project = {"type": "Project", "id": tracker.find("Project", [["name", "is", "Ice Titan"]])[0]["id"]}
    tracker.create("Version", {"code": code, "project": project})
    one = DropItem(code.replace("v009", "v008"), "x.mov", ())
    tracked = ask_tracker(tracker, "Ice Titan", [one])
    assert [row.version for row in tracked.versions["FG_ep010_sc02_0001_comp_left"]] == [9]
