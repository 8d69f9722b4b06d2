"""Each bad input as the media of an approved Version: it stays out and is named, or arrives byte for byte."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.naming import portable_reason
from onepiece_core.storage.s3.admin import create_bucket
from tests.corpus.looking import tree_of
from tests.corpus.row import entries_of
from tests.corpus.rows import ROWS
from tests.support.deliveries import BUCKET, DeliveryWorld
from tests.support.shotgrid import RunningSite
from tests.support.weed import Weed

_FRAME = re.compile(r"(?P<start>.*)\.(?P<frame>\d{4})\.exr")
# What must not reach a client, though nothing recorded what it was when it was published.
DAMAGED = frozenset({"30", "31", "32", "32b", "33", "33b", "34", "34b", "35", "36"})


@pytest.fixture
def world(tmp_path: Path, weed: Weed, site: RunningSite) -> DeliveryWorld:
    create_bucket(weed.aws, BUCKET)
    return DeliveryWorld(tmp_path, site.tracker(), weed.aws, "CORPUS")


def media_of(drop: Path) -> dict[str, dict[str, Any]]:
    """Version code -> its path and frames: a Version for each sequence, and for each other file."""
    frames: dict[str, list[int]] = {}
    told: dict[str, dict[str, Any]] = {}
    for relative in entries_of(drop):
        if not relative.isprintable() or not os.path.isfile(drop / relative):
            continue  # no tracker holds such a path, and nobody publishes a pipe
        found = _FRAME.fullmatch(relative)
        if found:
            frames.setdefault(found["start"], []).append(int(found["frame"]))
        else:
            told[f"{len(told):03d} {relative.partition('/')[0]}"] = {"sg_path_to_frames": f"{drop}/{relative}"}
    for start, numbers in frames.items():
        told[f"{len(told):03d} {start.partition('/')[0]}"] = {
            "sg_path_to_frames": f"{drop}/{start}.%04d.exr",
            "sg_first_frame": min(numbers),
            "sg_last_frame": max(numbers),
        }
    return told


def test_a_delivery_holds_what_is_sound_and_names_the_rest(world: DeliveryWorld) -> None:
    drop = world.root / "published"
    for row in ROWS:
        if row.manifest is None:
            row.made_in(drop)
    before = tree_of(drop)
    media = media_of(drop)
    project = world.project()
    requests: list[Any] = [
        {
            "request_type": "create",
            "entity_type": "Version",
            "data": {"project": project, "code": code, "sg_status_list": "apr", **data},
        }
        for code, data in media.items()
    ]
    world.tracker.batch(requests)
    plan = world.plan(reads=True)
    assert sorted(version.code for version in plan.versions) == sorted(media)
    for version in plan.refused:
        errors = [problem for problem in version.problems if problem.severity == "error"]
        assert errors
        assert all(problem.code.startswith("delivery.") and problem.message.isprintable() for problem in errors)
    refused = {version.code.partition(" ")[2].removeprefix("r") for version in plan.refused}
    assert refused >= DAMAGED, DAMAGED - refused
    report = world.deliver()
    assert tree_of(drop) == before
    with zipfile.ZipFile(report.plan.request.output) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        assert all(portable_reason(part) is None for name in names for part in name.split("/"))
        assert len({name.casefold() for name in names}) == len(names)
        held = {archive.read(name) for name in names}
    for version in plan.ready:
        for entry in version.entries:
            assert entry.media.path is not None
            assert entry.media.path.read_bytes() in held, entry.path
