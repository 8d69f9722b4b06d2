"""Publishes over a network that loses, refuses and hangs up: whole in the end, and exactly once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.support.s3_proxy import HANG_UP, PASS, REPLY_LOST, Answer, Call, refused, s3_proxy
from tests.support.site_admin import SiteAdmin
from tests.torture.world import World

FAULTS = {
    "lost replies": REPLY_LOST,
    "hang-ups": HANG_UP,
    "SlowDown": refused("503 Slow Down", "SlowDown"),
    "internal errors": refused("500 Internal Server Error", "InternalError"),
}


@pytest.fixture
def world(tmp_path: Path, studio: SandboxReport) -> World:
    return World(tmp_path, dict(studio.env))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_spoils_every_fourth_call_gets_a_whole_package(world: World, fault: str) -> None:
    name = f"FG_s3{fault.replace(' ', '').replace('-', '').lower()}_v001"
    seen = 0

    def plan(_call: Call, _before: int) -> Answer:
        nonlocal seen
        seen += 1
        return FAULTS[fault] if seen % 4 == 0 else PASS

    with s3_proxy(world.env["AWS_ENDPOINT_URL"]) as proxy:
        proxy.plan = plan
        request = world.request(name, world.inputs(name, frames=12))
        result = world.run(world.root / "state", do="publish", request=request, env={"AWS_ENDPOINT_URL": proxy.url})
    assert seen > 20
    assert result["tracker"]["version_id"], result
    assert world.state_of(name) == "complete"


@pytest.mark.parametrize("fault", [{"fault": "drop_reply"}, {"fault": "commit_late", "seconds": 2.0}], ids=str)
def test_a_tracker_that_spoils_every_second_write_gets_every_row_once(world: World, fault: dict[str, Any]) -> None:
    name = f"FG_sg{fault['fault'].replace('_', '')}_v001"
    state, request = world.root / "state", world.request(name, world.inputs(name, frames=3))
    world.timeout_seconds, world.settle_seconds = 1.0, 3.0
    site = SiteAdmin(world.env["ONEPIECE_SHOTGRID_URL"], world.env["ONEPIECE_SHOTGRID_KEY"])
    with site.spoils(**fault, every=2):
        result = world.run(state, do="publish", request=request)
        if result["tracker"]["version_id"] is None:
            recovered = world.run(state, do="recover")["recovered"]
            assert [each["outcome"] for each in recovered] == ["completed"]
        assert site.spoilt()
    assert world.state_of(name) == "complete"
